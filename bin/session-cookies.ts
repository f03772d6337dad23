// The cookies of one session in a request: parts, ticket, stamps. A new kind of cookie gets a row
// in `KINDS`.

import { looksSealed } from './cookie-input.ts'
import type { CookieInput } from './cookie-input.ts'

/** The cookies of a session by their kind. */
export interface SessionCookies {
  readonly name: string
  /** The first value of each part, by its number. */
  readonly parts: readonly (string | undefined)[]
  readonly tickets: readonly string[]
  readonly stamps: readonly string[]
  /** The bindings in the names of the tickets of bound sessions. */
  readonly bindings: readonly string[]
  readonly count: number
  /** Characters of all names and values. */
  readonly bytes: number
  /** Whether a part occurs more than once. */
  readonly hasTwins: boolean
}

/** The joined value of a token, or the reason why it could not be joined. */
export type Joined =
  | { readonly value: string; readonly starts: readonly number[] }
  | { readonly missing: readonly string[] }
  | undefined

type Kind = 'part' | 'ticket' | 'stamp' | 'device'

/** Suffixes of the name of a session's cookie. */
const KINDS: readonly (readonly [Kind, RegExp])[] = [
  ['part', /^(?:\.([1-9]|1[0-5]))?$/],
  ['ticket', /^\.t$/],
  ['stamp', /^\.x$/],
  ['device', /^\.d\.([\w-]{8})$/],
]

const COUNTED = /^(\d{1,2})\.(?=[\w-]{1,32}\.\d{1,6}\.[\w-]{16}\.)/

/** Returns the cookies of the session of this name. */
export function collectSessionCookies({ pairs }: CookieInput, name: string): SessionCookies {
  const parts: (string | undefined)[] = []
  const tickets: string[] = []
  const stamps: string[] = []
  const bindings: string[] = []
  let [count, bytes, hasTwins] = [0, 0, false]
  for (const [cookie, value] of pairs) {
    const found = kindOf(cookie, name)
    if (found === undefined) continue
    count += 1
    bytes += cookie.length + 1 + value.length
    if (found.kind === 'ticket') tickets.push(value)
    else if (found.kind === 'stamp') stamps.push(value)
    else if (found.kind === 'device') bindings.push(found.suffix)
    else if (parts[found.index] === undefined) parts[found.index] = value
    else hasTwins = true
  }
  return { name, parts, tickets, stamps, bindings, count, bytes, hasTwins }
}

/** Finds the names whose value looks like a session. */
export function findSessionNames({ pairs }: CookieInput): string[] {
  const sealed = pairs.filter(([, value]) => looksSealed(value))
  // A ticket has the form of a session, and a name that extends its session's name.
  return [...new Set(sealed.map(([name]) => name.replace(/\.(?:t|d\.[\w-]{8})$/, '')))]
}

/** Joins the parts, as far as the count in the first is known. */
export function joinParts({ name, parts }: SessionCookies): Joined {
  const [first] = parts
  if (first === undefined) return parts.length === 0 ? undefined : { missing: [name] }
  const [prefix = '', count = '1'] = COUNTED.exec(first) ?? []
  const wanted = Array.from({ length: Number(count) }, (_, index) => index)
  const missing = wanted.filter((index) => parts[index] === undefined)
  if (missing.length > 0) return { missing: missing.map((index) => `${name}.${index}`) }
  const values = wanted.map((index) =>
    index === 0 ? first.slice(prefix.length) : (parts[index] ?? ''),
  )
  let at = 1
  const starts = values.map((value) => {
    const start = at
    at += value.length
    return start
  })
  return { value: values.join(''), starts }
}

function kindOf(
  cookie: string,
  name: string,
): { kind: Kind; suffix: string; index: number } | undefined {
  if (!cookie.startsWith(name)) return undefined
  for (const [kind, form] of KINDS) {
    const match = form.exec(cookie.slice(name.length))
    const [, suffix = ''] = match ?? []
    if (match !== null) return { kind, suffix, index: Number(suffix) }
  }
  return undefined
}
