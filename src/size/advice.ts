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

/** How many keys a message names, because clients can choose keys. */
const MAX_NAMES = 10

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
  return `the session does not fit: ${describeExcess(usage)}. Nothing was written${help}`
}

/** Returns which limit is exceeded and by how much. */
function describeExcess({ tightest, bytes, cookies, limits, used }: SizeUsage): string {
  const limit = limits[tightest]
  const { [tightest]: preset } = { cookie: undefined, cookies: undefined, ...findSources(limits) }
  const notes = [`${limit}`]
  if (preset !== undefined) notes.push(`the preset ${preset}`)
  if (tightest === 'requestHeader') notes.push(`other cookies take ${bytes.otherCookies}`)
  const [excess, unit] =
    tightest === 'cookies'
      ? [cookies - limit, 'cookies']
      : [tightest === 'cookie' ? Math.ceil((used - 1) * limit) : bytes[tightest] - limit, 'bytes']
  return `it takes ${excess} ${unit} more than limits.${tightest} (${notes.join(', ')})`
}

function adviceToMove(
  { tightest, bytes, limits }: SizeUsage,
  moving: readonly SizedKey[],
): string | undefined {
  if (moving.length > 0) {
    return `keep ${listKeys(moving)} on a server, and an id in the session`
  }
  const others = tightest === 'requestHeader' && bytes.otherCookies > limits.requestHeader / 2
  return others ? 'delete some of the other cookies' : undefined
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
  const condition = 'if all servers and proxies let more through'
  // Suggests no preset, because one that the application named applies.
  if (preset !== 'portable') return `${condition}, raise limits.${tightest}`
  return `${condition}, name them, as in limits: '${wider}'`
}

/** Returns the first keys with their sizes, and the number of the others. */
function listKeys(keys: readonly SizedKey[]): string {
  const names = keys
    .slice(0, MAX_NAMES)
    .map(({ key, bytes }) => `${describeName(key)} (${bytes} bytes)`)
  const more = keys.length - names.length
  return names.join(', ') + (more === 0 ? '' : ` and ${more} more`)
}
