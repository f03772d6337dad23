// Reads a session with the secrets, whether or not it would be accepted.

import { findAlteration } from './alteration.ts'
import type { Alteration } from './alteration.ts'
import { looksLikeToken } from './cookie-input.ts'
import type { CookieInput } from './cookie-input.ts'
import { parsePayloadText, parseTicketText } from './payload.ts'
import type { ShownPayload } from './payload.ts'
import { openSealed, parseBareToken, parseSealed } from './sealed.ts'
import type { SealedParts, Secret, Use } from './sealed.ts'
import { collectSessionCookies, joinParts } from './session-cookies.ts'
import type { SessionCookies } from './session-cookies.ts'

/** The contents of a session. */
export interface Reading {
  readonly use: Use
  readonly cookies: SessionCookies | undefined
  /** The error in the form. */
  readonly problem: string | undefined
  readonly parts: SealedParts | undefined
  readonly secrets: readonly Secret[]
  readonly payload: ShownPayload | undefined
  readonly alteration: Alteration | undefined
  /** The position of an alteration, in words. */
  readonly place: string | undefined
  readonly usedAt: number | undefined
  readonly hasTicket: boolean
  /** The stamps of logouts after which the session did not begin. */
  readonly unknownStamps: readonly string[]
}

/** Reads the session of this name. */
export function readCookies(input: CookieInput, name: string, secrets: readonly Secret[]): Reading {
  const cookies = collectSessionCookies(input, name)
  const joined = joinParts(cookies)
  const use = { purpose: 'cookie', name }
  const names = [...new Set(input.pairs.map(([other]) => other))]
  const none = { ...NOTHING, use, cookies, secrets }
  if (joined === undefined) return { ...none, problem: `no cookie has the name ${name}` }
  if ('missing' in joined) {
    const [first = '', ...more] = joined.missing
    const missing = first === name ? name : [first, ...more].join(', ')
    return { ...none, problem: `parts are missing: ${missing}` }
  }
  const reading = read(joined.value, use, secrets, names)
  const ticket = findTicket(cookies, secrets, reading.payload)
  const { payload, alteration } = reading
  return {
    ...none,
    ...reading,
    place: alteration && describePlace(alteration, cookies, joined.starts),
    usedAt: payload && Math.max(payload.sealedAt, ticket ?? 0),
    hasTicket: ticket !== undefined,
    unknownStamps: cookies.stamps.filter((stamp) => payload?.stamps.includes(stamp) === false),
  }
}

/** Reads a value without a name, or a bare token. */
export function readBare(
  value: string,
  name: string,
  purpose: string | undefined,
  secrets: readonly Secret[],
): Reading {
  const isToken = looksLikeToken(value)
  const kind = purpose === undefined ? 'token' : `token ${purpose}`
  const use = { purpose: isToken ? kind : 'cookie', name }
  const reading = read(value, use, secrets, [])
  return {
    ...NOTHING,
    use,
    secrets,
    ...reading,
    place: reading.alteration && describePlace(reading.alteration, undefined, [1]),
    usedAt: reading.payload?.sealedAt,
  }
}

const NOTHING = {
  cookies: undefined,
  problem: undefined,
  parts: undefined,
  payload: undefined,
  alteration: undefined,
  place: undefined,
  usedAt: undefined,
  hasTicket: false,
  unknownStamps: [],
}

type ReadValue = Pick<Reading, 'problem' | 'parts' | 'payload' | 'alteration'>

function read(
  value: string,
  use: Use,
  secrets: readonly Secret[],
  names: readonly string[],
): ReadValue {
  const parts = use.purpose.startsWith('token') ? parseBareToken(value) : parseSealed(value)
  const none = { problem: undefined, parts, payload: undefined, alteration: undefined }
  if (parts === undefined) return { ...none, problem: describeForm(value) }
  const secret = secrets.find(({ id }) => id === parts.id)
  const text = secret && openSealed(parts, secret, use)
  if (text === undefined) {
    return { ...none, alteration: findAlteration(parts, secrets, use, names) }
  }
  const payload = parsePayloadText(text, parts.day)
  if (payload !== undefined) return { ...none, payload }
  return { ...none, problem: 'it is authentic, and holds no session: another version wrote it' }
}

/** Forms of other libraries, and of mistakes. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^"/, 'it is in quotes, which something between the server and the browser added'],
  [/%[0-9A-Fa-f]{2}/, 'it is percent-encoded: something read it, or it is of another library'],
  [/^Fe26\./, 'it is of another library (iron)'],
  [/^s:/, 'it is of another library (express-session)'],
  [/^eyJ[\w-]*\.eyJ/, 'it is a JWT of another library'],
  [/^[\w-]{1,32}\.\d{1,6}\.[\w-]{16}\.[\w-]*(?:\.[\w-]{0,21})?$/, 'it was cut: its end is missing'],
  [/^[\w-]{1,32}\.\d{1,6}\.[\w-]{0,15}$/, 'it was cut: most of it is missing'],
]

function describeForm(value: string): string {
  if (value === '') return 'it is empty'
  const [, what] = FORMS.find(([form]) => form.test(value)) ?? []
  return `${what ?? 'it does not have the form of a session: another library may use the same name'} (${value.length} characters came)`
}

/** Returns the time of the session's last use by its newest ticket. */
function findTicket(
  { name, tickets }: SessionCookies,
  secrets: readonly Secret[],
  payload: ShownPayload | undefined,
): number | undefined {
  const times = tickets.flatMap((value) => {
    const parts = parseSealed(value)
    const secret = secrets.find(({ id }) => id === parts?.id)
    if (parts === undefined || secret === undefined) return []
    const text = openSealed(parts, secret, { purpose: 'ticket', name })
    const ticket = text === undefined ? undefined : parseTicketText(text, parts.day)
    return ticket !== undefined && payload?.id.startsWith(ticket.prefix) === true
      ? [ticket.usedAt]
      : []
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Formats which characters of which cookie were altered. */
function describePlace(
  { from, to }: Alteration,
  cookies: SessionCookies | undefined,
  starts: readonly number[],
): string | undefined {
  if (from === undefined || to === undefined) return undefined
  const index = Math.max(
    0,
    starts.findLastIndex((start) => start <= from),
  )
  const before = (starts[index] ?? 1) - 1
  // The count of parts precedes the value.
  const count = starts.length > 1 && index === 0 ? `${starts.length}.`.length : 0
  const range = [from, to].map((place) => place - before + count)
  const where =
    cookies === undefined ? 'the value' : index === 0 ? cookies.name : `${cookies.name}.${index}`
  const characters = from === to ? `character ${range[0]}` : `characters ${range[0]} to ${range[1]}`
  return `${characters} of ${where}`
}
