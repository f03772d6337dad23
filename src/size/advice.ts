// The message for a session that does not fit: which limit is exceeded, by how much, and what would
// help. Names keys but never their values, and stays short whatever the number of keys.

import { MAX_COOKIES } from '../cookies/cookie-names.ts'
import { describeName } from '../validate.ts'
import { findSources } from './limits.ts'
import type { SizeUsage } from './measure.ts'
import { headerBytes } from './presets.ts'
import type { HeaderBytes, LimitsPreset } from './presets.ts'

/** A key of the session and what it adds to the token. */
interface SizedKey {
  readonly key: string
  readonly bytes: number
}

/**
 * How many keys a message names, and how many characters they may take, because clients can choose
 * keys.
 */
const MAX_NAMES = 10
const MAX_NAMES_LENGTH = 500

/** Presets to suggest, tightest first. */
const SUGGESTIONS: readonly LimitsPreset[] = ['node', 'cloudflare']

/**
 * Returns the message for a session that is over its limits.
 *
 * @param moving the keys that must move to a server; empty if that would not help
 */
export function tooLargeMessage(usage: SizeUsage, moving: readonly SizedKey[]): string {
  const advice = [adviceToMove(usage, moving), adviceToWiden(usage)].filter(
    (text) => text !== undefined,
  )
  const help = advice.length === 0 ? '' : `. What helps: ${advice.join('; or ')}`
  return (
    `the session does not fit: ${describeExcess(usage)}. ` +
    `Nothing was written; the browser keeps the session it had${help}`
  )
}

/** Returns which limit is exceeded and by how much. */
function describeExcess({ tightest, bytes, cookies, limits, used }: SizeUsage): string {
  const { cookie } = limits
  if (tightest === 'cookies') {
    return `it would take ${cookies} cookies of up to ${cookie} bytes, and limits.cookies allows ${limits.cookies}`
  }
  if (tightest === 'cookie') {
    const excess = Math.ceil((used - 1) * cookie)
    return `its cookie would be about ${excess} bytes longer than limits.cookie allows (${cookie})`
  }
  const excess = bytes[tightest] - limits[tightest]
  const preset = findSources(limits)[tightest]
  const bound = `${limits[tightest]}${preset === undefined ? '' : `, the preset ${preset}`}`
  return tightest === 'requestHeader'
    ? `the browser's Cookie header would be ${excess} bytes longer than limits.requestHeader allows (${bound}; other cookies take ${bytes.otherCookies})`
    : `its Set-Cookie lines would take ${excess} bytes more than limits.responseHeader allows (${bound})`
}

function adviceToMove(
  { tightest, bytes, limits }: SizeUsage,
  moving: readonly SizedKey[],
): string | undefined {
  if (moving.length > 0) {
    return `keep ${listKeys(moving)} on a server and only an id in the session`
  }
  const others = tightest === 'requestHeader' && bytes.otherCookies > limits.requestHeader / 2
  return others ? 'delete some of the other cookies, or set them for a narrower path' : undefined
}

/** Returns the advice to use wider limits that the session fits; `undefined` if there are none. */
function adviceToWiden({ tightest, bytes, cookies, limits }: SizeUsage): string | undefined {
  const { requestHeader, responseHeader } = bytes
  const fits = ([request, response]: HeaderBytes) =>
    requestHeader <= request && responseHeader <= response
  if (tightest === 'cookie' || tightest === 'cookies') {
    const isEnough = cookies <= MAX_COOKIES && fits([limits.requestHeader, limits.responseHeader])
    return isEnough ? `allow ${cookies} cookies with limits.cookies` : undefined
  }
  const { [tightest]: preset, partitioned } = findSources(limits)
  const wider = SUGGESTIONS.find((name) => fits(headerBytes(name)))
  const isBrowsers = partitioned && !fits(headerBytes('chips'))
  if (wider === undefined || isBrowsers || cookies > limits.cookies) return undefined
  const condition =
    'if the servers and proxies between your application and its users let more through'
  // Suggests no preset, because one that the application named applies.
  if (preset !== 'portable') return `${condition}, raise limits.${tightest}`
  return `${condition}, name them, as in limits: '${wider}'`
}

/** Returns the first keys with their sizes, and the number of the others. */
function listKeys(keys: readonly SizedKey[]): string {
  const names: string[] = []
  let length = 0
  for (const { key, bytes } of keys.slice(0, MAX_NAMES)) {
    const name = `${describeName(key)} (${bytes} bytes)`
    length += name.length
    if (names.length > 0 && length > MAX_NAMES_LENGTH) break
    names.push(name)
  }
  const more = keys.length - names.length
  return `${names.join(', ')}${more === 0 ? '' : ` and ${groupDigits(more)} more`}`
}

/** Formats a number in groups of three digits: `9 990`. */
function groupDigits(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')
}
