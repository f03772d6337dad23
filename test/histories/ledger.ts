// What was written, read out of the cookies themselves with nothing but Node, and by the rules of
// SECURITY.md: what speaks against it later. Nothing here asks the library.

import { createDecipheriv } from 'node:crypto'
import type { Session } from 'sealed-session'
import { START, dayKey, dayOf, secretId } from '../support/mint.ts'
import { SECRETS } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { TOLERANCE } from './steps.ts'

export type Pair = readonly [name: string, value: string]

/** One written state of one session. */
export interface Entry {
  readonly pairs: readonly Pair[]
  readonly secret: number
  readonly id: string
  readonly startedAt: number
  readonly sealedAt: number
  readonly expiresAt: number
  readonly logouts: number
  readonly contents: string
}

/** The names a session of this name may use, but for the mark. */
export function partNames(name: string): string[] {
  return Array.from({ length: 16 }, (_, index) => (index === 0 ? name : `${name}.${index}`))
}

/** The state that a response's lines write, if they write one. */
export function entryOf(lines: readonly string[], name: string): Entry | undefined {
  const names = new Set(partNames(name))
  const pairs = lines.map(pairOf).filter(([name, value]) => names.has(name) && value !== '')
  if (pairs.length === 0) return undefined
  const values = pairs.map(([, value]) => value)
  const token = values.join('').replace(/^[0-9]+\./, '')
  const { secret, payload } = openToken(token, name)
  const { jti, iat, exp, nbf = iat, out = 0, d, s, f } = payload
  const contents = contentsOf(d, s?.['s']?.[0] ?? {}, f?.['f'] ?? [])
  const times = { startedAt: nbf, sealedAt: iat, expiresAt: exp }
  return { pairs, secret, id: jti, ...times, logouts: out, contents }
}

/** The same of a session that was opened. Takes its messages, so it must be for looking at only. */
export function contentsIn(session: Session): string {
  const messages = session.flash('f') ?? []
  return contentsOf(session, session.scope('s'), Array.isArray(messages) ? messages : [messages])
}

/** The text of what handlers here leave in a session: data, one scope, messages under one key. */
function contentsOf(data: object, scope: object, messages: readonly unknown[]): string {
  return JSON.stringify([data, scope, messages])
}

/** Every reason for which this server must refuse a state now; none, and it must open it. */
export function reasonsAgainst(entry: Entry, { config, now }: Instance, mark: number): string[] {
  const { startedAt, sealedAt, expiresAt, logouts, secret } = entry
  const { maxAge, idleTimeout, validAfter, secrets } = config
  const past = (end: number) => now() >= end + TOLERANCE
  const reasons: string[] = []
  if (past(startedAt + maxAge)) reasons.push('expired')
  if (idleTimeout !== false && past(sealedAt + idleTimeout)) reasons.push('idle')
  if (past(expiresAt)) reasons.push('idle', 'expired')
  if (sealedAt > now() + TOLERANCE) reasons.push('not-yet-valid')
  if (!secrets.some(([number]) => number === secret)) reasons.push('unknown-key')
  if (validAfter > 0 && startedAt < START + validAfter) reasons.push('revoked')
  if (logouts < mark) reasons.push('destroyed')
  return reasons
}

export function pairOf(line: string): Pair {
  const end = line.indexOf(';')
  const pair = end === -1 ? line : line.slice(0, end)
  const equals = pair.indexOf('=')
  return [pair.slice(0, equals), pair.slice(equals + 1)]
}

interface Payload {
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly nbf?: number
  readonly out?: number
  readonly d: object
  readonly s?: Readonly<Record<string, readonly object[]>>
  readonly f?: Readonly<Record<string, readonly unknown[]>>
}

const ids = SECRETS.map((secret) => secretId(secret))
const keys = new Map<string, Buffer>()

function openToken(token: string, name: string): { secret: number; payload: Payload } {
  const [header = '', , iv = '', ciphertext = '', tag = ''] = token.split('.')
  const { kid }: { kid: string } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const [id = '', day = ''] = kid.split('.')
  const secret = ids.indexOf(id)
  const key = keyOf(secret, Number(day), name)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'))
  const text = decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8')
  const payload: Payload = JSON.parse(text)
  if (dayOf(payload.iat) !== Number(day)) throw new Error('sealed with the key of another day')
  return { secret, payload }
}

function keyOf(secret: number, day: number, name: string): Buffer {
  const place = `${secret} ${day} ${name}`
  const key = keys.get(place) ?? dayKey({ secret: SECRETS[secret] ?? '', day, name })
  keys.set(place, key)
  return key
}
