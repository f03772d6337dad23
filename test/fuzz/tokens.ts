// Tokens as the fuzzer mints and reads them, without the library. Nothing is drawn at random: a
// payload gives one token, so whether a token was minted here can be told from it alone, in any run.

import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
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

export const DAY = 86_400

/** Those that the library is given come first; the last one it does not know. */
export const SECRETS = [SECRET, OLDER_SECRET, OTHER_SECRET] as const
export const IDS = [secretId(SECRET), secretId(OLDER_SECRET), secretId(OTHER_SECRET)] as const

export type Purpose = 'cookie' | 'token'

export interface Sealing {
  readonly secret?: string
  readonly purpose?: Purpose
  readonly day?: number
  readonly name?: string
  /** Another text than the one that belongs to the key, authenticated as it stands. */
  readonly header?: string
}

/** A token that one of the secrets opens. */
export interface Opened {
  readonly header: string
  readonly payload: Buffer
  readonly secret: string
  readonly purpose: Purpose
  readonly day: number
}

const keys = new Map<string, Buffer>()

/** Forgotten when there are too many: a fuzzer asks for any day. */
const MOST_KEYS = 2000

/** `{"alg":"dir","enc":"A256GCM","kid":"…"}` */
export function headerText(id: string, day: number | string): string {
  return `{"alg":"dir","enc":"A256GCM","kid":"${id}.${day}"}`
}

/** A payload, text or bytes, under the right key. */
export function seal(payload: string | Buffer, sealing: Sealing = {}): string {
  const { secret = SECRET, day = dayOf(START) } = sealing
  const { header = headerText(secretId(secret), day) } = sealing
  const key = keyOf({ ...sealing, secret, day })
  const protectedHeader = Buffer.from(header, 'latin1').toString('base64url')
  const iv = createHash('sha256').update(key).update(protectedHeader).update(payload).digest()
  const cipher = createCipheriv('aes-256-gcm', key, iv.subarray(0, 12))
  cipher.setAAD(Buffer.from(protectedHeader))
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()])
  const parts = [iv.subarray(0, 12), ciphertext, cipher.getAuthTag()]
  return `${protectedHeader}..${parts.map((part) => part.toString('base64url')).join('.')}`
}

/** What a token holds, if a cookie or a bare token of this name would open it. */
export function open(token: string): Opened | undefined {
  const [encoded = '', , iv = '', ciphertext = '', tag = ''] = token.split('.')
  const header = Buffer.from(encoded, 'base64url').toString('latin1')
  const [, id, digits] = /"kid":"([\w-]{4})\.(\d{1,6})"/.exec(header) ?? []
  const secret = SECRETS.find((_, at) => IDS[at] === id)
  if (secret === undefined || Buffer.from(iv, 'base64url').length !== 12) return undefined
  if (Buffer.from(tag, 'base64url').length !== 16) return undefined
  const day = Number(digits)
  for (const purpose of ['cookie', 'token'] as const) {
    const key = keyOf({ secret, purpose, day })
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
    decipher.setAAD(Buffer.from(encoded))
    decipher.setAuthTag(Buffer.from(tag, 'base64url'))
    try {
      const text = decipher.update(ciphertext, 'base64url')
      const payload = Buffer.concat([text, decipher.final()])
      return { header, payload, secret, purpose, day }
    } catch {
      continue
    }
  }
  return undefined
}

/** What a token holds that was minted here for this purpose, to the character. */
export function openMinted(token: string, purpose: Purpose): Opened | undefined {
  const opened = open(token)
  if (opened?.purpose !== purpose) return undefined
  return seal(opened.payload, opened) === token ? opened : undefined
}

function keyOf({ secret = SECRET, purpose = 'cookie', day = 0, name = NAME }: Sealing): Buffer {
  const place = `${secret} ${purpose} ${day} ${name}`
  const key = keys.get(place) ?? dayKey({ secret, purpose, day, name })
  if (keys.size > MOST_KEYS) keys.clear()
  keys.set(place, key)
  return key
}

/** The day of a token's claims, if they have one that a header can name. */
export function dayOfClaims(payload: string): number | undefined {
  const [, seconds] = /"iat":(\d{1,11})(?!\d)/.exec(payload) ?? []
  return seconds === undefined ? undefined : dayOf(Number(seconds))
}
