// The session's cookies as strings: what the browser has before and after a response.

import { COOKIE } from './configuration.ts'

export interface HeldCookie {
  readonly name: string
  /** Its purpose, in a few words. */
  readonly purpose: string
  /** Bytes of `name=value`, which every request sends. */
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

/** Returns the `Cookie` header that the browser sends after it has read these `Set-Cookie` lines. */
export function headerAfter(header: string, lines: readonly string[]): string {
  const held = new Map(
    header.split('; ').flatMap((pair) => (pair === '' ? [] : [[nameOf(pair), pair] as const])),
  )
  for (const line of lines) {
    const [pair = ''] = line.split(';', 1)
    const name = nameOf(pair)
    if (pair === `${name}=`) held.delete(name)
    else held.set(name, pair)
  }
  return [...held.values()].join('; ')
}

function nameOf(pair: string): string {
  return pair.split('=', 1).join()
}

function purposeOf(name: string): string {
  if (name === `${COOKIE}.t`) return 'ticket: last use'
  if (name.startsWith(`${COOKIE}.d.`)) return 'ticket of the device'
  if (name === `${COOKIE}.x`) return 'logout stamp'
  return name === COOKIE ? 'the session' : 'the session, continued'
}

function isOurs(name: string): boolean {
  return name === COOKIE || name.startsWith(`${COOKIE}.`)
}
