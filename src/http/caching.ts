// The values of `Vary` and `Cache-Control` for a response that depends on a session, parsed by the
// grammar of their fields.

/** A directive of `Cache-Control` (RFC 9111 section 5.2) whose argument, if it has one, is a token. */
const DIRECTIVE = /^[\w!#$%&'*+.^`|~-]+(?:=[\w!#$%&'*+.^`|~-]+)?$/

/** What stands around an element of a list (RFC 9110 section 5.6.1). */
const BLANKS = /^[ \t]+|[ \t]+$/g

/**
 * Header fields, beside `*-CDN-Cache-Control` (RFC 9213), that make one CDN or proxy store a
 * response whatever `Cache-Control` says.
 */
const SHARED_CACHE_FIELDS: ReadonlySet<string> = new Set([
  'surrogate-control',
  'x-accel-expires',
  'edge-control',
  'x-litespeed-cache-control',
  'oxygen-cache-control',
])

/**
 * Returns the value of `Vary` with which caches keep a response apart by its `Cookie` (RFC 9110
 * section 12.5.5), or `undefined` if `vary` already says so.
 */
export function varyOnCookie(vary: string | null): string | undefined {
  if (vary === null) return 'Cookie'
  const names = new Set(vary.split(',').map((name) => name.trim().toLowerCase()))
  if (names.has('*') || names.has('cookie')) return undefined
  return vary.trim() === '' ? 'Cookie' : `${vary}, Cookie`
}

/**
 * Returns the value that `Cache-Control` needs, or `undefined` if `cacheControl` is strict enough.
 *
 * No cache may store a response that sets a cookie (RFC 9111 section 7.3). The browser may store
 * one that only read the session, unless the application has set more.
 */
export function restrictCaching(
  cacheControl: string | null,
  setsCookie: boolean,
): string | undefined {
  if (!setsCookie) {
    return cacheControl === null || cacheControl.trim() === '' ? 'private' : undefined
  }
  const directives = parseDirectives(cacheControl ?? '')
  if (directives !== undefined && isForOneVisitor(directives)) return undefined
  // It says nothing of storing: without it, compression may hold back a stream of events.
  return `private, no-store${directives?.includes('no-transform') ? ', no-transform' : ''}`
}

/** Whether a field, in any case, may make a shared cache store a response. */
export function controlsSharedCache(name: string): boolean {
  const lowerCase = name.toLowerCase()
  return lowerCase.endsWith('cdn-cache-control') || SHARED_CACHE_FIELDS.has(lowerCase)
}

/**
 * Whether all of the response is private: with an argument, only the named fields are (RFC 9111
 * section 5.2.2.7).
 */
function isForOneVisitor(directives: readonly string[]): boolean {
  // Whatever an argument is, it is an argument.
  const said = new Set(directives.map((directive) => directive.replace(/=.*/, '=')))
  if (['public', 'public=', 's-maxage', 's-maxage='].some((name) => said.has(name))) return false
  return ['no-store', 'private'].some((name) => said.has(name) && !said.has(`${name}=`))
}

/** Returns the directives of a field in lower case, or `undefined` if it violates the grammar. */
function parseDirectives(field: string): string[] | undefined {
  // Inside a quoted string nothing is a directive.
  const plain = field.toLowerCase().replace(/="(?:[^"\\]|\\.)*"/g, '=quoted')
  const directives = plain
    .split(',')
    .map((directive) => directive.replace(BLANKS, ''))
    .filter((directive) => directive !== '')
  return directives.every((directive) => DIRECTIVE.test(directive)) ? directives : undefined
}
