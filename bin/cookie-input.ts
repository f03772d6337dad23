// Parses cookies in every form in which users get them: headers, the output of curl, an exported
// HAR file, a cookie jar, or a value. The result is what the browser had in the end.

/** The cookies that a browser would send, in their order; a name may occur twice. */
export interface CookieInput {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** Values without a name: a cookie's, or a bare token. */
  readonly bare: readonly string[]
}

interface Collected {
  pairs: [string, string][]
  readonly bare: string[]
}

/** A value of a session's cookie, with or without the count of its parts. */
const SEALED = /^(?:\d{1,2}\.)?[\w-]{1,32}\.\d{1,6}\.[\w-]{16}\.[\w-]*/

/** A bare token: a compact JWE. */
const TOKEN = /^eyJ[\w-]+\.\.[\w-]{16}\./

/** The name of a cookie: a token of RFC 9110. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/

/** An argument of "Copy as cURL" with cookies, with the quotes of bash or those of Windows. */
const CURL = /(?:-H\s+\$?\^?['"]cookie:|-b\s+\$?\^?['"])\s*([^'"]*)['"]/i

const ATTRIBUTE = /^(?:httponly|secure|partitioned|(?:path|domain|max-age|expires|samesite)=.*)$/i

/** Whether a value looks like one of a session's cookie. */
export function looksSealed(value: string): boolean {
  return SEALED.test(value)
}

/** Whether a value looks like a bare token. */
export function looksLikeToken(value: string): boolean {
  return TOKEN.test(value)
}

/** Parses cookies out of any of the forms. */
export function parseCookieInput(input: string): CookieInput {
  const har = parseHar(input)
  if (har !== undefined) return har
  const collected: Collected = { pairs: [], bare: [] }
  const lines = input.split(/\r?\n/)
  const isCurl = lines.some((line) => /^[<>] /.test(line))
  let isNewRequest = false
  for (const line of lines) {
    // Without a direction it is the body, or a message of curl about the connection.
    if (isCurl && !/^[<>] /.test(line)) continue
    if (/^> [A-Z]+ \S+ HTTP\//.test(line)) isNewRequest = true
    else if (readLine(line.replace(/^[<>]\s*/, '').trim(), isNewRequest, collected)) {
      isNewRequest = false
    }
  }
  return collected
}

/** Reads a line. Returns whether it was a `Cookie` header. */
function readLine(line: string, isNewRequest: boolean, collected: Collected): boolean {
  const [, field = '', content = line] = /^([A-Za-z][\w-]*):\s+(.*)$/.exec(line) ?? []
  const name = field.toLowerCase()
  if (name === 'set-cookie' || (name === '' && isSetCookie(content))) {
    readSetCookie(content, collected)
  } else if (name === 'cookie') {
    // The next request has all cookies again.
    if (isNewRequest) collected.pairs = []
    collected.pairs = collected.pairs.concat(parsePairs(content))
    return true
  } else if (name === '') readUnnamed(content, collected)
  return false
}

/** Reads a line of an unknown form. */
function readUnnamed(line: string, collected: Collected): void {
  const jar =
    /^(?:#HttpOnly_)?[\w.-]+\t(?:TRUE|FALSE)\t[^\t]*\t(?:TRUE|FALSE)\t\d+\t([^\t]*)\t(.*)$/.exec(
      line,
    )
  const command = CURL.exec(line)
  if (jar !== null) collected.pairs.push([jar[1] ?? '', jar[2] ?? ''])
  else if (command !== null) {
    // Windows escapes special characters with it, and no value of ours has one.
    collected.pairs = collected.pairs.concat(parsePairs((command[1] ?? '').replaceAll('^', '')))
  } else if (looksSealed(line) || looksLikeToken(line)) collected.bare.push(line)
  else collected.pairs = collected.pairs.concat(parsePairs(line.replaceAll(/^["']|["',]+$/g, '')))
}

function parsePairs(content: string): [string, string][] {
  return content.split(';').flatMap((pair) => {
    const text = pair.trim()
    const [name = ''] = text.split('=', 1)
    const isPair = text.includes('=') && NAME.test(name)
    return isPair ? [[name, text.slice(name.length + 1)] as [string, string]] : []
  })
}

function isSetCookie(content: string): boolean {
  const [, ...attributes] = content.split(';')
  return attributes.some((attribute) => ATTRIBUTE.test(attribute.trim()))
}

function readSetCookie(content: string, collected: Collected): void {
  const [pair = '', ...attributes] = content.split(';')
  const [[name, value] = ['', '']] = parsePairs(pair)
  if (name === '') return
  const isDeletion = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute))
  collected.pairs = collected.pairs.filter(([known]) => known !== name)
  if (!isDeletion) collected.pairs.push([name, value])
}

interface HarMessage {
  readonly url?: unknown
  readonly headers?: readonly { readonly name?: unknown; readonly value?: unknown }[]
}

interface Har {
  readonly log: {
    readonly entries: readonly { readonly request?: HarMessage; readonly response?: HarMessage }[]
  }
}

/** Parses an exported HAR file: what the browser had for the last host with a session's cookie. */
function parseHar(input: string): CookieInput | undefined {
  if (!input.trimStart().startsWith('{')) return undefined
  let har: unknown
  try {
    har = JSON.parse(input)
  } catch {
    return undefined
  }
  if (!isHar(har)) return undefined
  const hosts = new Map<string, Collected>()
  for (const { request, response } of har.log.entries) {
    const host = hostOf(request?.url)
    const collected = hosts.get(host) ?? { pairs: [], bare: [] }
    // The last one is the last that was visited.
    hosts.delete(host)
    hosts.set(host, collected)
    readFields(request, 'cookie', collected)
    readFields(response, 'set-cookie', collected)
  }
  const all = [...hosts.values()]
  const isOfSession = ({ pairs }: Collected) => pairs.some(([, value]) => looksSealed(value))
  return all.findLast(isOfSession) ?? all.at(-1) ?? { pairs: [], bare: [] }
}

function isHar(value: unknown): value is Har {
  if (typeof value !== 'object' || value === null || !('log' in value)) return false
  const { log } = value
  return typeof log === 'object' && log !== null && 'entries' in log && Array.isArray(log.entries)
}

function readFields(message: HarMessage | undefined, wanted: string, collected: Collected): void {
  let isNewRequest = true
  for (const { name, value } of message?.headers ?? []) {
    if (typeof name !== 'string' || typeof value !== 'string') continue
    if (name.toLowerCase() !== wanted) continue
    // Chromium joins several Set-Cookie lines with line feeds.
    for (const line of value.split('\n')) readLine(`${wanted}: ${line}`, isNewRequest, collected)
    isNewRequest = false
  }
}

function hostOf(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : ''
}
