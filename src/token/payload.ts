// The text that a token seals: a JSON array of the claims and the body (`docs/format.md`).

import { isRecord, isWholeNumber } from '../validate.ts'
import { LIFETIME_NAME, LONGEST_LIFE } from './claims.ts'
import type { Claims } from './claims.ts'
import { DAY_SECONDS, startOfDay } from './day.ts'

/** A payload taken apart. */
export interface Payload {
  readonly claims: Claims
  readonly data: unknown
  /** The id of the parcel that holds the rest; empty if there is none. */
  readonly parcel: string
  /** The rarely used members, own properties only; those of the claims are checked. */
  readonly more: Readonly<Record<string, unknown>>
  /**
   * Everything behind the times, to compare with later; `undefined` if the payload is not spelled as
   * `formatPayload` spells it.
   */
  readonly body: string | undefined
}

/** A stamp has four characters; a browser sends at most four, and a logout adds its own. */
const STAMPS = /^(?:[A-Za-z0-9_-]{4}){1,5}$/

const ID = /^[A-Za-z0-9_-]{22}$/

/** The id of a binding: eight characters, as `createBinding` draws them. */
export const BINDING: RegExp = /^[A-Za-z0-9_-]{8}$/

const MEMBER = /^[sfctolbp]$/

/**
 * Returns a payload: `[id, sealed, life, age, body]`.
 *
 * @param body the data, and the object of rarely used members where there is one
 */
export function formatPayload(claims: Claims, body: string): string {
  return `${formatHead(claims)}${body}]`
}

/** The claims that are rarely there. */
export type ClaimMembers = Pick<Claims, 'stamps' | 'lifetime' | 'binding'>

/** Returns the claims' own members for the object of rarely used members. */
export function formatClaimMembers({ stamps, lifetime, binding }: ClaimMembers): string[] {
  const members = []
  if (stamps !== '') members.push(`"o":"${stamps}"`)
  if (lifetime !== '') members.push(`"l":"${lifetime}"`)
  if (binding !== '') members.push(`"b":"${binding}"`)
  return members
}

/**
 * Returns a payload's claims and what is beside them, or `undefined` if it is not ours.
 *
 * @param day the day of the key that opened it
 */
export function parsePayload(text: string, day: number): Payload | undefined {
  const payload = parseArray(text)
  if (payload === undefined) return undefined
  const [id, sealed, life, age, data, given] = payload
  if (typeof id !== 'string' || !ID.test(id)) return undefined
  if (!isWholeNumber(sealed, 0, DAY_SECONDS - 1)) return undefined
  if (!isWholeNumber(life, 1, LONGEST_LIFE) || !isWholeNumber(age, 0, life)) return undefined
  const more = payload.length === 5 ? NO_MEMBERS : membersOf(given)
  if (more === undefined) return undefined
  const stamps = textMember(more, 'o', STAMPS)
  const lifetime = textMember(more, 'l', LIFETIME_NAME)
  const binding = textMember(more, 'b', BINDING)
  const parcel = textMember(more, 'p', ID)
  if (stamps === undefined || lifetime === undefined) return undefined
  if (binding === undefined || parcel === undefined) return undefined

  const sealedAt = startOfDay(day) + sealed
  const startedAt = sealedAt - age
  // Before 1970 no session began.
  if (startedAt < 0) return undefined
  const claims = { id, startedAt, sealedAt, life, stamps, lifetime, binding }
  const head = formatHead(claims)
  const isOurs = text.startsWith(head) && text.endsWith(']')
  const body = isOurs ? text.slice(head.length, -1) : undefined
  return { claims, data, parcel, more, body }
}

/** `sealed` counts from the start of the key's day, so a key cannot seal for another day. */
function formatHead({ id, startedAt, sealedAt, life }: Claims): string {
  return `["${id}",${sealedAt % DAY_SECONDS},${life},${sealedAt - startedAt},`
}

const NO_MEMBERS: Readonly<Record<string, unknown>> = Object.freeze({ __proto__: null })

/**
 * Returns the rarely used members. An unknown one is refused: an instance that does not know it would
 * otherwise write the session without it.
 */
function membersOf(given: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(given)) return undefined
  const names = Object.keys(given)
  if (names.length === 0 || !names.every((name) => MEMBER.test(name))) return undefined
  return { __proto__: null, ...given }
}

/** Returns a member that is a string: empty if it is absent, `undefined` if it is not of this form. */
function textMember(
  more: Readonly<Record<string, unknown>>,
  name: string,
  form: RegExp,
): string | undefined {
  if (!Object.hasOwn(more, name)) return ''
  const value = more[name]
  return typeof value === 'string' && form.test(value) ? value : undefined
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const fits = Array.isArray(value) && (value.length === 5 || value.length === 6)
    return fits ? value : undefined
  } catch {
    return undefined
  }
}
