// The session's cookies as strings: what the browser has, and what an attacker might do to it.

import { COOKIE } from './configuration.ts'

export interface HeldCookie {
  readonly name: string
  /** What it is for, in a few words. */
  readonly purpose: string
  /** Bytes of `name=value`, which every request carries. */
  readonly bytes: number
  /** Bytes of its `Set-Cookie` line, if this response writes it. */
  readonly line?: number
}

/** Returns the session's cookies in the browser after it has read these `Set-Cookie` lines. */
export function heldCookies(header: string, lines: readonly string[]): HeldCookie[] {
  const held = new Map<string, HeldCookie>()
  for (const pair of header.split('; ')) {
    const name = nameOf(pair)
    if (isOurs(name)) held.set(name, { name, purpose: purposeOf(name), bytes: pair.length })
  }
  for (const line of lines) {
    const [pair = ''] = line.split(';', 1)
    const name = nameOf(pair)
    if (pair === `${name}=`) held.delete(name)
    else {
      const purpose = purposeOf(name)
      held.set(name, { name, purpose, bytes: pair.length, line: line.length })
    }
  }
  return [...held.values()].toSorted((a, b) =>
    a.name.localeCompare(b.name, 'en', { numeric: true }),
  )
}

/** Returns the header with one character of the session's cookie changed, if there is such a cookie. */
export function tamper(header: string): string | undefined {
  const pairs = header.split('; ')
  const index = pairs.findIndex((pair) => nameOf(pair) === COOKIE)
  const pair = pairs[index]
  if (pair === undefined) return undefined
  const middle = Math.floor(pair.length / 2)
  const character = pair[middle] === 'A' ? 'B' : 'A'
  return pairs.with(index, pair.slice(0, middle) + character + pair.slice(middle + 1)).join('; ')
}

function nameOf(pair: string): string {
  return pair.split('=', 1).join()
}

function purposeOf(name: string): string {
  if (name === `${COOKIE}.t`) return 'ticket: last use'
  if (name === `${COOKIE}.x`) return 'logout stamp'
  return name === COOKIE ? 'the session' : 'the session, continued'
}

function isOurs(name: string): boolean {
  return name === COOKIE || name.startsWith(`${COOKIE}.`)
}
