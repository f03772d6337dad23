// Seals cookie values, bare tokens and tickets from docs/format.md, with `node:crypto` and without
// the library: what another implementation writes, and what an attacker with a valid key could
// send.

import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { DAY, ID, WEEK, dayOf, listElements } from './format.ts'
import type { Payload } from './format.ts'

export { DAY, ID, WEEK, dayOf }

export const SECRET = 'LI2AKRU3MXxKUJPHL8OGRo9_mZjgpXjJYa0c9iWsTY8'
export const OLDER_SECRET = '6ihpjzkcL9evMVM-e8hJpUF4tyWMPvvHVJrDP9ggIdY'
export const OTHER_SECRET = '4j3xnhyMAkerCvpixQPLWuorpKn4_XIFe9nTfTngsgs'
export const NAME = '__Host-session'

/** Seconds: 2026-01-15 12:00 UTC, the moment at which most tests begin. */
export const START = 1_768_478_400

/** `token` is a bare token; a purpose text of `seal(session, purpose)` follows it after a space. */
export type Purpose =
  'cookie' | 'token' | 'ticket' | 'overflow' | 'device-challenge' | 'device-key' | `token ${string}`

/** The context that a key is bound to. */
export interface Binding {
  readonly secret?: string
  /** The secret's id in the value, if it is not the derived one. */
  readonly id?: string
  readonly purpose?: Purpose
  readonly name?: string
  readonly day?: number
}

/** A session by its moments, in seconds since 1970. */
export interface Moments {
  readonly startedAt?: number
  readonly sealedAt?: number
  readonly life?: number
}

/** Returns the `Date` of a moment in seconds. */
export function dateAt(seconds: number): Date {
  return new Date(seconds * 1000)
}

/** Encodes the UTF-8 bytes of a string, or bytes. */
export function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url')
}

/** Derives a secret's id: 24 bits in four characters. */
export function secretId(secret: string = SECRET): string {
  return hkdf(secret, 'id', 3).toString('base64url')
}

/** Derives the 256 bits of a key. */
export function dayKey(binding: Binding = {}): Buffer {
  const { secret = SECRET, purpose = 'cookie', name = NAME, day = dayOf(START) } = binding
  const [kind = '', ...text] = purpose.split(' ')
  return hkdf(secret, [kind, day, name, ...text].join(' '), 32)
}

/** Returns `<secret id>.<day>`: the first two parts of a value, and the `kid` of a token. */
export function kidOf(binding: Binding = {}): string {
  const { secret = SECRET, id = secretId(secret), day = dayOf(START) } = binding
  return `${id}.${day}`
}

/** Returns the protected header of a token, with its members in their order. */
export function headerOf(binding: Binding = {}): { alg: 'dir'; enc: 'A256GCM'; kid: string } {
  return { alg: 'dir', enc: 'A256GCM', kid: kidOf(binding) }
}

/** Returns a payload of the format, with some of its elements replaced. */
export function payload(changes: Payload = {}): string {
  return JSON.stringify(listElements(changes))
}

/** Returns the elements of a payload for these moments. */
export function timesOf(moments: Moments): { sealed: number; life: number; age: number } {
  const { startedAt = START, sealedAt = startedAt, life = WEEK } = moments
  return { sealed: sealedAt % DAY, life, age: sealedAt - startedAt }
}

/** Seals a payload as the value of a cookie. */
export function mint(plaintext: string | Buffer = payload(), binding: Binding = {}): string {
  return `${kidOf(binding)}.${seal(plaintext, headerOf(binding), binding)}`
}

/** Seals a session as the value of a cookie, under the key of the day on which it was sealed. */
export function mintAt(moments: Moments, changes: Payload = {}, binding: Binding = {}): string {
  const { startedAt = START, sealedAt = startedAt } = moments
  const text = payload({ ...timesOf(moments), ...changes })
  return mint(text, { day: dayOf(sealedAt), ...binding })
}

/** Seals a payload as a bare token: a compact JWE. */
export function mintToken(plaintext: string | Buffer = payload(), binding: Binding = {}): string {
  return forge(JSON.stringify(headerOf(binding)), plaintext, { purpose: 'token', ...binding })
}

/** Seals the ticket of a session that was used at `usedAt`, under the key of that day. */
export function mintTicket(usedAt: number, id: string = ID, binding: Binding = {}): string {
  const text = JSON.stringify([id.slice(0, 8), usedAt % DAY])
  return mint(text, { purpose: 'ticket', day: dayOf(usedAt), ...binding })
}

/** Seals under the right key, as a compact JWE with any string as its protected header. */
export function forge(header: string, plaintext: string | Buffer, binding: Binding = {}): string {
  const encoded = Buffer.from(header).toString('base64url')
  return `${encoded}..${sealUnder(encoded, plaintext, binding)}`
}

/** Returns the compact JWE that corresponds to a cookie's value. */
export function toToken(value: string): string {
  const [id = '', day = '', ...sealed] = value.split('.')
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${id}.${day}"}`
  return `${Buffer.from(header).toString('base64url')}..${sealed.join('.')}`
}

/** Cuts a value into the values of `count` cookies, of about the same length. */
export function split(value: string, count: number): string[] {
  if (count === 1) return [value]
  const size = Math.ceil(value.length / count)
  return Array.from({ length: count }, (_, index) => {
    const part = value.slice(index * size, (index + 1) * size)
    return index === 0 ? `${count}.${part}` : part
  })
}

/** Returns the name of the cookie that holds a part. */
export function partName(index: number, name: string = NAME): string {
  return index === 0 ? name : `${name}.${index}`
}

/** Returns the `Cookie` header of these parts; a part that is `undefined` is missing. */
export function headerOfParts(parts: readonly (string | undefined)[], name: string = NAME): string {
  return parts
    .flatMap((value, index) => (value === undefined ? [] : [`${partName(index, name)}=${value}`]))
    .join('; ')
}

/** Returns a value as JavaScript without a compiler passes it: with its type unchecked. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- whatever type the place asks for
export function untyped<T>(value: unknown): T {
  const box: object = { value }
  return Reflect.get(box, 'value')
}

function seal(plaintext: string | Buffer, header: object, binding: Binding): string {
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url')
  return sealUnder(encoded, plaintext, binding)
}

/** Returns `<iv>.<ciphertext>.<tag>`, with the header authenticated as given. */
function sealUnder(encodedHeader: string, plaintext: string | Buffer, binding: Binding): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', dayKey(binding), iv)
  cipher.setAAD(Buffer.from(encodedHeader))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

function hkdf(secret: string, context: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `sealed-session/1 ${context}`, bytes))
}
