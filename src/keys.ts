// From the configured secrets to the one key of a day: which secret seals, which key a `kid` names.
// Knows no tokens and no claims. Secrets stay here; what leaves is a key nobody can export.

import { encode } from './base64url.ts'
import { SessionConfigError } from './errors.ts'

/** What a key is for. A token made for one use does not open as the other. */
export type Purpose = 'cookie' | 'token'

/** The key of one secret, one purpose and one day. */
export interface DayKey {
  /** The secret's public name, four characters. */
  readonly id: string
  /** Days since 1970-01-01 UTC. */
  readonly day: number
  readonly key: CryptoKey
}

/** The secrets in force, newest first, as the keys they become. */
export interface Ring {
  /** The newest secret's key for `day`. */
  sealing(purpose: Purpose, day: number): Promise<DayKey>
  /** The key that `id` and `day` name, or `undefined` if no secret has that id. */
  opening(purpose: Purpose, id: string, day: number): Promise<DayKey | undefined>
}

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
 * @param secrets newest first, as `parseSecrets` gave them
 * @param name the cookie's name, which every key is bound to
 * @param lifetime seconds after which no token of a day can be valid any more
 */
export function createRing(secrets: readonly string[], name: string, lifetime: number): Ring {
  let named: ReadonlyMap<string, CryptoKey> | undefined
  const dayKeys = new Map<string, DayKey>()

  async function load(): Promise<ReadonlyMap<string, CryptoKey>> {
    const materials = await Promise.all(secrets.map(importSecret))
    const entries = await Promise.all(
      materials.map(async (material) => [await deriveId(material), material] as const),
    )
    named = new Map(entries)
    if (named.size < entries.length) {
      // 24 bits: two secrets in 16 777 216 share an id, and then a kid would name two keys.
      throw new SessionConfigError(
        'secrets',
        'has two secrets with the same id: replace one of them',
      )
    }
    return named
  }

  async function dayKey(
    purpose: Purpose,
    id: string,
    material: CryptoKey,
    day: number,
  ): Promise<DayKey> {
    const place = `${purpose} ${id}.${day}`
    const known = dayKeys.get(place)
    if (known !== undefined) return known
    const made = { id, day, key: await deriveKey(material, name, purpose, day) }
    for (const [old, { day: then }] of dayKeys) {
      if (then < day - lifetime / DAY_SECONDS - 2) dayKeys.delete(old)
    }
    dayKeys.set(place, made)
    return made
  }

  return {
    async sealing(purpose, day) {
      const [newest] = named ?? (await load())
      if (newest === undefined) throw new SessionConfigError('secrets', 'is empty')
      return dayKey(purpose, newest[0], newest[1], day)
    },
    async opening(purpose, id, day) {
      const material = (named ?? (await load())).get(id)
      return material === undefined ? undefined : dayKey(purpose, id, material, day)
    },
  }
}

async function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret)
  return crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey'])
}

/** The secret's public name: 24 bits of a derivation that no key shares, as four characters. */
async function deriveId(material: CryptoKey): Promise<string> {
  const bits = await crypto.subtle.deriveBits(hkdf(`${FORMAT} id`), material, 24)
  return encode(new Uint8Array(bits))
}

async function deriveKey(
  material: CryptoKey,
  name: string,
  purpose: Purpose,
  day: number,
): Promise<CryptoKey> {
  // A cookie's name holds no space, so no two contexts spell the same text.
  const context = hkdf(`${FORMAT} ${purpose} ${day} ${name}`)
  return crypto.subtle.deriveKey(context, material, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
}

/**
 * HKDF-SHA-256 (RFC 5869). No salt: a salt would have to be configured with the secret, and the
 * secrets are uniformly random, for which extraction needs none (RFC 5869 section 3.1).
 */
function hkdf(info: string): HkdfParams {
  const encoder = new TextEncoder()
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode(info) }
}
