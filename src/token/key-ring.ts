// From secrets to the one key of a day: which secret seals now, which key a `kid` names. Knows no
// tokens and no claims. Secrets stay here; what leaves is a key that nobody can export.

import { encode } from './base64url.ts'
import { SessionConfigError } from '../errors.ts'
import type { Secret } from './secrets.ts'

/** What a key is for. A token made for one use does not open as the other. */
export type Purpose = 'cookie' | 'token'

/** What a token names: a secret and a day. */
export interface KeyId {
  /** The secret's public name. */
  readonly id: string
  /** Days since 1970-01-01 UTC. */
  readonly day: number
}

/** The key of one secret, one purpose and one day. It cannot be read back. */
export interface DayKey extends KeyId {
  /** A text as a token. */
  seal(text: string): string | Promise<string>
  /** The text of a token whose form has been checked; `undefined` if it is not of this key. */
  open(token: string): string | undefined | Promise<string | undefined>
}

/** How 256 bits become a key: with jose, or with `node:crypto`. */
export type MakeKey = (kid: KeyId, bytes: Uint8Array<ArrayBuffer>) => DayKey | Promise<DayKey>

/** The secrets in force as the keys they become: at once where a key is at hand, as it mostly is. */
export interface KeyRing {
  /** The key for `day` of the first secret that is active at `now` (seconds). */
  sealing(purpose: Purpose, day: number, now: number): DayKey | Promise<DayKey>
  /** The key that `id` and `day` name, or `undefined` if no secret has that id. */
  opening(
    purpose: Purpose,
    id: string,
    day: number,
  ): DayKey | undefined | Promise<DayKey | undefined>
}

/** A secret that can derive, under its public name. */
interface Named {
  readonly id: string
  readonly material: CryptoKey
  readonly activeFrom: number
}

/** A secret's keys for one purpose, by their day. */
type Days = Map<number, DayKey>

/** The format's version: part of every derivation, so another format's tokens cannot open. */
const FORMAT = 'sealed-session/1'

const DAY_SECONDS = 86_400

/** The day of a moment in seconds. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY_SECONDS)
}

/**
 * The ring of these secrets, for one cookie name.
 *
 * Nothing is derived before the first use: on workerd the global scope may not call WebCrypto. Only
 * finished values are kept, never promises: there, a promise begun by one request that ends early
 * would hang every other request that awaits it. Two requests may derive the same key once each.
 *
 * @param secrets newest first
 * @param name the cookie's name, which every key is bound to
 * @param lifetime seconds after which no token of a day can be valid any more
 */
export function createKeyRing(
  secrets: readonly Secret[],
  name: string,
  lifetime: number,
  makeKey: MakeKey,
): KeyRing {
  let loaded: readonly Named[] | undefined
  /** By purpose and secret, and then by day: no text has to be put together to find one. */
  const dayKeys = { cookie: new Map<string, Days>(), token: new Map<string, Days>() }

  async function load(): Promise<readonly Named[]> {
    loaded ??= refuseTwins(await Promise.all(secrets.map(nameSecret)))
    return loaded
  }

  async function makeDayKey(
    purpose: Purpose,
    { id, material }: Named,
    day: number,
  ): Promise<DayKey> {
    const made = await makeKey({ id, day }, await deriveKey(material, name, purpose, day))
    const oldest = day - lifetime / DAY_SECONDS - 2
    for (const days of [...dayKeys.cookie.values(), ...dayKeys.token.values()]) {
      for (const then of days.keys()) if (then < oldest) days.delete(then)
    }
    const days = dayKeys[purpose].get(id) ?? new Map<number, DayKey>()
    dayKeys[purpose].set(id, days.set(day, made))
    return made
  }

  function atHand(purpose: Purpose, id: string, day: number): DayKey | undefined {
    return dayKeys[purpose].get(id)?.get(day)
  }

  async function deriveSealing(purpose: Purpose, day: number, now: number): Promise<DayKey> {
    return makeDayKey(purpose, activeAmong(await load(), now), day)
  }

  async function deriveOpening(
    purpose: Purpose,
    id: string,
    day: number,
  ): Promise<DayKey | undefined> {
    const secret = (await load()).find((entry) => entry.id === id)
    return secret && makeDayKey(purpose, secret, day)
  }

  return {
    sealing: (purpose, day, now) =>
      (loaded && atHand(purpose, activeAmong(loaded, now).id, day)) ??
      deriveSealing(purpose, day, now),
    opening: (purpose, id, day) => atHand(purpose, id, day) ?? deriveOpening(purpose, id, day),
  }
}

/** The secret that seals. */
function activeAmong(named: readonly Named[], now: number): Named {
  const active = named.find(({ activeFrom }) => activeFrom <= now)
  if (active !== undefined) return active
  throw new SessionConfigError('secrets', 'has none that is active: leave one without activeFrom')
}

async function nameSecret({ bytes, id, activeFrom }: Secret): Promise<Named> {
  const material = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits'])
  return { id: id ?? (await deriveId(material)), material, activeFrom }
}

/** 24 bits: two secrets in 16 777 216 share a derived id, and then a kid would name two keys. */
function refuseTwins(named: readonly Named[]): readonly Named[] {
  if (new Set(named.map(({ id }) => id)).size === named.length) return named
  throw new SessionConfigError('secrets', 'has two secrets with one id: replace one of them')
}

/** The secret's public name: a derivation that no key shares, as four characters. */
async function deriveId(material: CryptoKey): Promise<string> {
  const bits = await crypto.subtle.deriveBits(hkdf(`${FORMAT} id`), material, 24)
  return encode(new Uint8Array(bits))
}

async function deriveKey(
  material: CryptoKey,
  name: string,
  purpose: Purpose,
  day: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // A cookie's name holds no space, so no two contexts spell the same text.
  const context = hkdf(`${FORMAT} ${purpose} ${day} ${name}`)
  return new Uint8Array(await crypto.subtle.deriveBits(context, material, 256))
}

/**
 * HKDF-SHA-256 (RFC 5869). No salt: a salt would have to be configured with the secret, and the
 * secrets are uniformly random, for which extraction needs none (RFC 5869 section 3.1).
 */
function hkdf(info: string): HkdfParams {
  const encoder = new TextEncoder()
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode(info) }
}
