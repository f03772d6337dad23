// From secrets to the key of one day: which secret seals now, which key a token names. Secrets stay
// here; what leaves is a key that cannot be exported.

import { encode } from './base64url.ts'
import { DAY_SECONDS } from './day.ts'
import { SessionConfigError } from '../errors.ts'
import { andThen } from '../steps.ts'
import type { DayKey, MakeKey } from './jwe.ts'
import type { Secret } from './secrets.ts'

/**
 * What a key is for. A value that was sealed for one purpose does not open for another. After `token `
 * follows the purpose that the application passed to `seal`.
 */
export type Purpose =
  'cookie' | 'ticket' | 'token' | `token ${string}` | 'overflow' | 'device-challenge' | 'device-key'

/** The secrets in force, as keys. Returns a promise only if a key has to be derived. */
export interface KeyRing {
  /** Returns the key for `day` of the first secret that is active at `now` (seconds). */
  sealing(purpose: Purpose, day: number, now: number): DayKey | Promise<DayKey>
  /** Returns the key that `id` and `day` name, or `undefined` if no secret has that id. */
  opening(
    purpose: Purpose,
    id: string,
    day: number,
  ): DayKey | undefined | Promise<DayKey | undefined>
  /** Whether a secret with that id is configured. */
  has(id: string): boolean | Promise<boolean>
}

/** A secret that keys can be derived from, under its public name. */
interface KeyMaterial {
  readonly id: string
  readonly material: CryptoKey
  readonly activeFrom: number
}

/** The format's version: part of every derivation, so tokens of another format cannot open. */
const FORMAT = 'sealed-session/1'

/** Applications choose purposes, and may choose one for each user: only the last ones keep their keys. */
const MAX_PURPOSES = 32

/** Yesterday's last tokens and today's, and as many days as a clock may be off. */
const DAYS_BEYOND_LIFETIME = 2

/**
 * Returns the ring of these secrets, for one cookie name.
 *
 * Nothing is derived before the first use, because workerd's global scope may not call WebCrypto. Only
 * finished keys are kept, never promises: on workerd a promise that one request began never settles for
 * the others once that request has ended. Two requests may derive the same key once each.
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
  let loaded: readonly KeyMaterial[] | undefined
  const keys = createKeyCache(lifetime)

  async function load(): Promise<readonly KeyMaterial[]> {
    loaded ??= assertUniqueIds(await Promise.all(secrets.map(loadSecret)))
    return loaded
  }

  async function derive(
    purpose: Purpose,
    { id, material }: KeyMaterial,
    day: number,
  ): Promise<DayKey> {
    const key = await makeKey({ id, day }, await deriveBits(material, name, purpose, day))
    keys.set(purpose, key)
    return key
  }

  async function deriveSealing(purpose: Purpose, day: number, now: number): Promise<DayKey> {
    return derive(purpose, activeAmong(await load(), now), day)
  }

  async function deriveOpening(
    purpose: Purpose,
    id: string,
    day: number,
  ): Promise<DayKey | undefined> {
    const secret = (await load()).find((entry) => entry.id === id)
    return secret && derive(purpose, secret, day)
  }

  return {
    sealing: (purpose, day, now) =>
      (loaded && keys.get(purpose, activeAmong(loaded, now).id, day)) ??
      deriveSealing(purpose, day, now),
    opening: (purpose, id, day) => keys.get(purpose, id, day) ?? deriveOpening(purpose, id, day),
    has: (id) => andThen(loaded ?? load(), (all) => all.some((entry) => entry.id === id)),
  }
}

interface KeyCache {
  get(purpose: Purpose, id: string, day: number): DayKey | undefined
  set(purpose: Purpose, key: DayKey): void
}

/** Keeps keys by purpose, by secret, and by day: no string has to be built to find one. */
function createKeyCache(lifetime: number): KeyCache {
  const purposes = new Map<Purpose, Map<string, Map<number, DayKey>>>()
  return {
    get: (purpose, id, day) => purposes.get(purpose)?.get(id)?.get(day),
    set(purpose, key) {
      const oldest = key.day - lifetime / DAY_SECONDS - DAYS_BEYOND_LIFETIME
      for (const secrets of purposes.values()) {
        for (const days of secrets.values()) {
          for (const day of days.keys()) if (day < oldest) days.delete(day)
        }
      }
      const secrets = purposes.get(purpose) ?? new Map<string, Map<number, DayKey>>()
      const days = secrets.get(key.id) ?? new Map<number, DayKey>()
      purposes.set(purpose, secrets.set(key.id, days.set(key.day, key)))
      for (const [known] of purposes) {
        if (purposes.size <= MAX_PURPOSES) break
        if (known.startsWith('token ')) purposes.delete(known)
      }
    },
  }
}

/** Returns the secret that seals. */
function activeAmong(all: readonly KeyMaterial[], now: number): KeyMaterial {
  const active = all.find(({ activeFrom }) => activeFrom <= now)
  if (active !== undefined) return active
  throw new SessionConfigError('secrets', 'has none that is active: leave one without activeFrom')
}

async function loadSecret({ bytes, id, activeFrom }: Secret): Promise<KeyMaterial> {
  const material = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits'])
  return { id: id ?? (await deriveId(material)), material, activeFrom }
}

/** 24 bits: two secrets in 16 777 216 share a derived id, and a token would name two keys. */
function assertUniqueIds(all: readonly KeyMaterial[]): readonly KeyMaterial[] {
  if (new Set(all.map(({ id }) => id)).size === all.length) return all
  throw new SessionConfigError('secrets', 'has two secrets with the same id: write another')
}

/** Derives the secret's public name: four characters, from bits that no key shares. */
async function deriveId(material: CryptoKey): Promise<string> {
  const bits = await crypto.subtle.deriveBits(hkdf(`${FORMAT} id`), material, 24)
  return encode(new Uint8Array(bits))
}

async function deriveBits(
  material: CryptoKey,
  name: string,
  purpose: Purpose,
  day: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // The application's own text comes last, because it alone may hold spaces: no two contexts are
  // spelled alike.
  const [kind = '', ...text] = purpose.split(' ')
  const context = [FORMAT, kind, day, name, ...text].join(' ')
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf(context), material, 256))
}

/**
 * Returns the parameters of HKDF-SHA-256 (RFC 5869). There is no salt, because it would have to be
 * configured with the secret, and uniformly random secrets need none (RFC 5869 section 3.1).
 */
function hkdf(info: string): HkdfParams {
  const encoder = new TextEncoder()
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode(info) }
}
