// Tokens as somebody makes them who holds a secret and has read how the format is built, but has not
// got the library: for vectors, and for what an attacker with a valid key could send.

import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import type { CompactJWEHeaderParameters } from 'jose'

export const SECRET = 'LI2AKRU3MXxKUJPHL8OGRo9_mZjgpXjJYa0c9iWsTY8'
export const OLDER_SECRET = '6ihpjzkcL9evMVM-e8hJpUF4tyWMPvvHVJrDP9ggIdY'
export const OTHER_SECRET = '4j3xnhyMAkerCvpixQPLWuorpKn4_XIFe9nTfTngsgs'
export const NAME = '__Host-session'

/** Seconds: 2026-01-15 12:00 UTC, the moment at which most tests begin. */
export const START = 1_768_478_400

/** What a key is bound to. */
export interface Binding {
  readonly secret?: string
  readonly purpose?: 'cookie' | 'token'
  readonly name?: string
  readonly day?: number
}

export function dayOf(seconds: number): number {
  return Math.floor(seconds / 86_400)
}

export function secretId(secret: string = SECRET): string {
  return hkdf(secret, 'sealed-session/1 id', 3).toString('base64url')
}

export function dayKey(binding: Binding = {}): Buffer {
  const { secret = SECRET, purpose = 'cookie', name = NAME, day = dayOf(START) } = binding
  return hkdf(secret, `sealed-session/1 ${purpose} ${day} ${name}`, 32)
}

export function headerOf(binding: Binding = {}): CompactJWEHeaderParameters {
  const { secret = SECRET, day = dayOf(START) } = binding
  return { alg: 'dir', enc: 'A256GCM', kid: `${secretId(secret)}.${day}` }
}

/** A payload under the right key: everything about the token is as it should be. */
export function mint(payload: string, binding: Binding = {}): Promise<string> {
  return mintUnder(headerOf(binding), payload, binding)
}

/** The same with a header of the writer's choice. */
export function mintUnder(
  header: CompactJWEHeaderParameters,
  payload: string,
  binding: Binding = {},
): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(payload))
    .setProtectedHeader(header)
    .encrypt(dayKey(binding))
}

/** A payload under the right key with a header that is any text at all, authenticated as it stands. */
export function forge(header: string, payload: string | Buffer, binding: Binding = {}): string {
  const protectedHeader = Buffer.from(header).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', dayKey(binding), iv)
  cipher.setAAD(Buffer.from(protectedHeader))
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()])
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))
  return `${protectedHeader}..${parts.join('.')}`
}

/** Claims as they stand in a token, with whatever is to be different; `undefined` leaves one out. */
export function claims(changes: Readonly<Record<string, unknown>> = {}): string {
  const usual = {
    jti: 'AAECAwQFBgcICQoLDA0ODw',
    iat: START,
    exp: START + 86_400,
    d: { user: 'ada' },
  }
  return JSON.stringify({ ...usual, ...changes })
}

/** A value as plain JavaScript passes it: of no type that a compiler has checked. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- whatever type the place asks for
export function untyped<T>(value: unknown): T {
  const box: object = { value }
  return Reflect.get(box, 'value')
}

function hkdf(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, bytes))
}
