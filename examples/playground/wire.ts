// The session's cookies as they are sent, parsed: `<secret id>.<day>.<iv>.<ciphertext>.<tag>`.

import { COOKIE } from './configuration.ts'

export type PartKind = 'count' | 'id' | 'day' | 'iv' | 'ciphertext' | 'tag'

export interface WirePart {
  readonly kind: PartKind
  readonly text: string
}

/** One cookie of the session, cut at the ends of its parts. */
export interface WireCookie {
  readonly name: string
  readonly parts: readonly WirePart[]
}

const KINDS: readonly PartKind[] = ['id', 'day', 'iv', 'ciphertext', 'tag']

/** Returns the cookies of the token, with their parts. */
export function wireOf(header: string): WireCookie[] {
  const cookies = header
    .split('; ')
    .map((pair) => ({ name: pair.split('=', 1).join(), value: pair.slice(pair.indexOf('=') + 1) }))
    .filter(({ name }) => name === COOKIE || /^playground\.\d+$/.test(name))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  let at = 0
  return cookies.map(({ name, value }, index) => {
    const parts: WirePart[] = []
    let rest = value
    const count = index === 0 && cookies.length > 1 ? /^\d+\./.exec(value)?.[0] : undefined
    if (count !== undefined) {
      parts.push({ kind: 'count', text: count })
      rest = rest.slice(count.length)
    }
    // The dots between the parts are not in base64url's alphabet.
    for (const text of rest.split(/(?<=\.)/)) {
      parts.push({ kind: KINDS[at] ?? 'tag', text })
      if (text.endsWith('.')) at += 1
    }
    return { name, parts }
  })
}

/** Returns how many characters the first cookie's value has. */
export function lengthOf(header: string): number {
  const [first] = wireOf(header)
  return first?.parts.reduce((sum, { text }) => sum + text.length, 0) ?? 0
}

/** Returns the header with one character of the session's first cookie changed, if there is one. */
export function alter(header: string, place: number): string | undefined {
  const pairs = header.split('; ')
  const index = pairs.findIndex((pair) => pair.startsWith(`${COOKIE}=`))
  const pair = pairs[index]
  if (pair === undefined) return undefined
  const at = COOKIE.length + Math.min(Math.max(place, 1), pair.length - COOKIE.length - 1)
  const altered = pair.slice(0, at) + changed(pair[at] ?? '') + pair.slice(at + 1)
  return pairs.with(index, altered).join('; ')
}

/** Returns the replacement of a character. */
export function changed(character: string): string {
  return character === 'A' ? 'B' : 'A'
}
