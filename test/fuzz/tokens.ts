// Values and tokens that the fuzzer seals and opens, without the library. Sealing is deterministic,
// so that the plaintext of a value shows whether it was minted here, in any run.

import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { formatHeader } from '../support/format.ts'
import {
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  dayKey,
  dayOf,
  secretId,
} from '../support/mint.ts'
import type { Purpose } from '../support/mint.ts'

/** The library knows all of them but the last. */
export const SECRETS = [SECRET, OLDER_SECRET, OTHER_SECRET] as const
export const IDS = [secretId(SECRET), secretId(OLDER_SECRET), secretId(OTHER_SECRET)] as const

/** A purpose text, which the oracle uses as well. */
export const PURPOSE_TEXT = 'fuzz'

/** Every purpose that a value is opened for. */
export const PURPOSES: readonly [Purpose, ...Purpose[]] = [
  'cookie',
  'ticket',
  'token',
  `token ${PURPOSE_TEXT}`,
]

export interface Sealing {
  readonly secret?: string
  readonly purpose?: Purpose
  readonly day?: number
  readonly name?: string
  /** `<secret id>.<day>`, if it differs from that of the key. */
  readonly kid?: string
  /** A protected header, if it differs from that of the `kid`. Authenticated as given. */
  readonly header?: string
}

/** What one of the secrets has opened. */
export interface Opened {
  readonly kid: string
  readonly header: string
  readonly payload: Buffer
  readonly secret: string
  readonly purpose: Purpose
  readonly day: number
}

const keys = new Map<string, Buffer>()

/** Cleared when it is too large, because a fuzzer uses any day. */
const MAX_KEYS = 2000

/** Seals a plaintext as a compact JWE. */
export function sealToken(payload: string | Buffer, sealing: Sealing = {}): string {
  const { secret = SECRET, day = dayOf(START), purpose = 'token' } = sealing
  const kid = sealing.kid ?? `${secretId(secret)}.${day}`
  const header = sealing.header ?? formatHeader(kid)
  const key = keyOf({ ...sealing, secret, purpose, day })
  const protectedHeader = Buffer.from(header, 'latin1').toString('base64url')
  const digest = createHash('sha256').update(key).update(protectedHeader).update(payload).digest()
  const iv = digest.subarray(0, 12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(protectedHeader))
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()])
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))
  return `${protectedHeader}..${parts.join('.')}`
}

/** Seals a plaintext as the value of a cookie. */
export function sealValue(payload: string | Buffer, sealing: Sealing = {}): string {
  const { secret = SECRET, day = dayOf(START), purpose = 'cookie' } = sealing
  const kid = sealing.kid ?? `${secretId(secret)}.${day}`
  const [, , ...sealed] = sealToken(payload, { ...sealing, purpose, kid }).split('.')
  return [kid, ...sealed].join('.')
}

/** Seals the ticket of a session that was used at this moment. */
export function sealTicket(id: string, usedAt: number, sealing: Sealing = {}): string {
  const text = JSON.stringify([id.slice(0, 8), usedAt % 86_400])
  return sealValue(text, { purpose: 'ticket', day: dayOf(usedAt), ...sealing })
}

/** Returns the value of a cookie that corresponds to a token, or `undefined` if none does. */
export function valueOf(token: string): string | undefined {
  const [encoded = '', , ...sealed] = token.split('.')
  const header = Buffer.from(encoded, 'base64url').toString('latin1')
  const [, kid = ''] = /"kid":"([^"]*)"/.exec(header) ?? []
  return header === formatHeader(kid) ? [kid, ...sealed].join('.') : undefined
}

/**
 * Returns the contents of a token or a value, if one of the secrets opens it for one of the
 * purposes.
 */
export function open(text: string): Opened | undefined {
  const [first = '', second = '', iv = '', ciphertext = '', tag = ''] = text.split('.')
  const isToken = second === ''
  const header = isToken
    ? Buffer.from(first, 'base64url').toString('latin1')
    : formatHeader(`${first}.${second}`)
  const [, kid = '', id, digits] = /"kid":"(([\w-]{4})\.(\d{1,6}))"/.exec(header) ?? []
  const secret = SECRETS.find((_, at) => IDS[at] === id)
  if (secret === undefined || Buffer.from(iv, 'base64url').length !== 12) return undefined
  if (Buffer.from(tag, 'base64url').length !== 16) return undefined
  const day = Number(digits)
  const aad = isToken ? first : Buffer.from(header, 'latin1').toString('base64url')
  for (const purpose of PURPOSES) {
    const key = keyOf({ secret, purpose, day })
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
    decipher.setAAD(Buffer.from(aad))
    decipher.setAuthTag(Buffer.from(tag, 'base64url'))
    try {
      const plaintext = decipher.update(ciphertext, 'base64url')
      const payload = Buffer.concat([plaintext, decipher.final()])
      return { kid, header, payload, secret, purpose, day }
    } catch {
      continue
    }
  }
  return undefined
}

/**
 * Returns the contents of a token that was minted here for this purpose, character for character.
 */
export function openMinted(token: string, purpose: Purpose): Opened | undefined {
  const opened = open(token)
  if (opened?.purpose !== purpose) return undefined
  return sealToken(opened.payload, opened) === token ? opened : undefined
}

function keyOf({ secret = SECRET, purpose = 'cookie', day = 0, name = NAME }: Sealing): Buffer {
  const place = [secret, purpose, day, name].join('\n')
  const key = keys.get(place) ?? dayKey({ secret, purpose, day, name })
  if (keys.size > MAX_KEYS) keys.clear()
  keys.set(place, key)
  return key
}
