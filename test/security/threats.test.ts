// The attacks of threats.md, one after the other. "Nothing" is: an empty session with a reason, no
// exception, nothing of the cookie believed.

import nodeCrypto, { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { deflateRawSync } from 'node:zlib'
import * as devalue from 'devalue'
import * as fc from 'fast-check'
import { CompactEncrypt, FlattenedEncrypt, SignJWT, UnsecuredJWT } from 'jose'
import { Cookie } from 'tough-cookie'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { CookieOptions, Session, SessionEvent, SessionOptions } from 'sealed-session'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import {
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  claims,
  dayKey,
  dayOf,
  forge,
  headerOf,
  mint,
  mintUnder,
  secretId,
  untyped,
} from '../support/mint.ts'

type Data = Record<string, unknown>

const DAY = dayOf(START)
const HEADER = JSON.stringify(headerOf())
const slow = process.env['SLOW'] !== undefined

afterEach(() => {
  vi.restoreAllMocks()
})

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const observe = (event: SessionEvent) => void events.push(event)
  const clock = () => time.now * 1000
  const sessions = createSessions<Data>({ secrets: SECRET, clock, observe, ...options })
  /** What such a value of the session's cookie is worth. */
  const openValue = (value: string) => sessions.open(`${NAME}=${value}`)
  const cookieOf = async (data: Data) => {
    const session = await sessions.open(null)
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    return pairsOf(await sessions.setCookies(session))
  }
  return { time, events, sessions, openValue, cookieOf }
}

function expectNothing(session: Session<Data>, reason: string): void {
  expect(session.rejection).toEqual({ reason })
  expect([session.isEmpty, session.isNew, session.id]).toEqual([true, true, undefined])
  expect(session.toJSON()).toEqual({})
}

/** The option that a configuration is refused for. */
function refusedOption(options: unknown): unknown {
  try {
    createSessions(untyped<SessionOptions>(options))
  } catch (error) {
    return Reflect.get(Object(error), 'option')
  }
  return 'nothing was refused'
}

/** How often keys were derived and tokens decrypted since, with either engine. */
function watchCrypto() {
  const calls = (spies: readonly { mock: { calls: readonly unknown[] } }[]) => () =>
    spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
  const derive = [vi.spyOn(crypto.subtle, 'deriveKey'), vi.spyOn(crypto.subtle, 'deriveBits')]
  const webCrypto = vi.spyOn(crypto.subtle, 'decrypt')
  const decrypt = [webCrypto, vi.spyOn(nodeCrypto, 'createDecipheriv')]
  return { derivations: calls(derive), decryptions: calls(decrypt) }
}

/** What the JSON parser was given since. jose reads the header, which is ours to the byte by then. */
function watchParser(): () => unknown[] {
  const parse = vi.spyOn(JSON, 'parse')
  return () => parse.mock.calls.map(([text]) => text).filter((text) => text !== HEADER)
}

function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url')
}

function parts(token: string): [string, string, string, string, string] {
  const [header = '', key = '', iv = '', ciphertext = '', tag = ''] = token.split('.')
  return [header, key, iv, ciphertext, tag]
}

const engines = ['node:crypto', 'jose']

describe.each(engines)('with %s', (engine) => {
  beforeEach(() => {
    // A runtime without Node's modules, as browsers and workers are.
    if (engine === 'jose') vi.spyOn(process, 'getBuiltinModule').mockReturnValue(untyped(undefined))
  })

  // Tokens nobody issued

  test('A1: what was never encrypted is nothing, and no parser sees it', async () => {
    const { openValue } = setUp()
    const data = JSON.stringify({ user: 'admin' })
    const key = Buffer.from(SECRET)
    const tokens = [
      data,
      encodeURIComponent(data),
      Buffer.from(data).toString('base64'),
      base64url(data),
      base64url(claims()),
      new UnsecuredJWT({ user: 'admin' }).setExpirationTime('1h').encode(),
      await new SignJWT({ user: 'admin' }).setProtectedHeader({ alg: 'HS256' }).sign(key),
      await new SignJWT({ d: {} }).setProtectedHeader({ alg: 'HS256' }).sign(dayKey()),
      `Fe26.2**${base64url(key)}*${base64url(key)}*${base64url(data)}**${base64url(key)}*tag`,
      `s:${base64url(data)}.${base64url(key)}`,
      `${base64url(data)}--${base64url(key)}`,
      `${base64url(data)}.${base64url(key)}`,
      'undefined',
      'null',
      '{}',
      'j:{}',
    ]
    await openValue(await mint(claims()))
    const parsed = watchParser()
    const { decryptions } = watchCrypto()
    for (const token of tokens) expectNothing(await openValue(token), 'malformed')
    expect(parsed()).toEqual([])
    expect(decryptions()).toBe(0)
  })

  test('A1: an altered token reaches no parser either, and a good one does', async () => {
    const { openValue } = setUp()
    const token = await mint(claims())
    const parsed = watchParser()
    expectNothing(await openValue(altered(token)), 'undecryptable')
    expect(parsed()).toEqual([])
    expect((await openValue(token)).get('user')).toBe('ada')
    expect(parsed()).not.toEqual([])
  })

  test('A2: asymmetric keys and key pairs are no secrets', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const okp = generateKeyPairSync('ed25519')
    for (const { publicKey, privateKey } of [rsa, ec, okp]) {
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const jwk = publicKey.export({ format: 'jwk' })
      const wrong = [
        pem,
        privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        JSON.stringify(jwk),
        jwk,
        { keys: [jwk] },
        JSON.stringify({ keys: [jwk] }),
        [jwk],
        publicKey,
        privateKey,
        { publicKey, privateKey },
        [{ secret: pem }],
      ]
      for (const secrets of wrong) {
        expect(refusedOption({ secrets })).toMatch(/^secrets/)
        expect(refusedOption({ secrets: [secrets] })).toMatch(/^secrets/)
      }
    }
  })

  test('A2: tokens of other algorithms are nothing, even under our own secret', async () => {
    const { openValue } = setUp()
    const text = new TextEncoder().encode(claims())
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { kid = '' } = headerOf()
    const enc = 'A256GCM'
    const tokens = [
      await new CompactEncrypt(text)
        .setProtectedHeader({ alg: 'RSA-OAEP', enc, kid })
        .encrypt(publicKey),
      await new CompactEncrypt(text)
        .setProtectedHeader({ alg: 'ECDH-ES', enc, kid })
        .encrypt(ec.publicKey),
      await new CompactEncrypt(text)
        .setProtectedHeader({ alg: 'A256KW', enc, kid })
        .encrypt(dayKey()),
      await new CompactEncrypt(text)
        .setProtectedHeader({ alg: 'A256GCMKW', enc, kid })
        .encrypt(dayKey()),
      await new CompactEncrypt(text)
        .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc, kid })
        .encrypt(dayKey()),
      await new CompactEncrypt(text)
        .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256', kid })
        .encrypt(dayKey()),
      forge(JSON.stringify({ alg: 'none', enc, kid }), claims()),
      forge(JSON.stringify({ alg: 'DIR', enc, kid }), claims()),
      forge(JSON.stringify({ alg: 'dir', enc: 'none', kid }), claims()),
    ]
    const { decryptions } = watchCrypto()
    for (const token of tokens) expectNothing(await openValue(token), 'malformed')
    expect(decryptions()).toBe(0)
  })

  test('A3: a payload under the right key that is not our claims is nothing', async () => {
    const { openValue } = setUp()
    const inner = new UnsecuredJWT({ user: 'admin' }).encode()
    const payloads = [
      '',
      'null',
      '5',
      '"text"',
      JSON.stringify(inner),
      inner,
      await mint(claims()),
      `[${claims()}]`,
      '[]',
      '{}',
      `${claims()} x`,
      `\ufeff${claims()}`,
      claims({ jti: undefined }),
      claims({ jti: 5 }),
      claims({ jti: 'short' }),
      claims({ jti: 'A'.repeat(23) }),
      claims({ jti: 'AAECAwQFBgcICQoLDA0OD=' }),
      claims({ d: undefined }),
      claims({ out: '1' }),
      claims({ out: -1 }),
      claims({ out: 0.5 }),
    ]
    for (const payload of payloads) expectNothing(await openValue(await mint(payload)), 'malformed')
    for (const d of [null, 5, 'text', [], [['user', 'admin']], true]) {
      expectNothing(await openValue(await mint(claims({ d }))), 'invalid-data')
    }
  })

  test('A3: bytes that are no UTF-8 are nothing, even under the right key', async () => {
    const { openValue } = setUp()
    const broken = Buffer.from(claims({ d: { user: 'XX' } }))
    broken[broken.indexOf('XX')] = 0xff
    expectNothing(await openValue(forge(HEADER, broken)), 'undecryptable')
  })

  test('A3: a header that announces another content is nothing, even under the right key', async () => {
    const { openValue } = setUp()
    for (const member of [{ cty: 'JWT' }, { typ: 'JWT' }, { crit: ['exp'], exp: 1 }, { p2c: 1 }]) {
      const token = forge(JSON.stringify({ ...headerOf(), ...member }), claims())
      expectNothing(await openValue(token), 'malformed')
    }
  })

  test('A4: signed tokens and the JSON serialisations are nothing, before any crypto', async () => {
    const { openValue } = setUp()
    const text = new TextEncoder().encode(claims())
    const flattened = await new FlattenedEncrypt(text)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: headerOf().kid ?? '' })
      .encrypt(dayKey())
    const { ciphertext, ...common } = flattened
    const signed = await new SignJWT({ d: {} }).setProtectedHeader({ alg: 'HS256' }).sign(dayKey())
    const tokens = [
      signed,
      JSON.stringify(flattened),
      base64url(JSON.stringify(flattened)),
      JSON.stringify({ ...common, ciphertext, recipients: [{}] }),
    ]
    const { decryptions, derivations } = watchCrypto()
    for (const token of tokens) expectNothing(await openValue(token), 'malformed')
    expect([decryptions(), derivations()]).toEqual([0, 0])
  })

  test('A5: any number of parts but five, an empty part, or an encrypted key is nothing', async () => {
    const { openValue } = setUp()
    const token = await mint(claims())
    const [header, , iv, ciphertext, tag] = parts(token)
    const wrong = [
      header,
      `${header}.`,
      `${header}..`,
      `${header}..${iv}`,
      `${header}..${iv}.${ciphertext}`,
      `${token}.`,
      `${token}.${tag}`,
      `${token}..`,
      `.${token}`,
      `${header}...${ciphertext}.${tag}`,
      `${header}..${iv}..${tag}`,
      `${header}..${iv}.${ciphertext}.`,
      `..${iv}.${ciphertext}.${tag}`,
      `${header}.AAAA.${iv}.${ciphertext}.${tag}`,
      `${header}.${base64url(dayKey())}.${iv}.${ciphertext}.${tag}`,
      '....',
      '.',
    ]
    const { decryptions } = watchCrypto()
    for (const value of wrong) expectNothing(await openValue(value), 'malformed')
    expect(decryptions()).toBe(0)
  })

  test('A6: a tag of another length opens nothing', async () => {
    const { openValue } = setUp()
    const token = await mint(claims())
    const [header, , iv, ciphertext, tag] = parts(token)
    const bytes = Buffer.from(tag, 'base64url')
    const { decryptions } = watchCrypto()
    for (const length of [...Array.from({ length: 16 }, (_, i) => i), 17, 18, 32]) {
      const other = Buffer.concat([bytes, bytes, bytes]).subarray(0, length)
      const value = `${header}..${iv}.${ciphertext}.${base64url(other)}`
      expectNothing(await openValue(value), 'malformed')
    }
    expect(decryptions()).toBe(0)
  })

  test('A6: a boundary between ciphertext and tag, or IV and ciphertext, moved by one opens nothing', async () => {
    const { openValue } = setUp()
    const [header, , iv, ciphertext, tag] = parts(await mint(claims()))
    const [a, b, c] = [iv, ciphertext, tag].map((part) => Buffer.from(part, 'base64url'))
    const whole = Buffer.concat([a ?? Buffer.of(), b ?? Buffer.of(), c ?? Buffer.of()])
    const cut = (first: number, last: number) =>
      [whole.subarray(0, first), whole.subarray(first, -last), whole.subarray(-last)]
        .map(base64url)
        .join('.')
    expect((await openValue(`${header}..${cut(12, 16)}`)).get('user')).toBe('ada')
    for (const [first, last] of [
      [11, 16],
      [13, 16],
      [12, 15],
      [12, 17],
      [11, 17],
      [13, 15],
    ] as const) {
      expectNothing(await openValue(`${header}..${cut(first, last)}`), 'malformed')
    }
  })

  // Every bit flipped, every cut and every exchange of parts: tampering.test.ts, for both engines too.
  test('A7: a token made by other means opens, so the bytes that are authenticated are the standard ones', async () => {
    const { openValue } = setUp()
    expect((await openValue(forge(HEADER, claims()))).toJSON()).toEqual({ user: 'ada' })
  })

  test('A8: whatever steers the reading is authenticated, or counts for nothing', async () => {
    const limits = { preset: 'node', cookie: 240 } as const
    const { sessions, openValue, cookieOf } = setUp({ limits, secrets: [SECRET, OTHER_SECRET] })
    const token = await mint(claims())
    const [, ...rest] = parts(token)
    const under = (header: unknown) => [base64url(JSON.stringify(header)), ...rest].join('.')
    const kid = (id: string, day: number | string) => under({ ...headerOf(), kid: `${id}.${day}` })
    expect((await openValue(kid(secretId(), DAY))).get('user')).toBe('ada')
    expectNothing(await openValue(kid(secretId(OTHER_SECRET), DAY)), 'undecryptable')
    expectNothing(await openValue(kid(secretId(), DAY - 1)), 'undecryptable')
    expectNothing(await openValue(kid(secretId(), DAY - 8)), 'expired')
    expectNothing(await openValue(kid(secretId(), DAY + 1)), 'not-yet-valid')
    expectNothing(await openValue(kid(secretId(), `0${DAY}`)), 'malformed')
    expectNothing(await openValue(kid('AAAA', DAY)), 'unknown-key')
    expectNothing(await openValue(under({ alg: 'dir', enc: 'A256GCM' })), 'malformed')
    const { alg, enc, kid: own } = headerOf()
    expectNothing(await openValue(under({ kid: own, enc, alg })), 'malformed')
    expectNothing(await openValue(under({ alg, enc, kid: own, v: 2 })), 'malformed')

    const cookie = await cookieOf({ text: 'x'.repeat(190) })
    const recount = (count: string) => sessions.open(cookie.replace('=3.', `=${count}`))
    expect((await recount('3.')).isEmpty).toBe(false)
    expectNothing(await recount('2.'), 'malformed')
    expectNothing(await recount('4.'), 'incomplete')
    expectNothing(await recount(''), 'malformed')
    for (const count of ['0.', '1.', '03.', '3', '-3.', '3.0.', '+3.', '0x3.']) {
      expectNothing(await recount(count), 'malformed')
    }
    expectNothing(await recount('17.'), 'too-large')
  })

  test('A8: a token under the key of another day than the one it says it was sealed on is nothing', async () => {
    const { openValue } = setUp()
    const yesterday = { day: DAY - 1 }
    expectNothing(await openValue(await mint(claims(), yesterday)), 'malformed')
    const own = await mint(claims({ iat: START - 86_400, exp: START + 100 }), yesterday)
    expect((await openValue(own)).get('user')).toBe('ada')
  })

  test('A9: a session of another cookie name is nothing, whole and in parts, in both directions', async () => {
    const limits = { preset: 'node', cookie: 240 } as const
    const main = setUp({ limits })
    const side = setUp({ limits, cookie: { name: '__Host-sessioz' } })
    for (const size of [1, 190]) {
      const mine = await main.cookieOf({ text: 'x'.repeat(size) })
      const theirs = await side.cookieOf({ text: 'x'.repeat(size) })
      const asMine = theirs.replaceAll('__Host-sessioz', NAME)
      const asTheirs = mine.replaceAll(NAME, '__Host-sessioz')
      expectNothing(await main.sessions.open(asMine), 'undecryptable')
      expectNothing(await side.sessions.open(asTheirs), 'undecryptable')
      expect((await main.sessions.open(`${mine}; ${theirs}`)).isEmpty).toBe(false)
      if (size === 1) continue
      const mixed = mine.replace(
        /session\.1=[^;]+/,
        `session.1=${/2\.1=([^;]+)/.exec(theirs)?.[1]}`,
      )
      expectNothing(await main.sessions.open(mixed), 'undecryptable')
    }
  })

  test('A10: a bare token pasted in as a cookie is nothing, and a cookie as a bare token', async () => {
    const { sessions, openValue } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'whatever the attacker may have sealed')
    expectNothing(await openValue(await sessions.seal(session)), 'undecryptable')
    const cookie = await mint(claims())
    expectNothing(await sessions.unseal(cookie), 'undecryptable')
    expect((await openValue(cookie)).get('user')).toBe('ada')
  })

  test('A11: two tenants that share a secret but no cookie name do not share sessions', async () => {
    const one = setUp({ cookie: { name: '__Host-tenant-a' } })
    const two = setUp({ cookie: { name: '__Host-tenant-b' } })
    const cookie = await one.cookieOf({ user: 'ada' })
    expectNothing(await two.sessions.open(cookie.replace('tenant-a', 'tenant-b')), 'undecryptable')
    const session = await one.sessions.open(null)
    session.set('user', 'ada')
    expectNothing(await two.sessions.unseal(await one.sessions.seal(session)), 'undecryptable')
  })

  test('A13: bad configuration throws; it never is a session', async () => {
    for (const options of [undefined, null, 'text', [], {}, { secrets: SECRET, maxage: 5 }]) {
      expect(refusedOption(options)).not.toBe('nothing was refused')
    }
    const clock = () => Number.NaN
    const sessions = createSessions({ secrets: SECRET, clock: () => START * 1000 })
    expect((await sessions.open(`${NAME}=${await mint(claims())}`)).rejection).toBeUndefined()
    const broken = async () => createSessions({ secrets: SECRET, clock }).open(`${NAME}=x..y`)
    await expect(broken().then(({ isEmpty }) => expect(isEmpty).toBe(true))).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
    })
  })

  test('A14: only the Cookie header is read', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    for (const name of [
      'x-session',
      'authorization',
      'set-cookie',
      'cookie2',
      'x-cookie',
      NAME,
      'session',
    ]) {
      const headers = new Headers({ [name]: cookie })
      for (const source of [headers, { headers }, { headers: { [name]: cookie } }]) {
        const session = await sessions.open(source)
        expect(session.isEmpty).toBe(true)
        expect(session.rejection).toBeUndefined()
      }
    }
  })

  test('A15: a work factor in the header is nothing, and nobody computes it', async () => {
    const { openValue } = setUp()
    await openValue(await mint(claims()))
    const { derivations, decryptions } = watchCrypto()
    for (const alg of ['PBES2-HS256+A128KW', 'dir']) {
      const header = { alg, enc: 'A256GCM', kid: headerOf().kid, p2s: 'AAAAAAAAAAA', p2c: 2 ** 31 }
      const [, , ...rest] = parts(await mint(claims()))
      for (const key of ['', 'A'.repeat(54)]) {
        const token = [base64url(JSON.stringify(header)), key, ...rest].join('.')
        expectNothing(await openValue(token), 'malformed')
      }
    }
    expect([derivations(), decryptions()]).toEqual([0, 0])
  })

  test('A16: a compressed token under the right key is nothing, and nobody inflates it', async () => {
    const { openValue, sessions } = setUp()
    const bomb = deflateRawSync(Buffer.from(claims({ d: { text: ' '.repeat(5_000_000) } })))
    const inflate = vi.spyOn(globalThis, 'DecompressionStream')
    const { decryptions } = watchCrypto()
    const tokens = [
      await mintUnder({ ...headerOf(), zip: 'DEF' }, claims()),
      forge(JSON.stringify({ ...headerOf(), zip: 'DEF' }), bomb.subarray(0, 2500)),
      forge(JSON.stringify({ ...headerOf(), zip: 'GZIP' }), bomb.subarray(0, 2500)),
    ]
    for (const token of tokens) {
      expectNothing(await openValue(token), 'malformed')
      expectNothing(await sessions.unseal(token), 'malformed')
    }
    expect(inflate).not.toHaveBeenCalled()
    expect(decryptions()).toBe(0)
  })

  /** A cookie that is rejected for each of the reasons. */
  async function rejectedCookies(): Promise<Record<string, string>> {
    const day = 86_400
    const token = await mint(claims())
    const long = claims({ nbf: START - 6.5 * day })
    return {
      malformed: 'nonsense',
      incomplete: `3.${token}`,
      'unknown-key': await mint(claims(), { secret: OTHER_SECRET }),
      undecryptable: altered(token),
      expired: await mint(claims({ nbf: START - 8 * day, iat: START - day }), { day: DAY - 1 }),
      idle: await mint(claims({ iat: START - 2 * day, exp: START - day }), { day: DAY - 2 }),
      'not-yet-valid': await mint(claims({ iat: START + 100 })),
      revoked: await mint(long),
      destroyed: `${token}; ${NAME}.x=1`,
      'invalid-data': await mint(claims({ d: [] })),
      'too-large': 'e'.repeat(4097),
    }
  }

  test('A17: every failure looks the same from outside', async () => {
    const validAfter = START - 6 * 86_400
    const { sessions, openValue } = setUp({ validAfter })
    const seen = new Set<string>()
    const written = new Set<string>()
    const cookies = Object.entries(await rejectedCookies())
    for (const [reason, value] of cookies) {
      expectNothing(await openValue(value), reason)
      const request = () =>
        new Request('https://example.test/', { headers: { cookie: `${NAME}=${value}` } })
      const reading = sessions.wrap(
        (_, session) => new Response(session.isEmpty ? 'log in' : 'hello'),
      )
      const writing = sessions.wrap((_, session) => {
        session.set('visits', 1)
        return new Response()
      })
      const read = await reading(request())
      seen.add(JSON.stringify([read.status, [...read.headers], await read.text()]))
      const write = await writing(request())
      const lines = write.headers.getSetCookie().map((line) => line.replace(/=eyJ[^;]*/, '=token'))
      written.add(JSON.stringify([write.status, [...write.headers.keys()], lines]))
    }
    expect(cookies).toHaveLength(11)
    expect(seen.size).toBe(1)
    expect(written.size).toBe(1)
  })

  test('A18: of all spellings of a token only the one that was made opens', async () => {
    const { openValue } = setUp()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    let spellings = 0
    for (const text of ['', 'x', 'xx', 'xxx']) {
      const token = await mint(claims({ d: { text } }))
      expect((await openValue(token)).get('text')).toBe(text)
      const segments = token.split('.')
      for (const index of [0, 2, 3, 4]) {
        const segment = segments[index] ?? ''
        const bytes = Buffer.from(segment, 'base64url')
        const others = [...alphabet]
          .map((character) => segment.slice(0, -1) + character)
          .filter((other) => other !== segment && Buffer.from(other, 'base64url').equals(bytes))
        const padded = [`${segment}=`, `${segment}==`, bytes.toString('base64')]
        const blanks = [` ${segment}`, `${segment}\t`, `${segment.slice(0, 4)} ${segment.slice(4)}`]
        for (const other of [...others, ...padded, ...blanks]) {
          const value = segments.with(index, other).join('.')
          if (value.trim() === token) continue
          expectNothing(await openValue(value), 'malformed')
          spellings++
        }
      }
      for (const value of [
        `"${token}"`,
        encodeURIComponent(token).replace('.', '%2E'),
        `${token}%00`,
      ]) {
        expectNothing(await openValue(value), 'malformed')
      }
    }
    expect(spellings).toBeGreaterThan(100)
  })

  test('A20: no header makes open throw, and the next answer cleans up', async () => {
    const { sessions } = setUp()
    const headers = [
      '=',
      ';',
      '%',
      NAME,
      `${NAME}=`,
      `${NAME}=%`,
      `${NAME}=%E0%A4%A`,
      `${NAME}="`,
      `${NAME}={"a":`,
      `${NAME}=\u0000`,
      `${NAME}=\ud800`,
      `${NAME}=\uffff\u{1f98a}`,
      `${NAME}==`,
      `${NAME}=;${NAME}=`,
      `${NAME}.1=x`,
      `${NAME}.15=x`,
      `${NAME}.16=x`,
      `${NAME}.x=`,
      `${NAME}.x=x`,
      `${NAME}.x=99999999999`,
      `${NAME}=16.e; ${NAME}.1=`,
      `${NAME}=9999999999999999.`,
      `${NAME}=99999999999999999999.`,
      `${NAME}=${'a.'.repeat(3000)}`,
      `${NAME}=eyJ..${'A'.repeat(16)}.A.${'A'.repeat(22)}`,
    ]
    for (const header of headers) {
      const session = await sessions.open(header)
      expect(session.isEmpty).toBe(true)
      const lines = await sessions.setCookies(session)
      for (const line of lines) expect(line).toMatch(/^__Host-session(\.\d+)?=; Max-Age=0; /)
      expect(lines.length > 0).toBe(/^__Host-session(\.([1-9]|1[0-5]))?=/.test(header))
    }
  })

  // Time

  test('B1: every token has an end of its own: a replay a second after it is nothing', async () => {
    for (const options of [
      {},
      { idleTimeout: false },
      { cookie: { persistent: false } },
    ] as const) {
      const { time, sessions, cookieOf } = setUp({ maxAge: 3600, clockTolerance: 0, ...options })
      const cookie = await cookieOf({ user: 'ada' })
      time.now = START + 3599
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
      time.now = START + 3600
      expectNothing(await sessions.open(cookie), 'expired')
      time.now = START + 10 * 365 * 86_400
      expectNothing(await sessions.open(cookie), 'expired')
    }
  })

  test('B1: a bare token has the same end', async () => {
    const { time, sessions } = setUp({ maxAge: 3600, clockTolerance: 0 })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session)
    time.now = START + 3599
    expect((await sessions.unseal(token)).get('user')).toBe('ada')
    time.now = START + 3600
    expectNothing(await sessions.unseal(token), 'expired')
  })

  test('B2: a time that is missing or no whole number is nothing', async () => {
    const { openValue } = setUp()
    const good: Readonly<Record<string, string>> = {
      jti: '"AAECAwQFBgcICQoLDA0ODw"',
      iat: `${START}`,
      exp: `${START + 100}`,
      nbf: `${START - 100}`,
      d: '{"user":"ada"}',
    }
    const text = (members: Readonly<Record<string, string | undefined>>) => {
      const given = Object.entries(members).filter(([, value]) => value !== undefined)
      return `{${given.map(([key, value]) => `"${key}":${value}`).join(',')}}`
    }
    expect((await openValue(await mint(text(good)))).get('user')).toBe('ada')
    const wrong = [
      'null',
      '"5"',
      'NaN',
      'true',
      '[]',
      '{}',
      '""',
      '-1',
      '1e999',
      '-0.5',
      '9007199254740992',
    ]
    for (const field of ['iat', 'exp', 'nbf']) {
      const fraction = `${good[field]}.5`
      for (const value of [...wrong, fraction, `"${good[field]}"`, `[${good[field]}]`]) {
        expectNothing(await openValue(await mint(text({ ...good, [field]: value }))), 'malformed')
      }
    }
    for (const field of ['iat', 'exp']) {
      expectNothing(await openValue(await mint(text({ ...good, [field]: undefined }))), 'malformed')
    }
  })

  test('B2: times that contradict each other, or lie in the future, are nothing', async () => {
    const { openValue } = setUp()
    const future = { iat: START + 6, exp: START + 100 }
    expectNothing(await openValue(await mint(claims(future))), 'not-yet-valid')
    expectNothing(await openValue(await mint(claims({ nbf: START + 1 }))), 'malformed')
    expectNothing(await openValue(await mint(claims({ exp: START - 1 }))), 'malformed')
    expectNothing(await openValue(await mint(claims({ exp: START + 401 * 86_400 }))), 'malformed')
    const tomorrow = { iat: START + 86_400, exp: START + 90_000 }
    expectNothing(await openValue(await mint(claims(tomorrow), { day: DAY + 1 })), 'not-yet-valid')
  })

  test('B2: an end far in the future counts for no more than the configuration allows', async () => {
    const { time, openValue } = setUp({ clockTolerance: 0 })
    const token = await mint(claims({ exp: START + 399 * 86_400 }))
    time.now = START + 86_399
    expect((await openValue(token)).get('user')).toBe('ada')
    time.now = START + 86_400
    expectNothing(await openValue(token), 'idle')
  })

  test('B3: a thousand renewals on any schedule never move the absolute end', async () => {
    const steps = fc.array(fc.integer({ min: 0, max: 4000 }), {
      minLength: slow ? 1000 : 100,
      maxLength: 1000,
    })
    const property = fc.asyncProperty(steps, async (waits) => {
      const options = { maxAge: 40_000, idleTimeout: 4000, touchInterval: 0, clockTolerance: 0 }
      const { time, sessions, cookieOf } = setUp(options)
      let cookie = await cookieOf({ user: 'ada' })
      for (const wait of waits) {
        time.now += wait
        const session = await sessions.open(cookie)
        if (session.isEmpty) break
        expect(time.now).toBeLessThan(START + 40_000)
        expect(session.startedAt).toEqual(new Date(START * 1000))
        if (wait % 2 === 0) session.touch()
        cookie = pairsOf(await sessions.setCookies(session)) || cookie
        expect(session.expiresAt?.getTime()).toBeLessThanOrEqual((START + 40_000) * 1000)
      }
      time.now = START + 40_000
      expectNothing(await sessions.open(cookie), 'expired')
    })
    await fc.assert(property, { numRuns: slow ? 100 : 10, examples: [[Array(1000).fill(39)]] })
  })

  test('B4: a cookie that ends with the browser holds a session that ends by itself', async () => {
    const { time, sessions } = setUp({ cookie: { persistent: false }, clockTolerance: 0 })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const [line = ''] = await sessions.setCookies(session)
    expect(line).not.toMatch(/max-age|expires/i)
    time.now += 86_400
    expectNothing(await sessions.open(pairsOf([line])), 'idle')
  })

  test('B4: no lifetime can be switched off by a strange number', async () => {
    for (const option of ['maxAge', 'idleTimeout']) {
      for (const value of [0, -1, Number.NaN, Infinity, undefined, '3600', null, 0.5, {}, true]) {
        expect(refusedOption({ secrets: SECRET, [option]: value })).toBe(option)
      }
    }
    expect(refusedOption({ secrets: SECRET, maxAge: false })).toBe('maxAge')
  })

  test('B6: clocks may differ by a minute at most', async () => {
    expect(refusedOption({ secrets: SECRET, clockTolerance: 61 })).toBe('clockTolerance')
    for (const clockTolerance of [0, 5, 60]) {
      const { openValue } = setUp({ clockTolerance })
      const ahead = (by: number) => mint(claims({ iat: START + by, exp: START + 200 }))
      expect((await openValue(await ahead(clockTolerance))).get('user')).toBe('ada')
      expectNothing(await openValue(await ahead(clockTolerance + 1)), 'not-yet-valid')
    }
  })

  test('B6: a clock that goes back extends nothing', async () => {
    const { time, sessions, cookieOf } = setUp({
      clockTolerance: 60,
      maxAge: 3600,
      idleTimeout: 600,
    })
    time.now = START + 30
    const cookie = await cookieOf({ user: 'ada' })
    time.now = START
    const session = await sessions.open(cookie)
    const before = session.expiresAt?.getTime() ?? 0
    session.touch()
    const renewed = pairsOf(await sessions.setCookies(session))
    expect(session.expiresAt?.getTime()).toBeLessThanOrEqual(before)
    expect((await sessions.open(renewed)).startedAt).toEqual(new Date((START + 30) * 1000))
    time.now = START - 3600
    expectNothing(await sessions.open(cookie), 'not-yet-valid')
  })

  test('B7: no lifetime beyond the 400 days for which browsers keep a cookie', () => {
    for (const option of ['maxAge', 'idleTimeout', 'touchInterval']) {
      expect(refusedOption({ secrets: SECRET, [option]: 34_560_001 })).toBe(option)
    }
    const longest = { secrets: SECRET, maxAge: 34_560_000, idleTimeout: 34_560_000 }
    expect(refusedOption(longest)).toBe('nothing was refused')
  })

  test('B8: lowered timeouts apply to sessions that are already out', async () => {
    const { time, cookieOf } = setUp({ maxAge: 100_000, idleTimeout: 50_000 })
    const cookie = await cookieOf({ user: 'ada' })
    const clock = () => time.now * 1000
    const lower = (maxAge: number, idleTimeout: number) =>
      createSessions<Data>({ secrets: SECRET, clock, clockTolerance: 0, maxAge, idleTimeout })
    time.now += 3600
    expect((await lower(3601, 3601).open(cookie)).get('user')).toBe('ada')
    expectNothing(await lower(3600, 3600).open(cookie), 'expired')
    expectNothing(await lower(50_000, 3600).open(cookie), 'idle')
    expect((await lower(50_000, 3601).open(cookie)).expiresAt).toEqual(
      new Date((START + 3601) * 1000),
    )
  })

  // Logout, replay, races, fixation

  test('C1: without a list a copied cookie outlives the logout until its end, and not longer', async () => {
    const { time, sessions, cookieOf } = setUp()
    const copied = await cookieOf({ user: 'ada' })
    const session = await sessions.open(copied)
    session.destroy()
    await sessions.setCookies(session)
    expect((await sessions.open(copied)).get('user')).toBe('ada')
    time.now += 86_405
    expectNothing(await sessions.open(copied), 'idle')
  })

  test('C1: with revoked or validAfter a copied cookie is nothing, also while the list is down', async () => {
    const { cookieOf } = setUp()
    const copied = await cookieOf({ user: 'ada' })
    const down = () => Promise.reject(new Error('the list is down'))
    const ended = new Set<string | undefined>()
    const listed = setUp({ revoked: ({ id }) => ended.has(id) })
    const session = await listed.sessions.open(copied)
    expect(session.get('user')).toBe('ada')
    ended.add(session.id)
    expectNothing(await listed.sessions.open(copied), 'revoked')
    expectNothing(await setUp({ revoked: down }).sessions.open(copied), 'revoked')
    expectNothing(await setUp({ validAfter: START + 1 }).sessions.open(copied), 'revoked')
  })

  test('C2: a session that is neither changed nor due is not written back', async () => {
    const { time, sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada', list: [1] })
    time.now += 8639
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual({ user: 'ada', list: [1] })
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('C2: what was revoked while a request ran is not renewed by it', async () => {
    const list = { revoked: false }
    const { time, sessions, cookieOf } = setUp({ revoked: () => list.revoked })
    const cookie = await cookieOf({ user: 'ada' })
    time.now += 40_000
    const session = await sessions.open(cookie)
    list.revoked = true
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('C2: nothing in the request brings a destroyed session back, and no request in flight does', async () => {
    const { sessions } = setUp()
    const jar = createJar()
    const visit = async (act: (session: Session<Data>) => void) => {
      const request = jar.request()
      act(await sessions.open(request))
      return sessions.commit(request, new Response())
    }
    jar.store(await visit((session) => session.set('user', 'ada')))
    const inFlight = await visit((session) => session.set('visits', 1))
    const logout = await visit((session) => {
      session.get('user')
      session.destroy()
      session.touch()
      session.regenerate({ keep: ['user'] })
      expect(session.toJSON()).toEqual({})
    })
    jar.store(logout)
    jar.store(inFlight)
    expectNothing(await sessions.open(jar.request()), 'destroyed')
    jar.store(await visit(({ isEmpty }) => expect(isEmpty).toBe(true)))
    expect(jar.names()).toEqual([`${NAME}.x`])
  })

  test('C2: a logout ends every session that came with it, not only the newest', async () => {
    const { sessions } = setUp()
    // The browser lost its mark after five logouts, and the older session is in another scope.
    const older = await mint(claims({ iat: START - 50, out: 5 }))
    const newer = await mint(claims({ iat: START - 10 }))
    for (const values of [
      [older, newer],
      [newer, older],
    ]) {
      const session = await sessions.open(values.map((value) => `${NAME}=${value}`).join('; '))
      expect(session.startedAt).toEqual(new Date((START - 10) * 1000))
      session.destroy()
      const [, mark = ''] = await sessions.setCookies(session)
      expect(mark).toMatch(/^__Host-session\.x=6;/)
      expectNothing(await sessions.open(`${NAME}=${older}; ${NAME}.x=6`), 'destroyed')
    }
  })

  test('C3: regenerate keeps no id, no time and no value that was not named', async () => {
    const { time, sessions, cookieOf } = setUp()
    const planted = await cookieOf({ user: 'mallory', theme: 'dark' })
    time.now += 100
    const session = await sessions.open(planted)
    const { id } = session
    session.regenerate({ keep: ['theme'] })
    session.set('user', 'ada')
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(next.toJSON()).toEqual({ theme: 'dark', user: 'ada' })
    expect(next.id).not.toBe(id)
    expect(next.startedAt).toEqual(new Date((START + 100) * 1000))
    expect((await sessions.open(planted)).get('user')).toBe('mallory')
  })

  test('C6: parallel writers leave one whole session, never a mixture', async () => {
    const limits = { preset: 'node', cookie: 240 } as const
    const { sessions } = setUp({ limits })
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const jar = createJar()
      const write = async (text: string) => {
        const request = jar.request()
        const session = await sessions.open(request)
        session.set('text', text)
        session.set('copy', text)
        return sessions.commit(request, new Response())
      }
      jar.store(await write('start'))
      const responses = [await write('a'.repeat(80)), await write('b'.repeat(180))]
      for (const index of order) jar.store(responses[index] ?? [])
      const session = await sessions.open(jar.request())
      expect(session.get('text')).toBe(order[1] === 0 ? 'a'.repeat(80) : 'b'.repeat(180))
      expect(session.get('copy')).toBe(session.get('text'))
    }
  })

  // Keys

  test('D1: the first secret seals, for every order of the ring, and every other one opens', async () => {
    const ring = [SECRET, OLDER_SECRET, OTHER_SECRET]
    for (const first of ring) {
      for (const second of ring.filter((secret) => secret !== first)) {
        const third = ring.find((secret) => secret !== first && secret !== second) ?? ''
        const secrets = [first, second, third]
        const { sessions, cookieOf, openValue } = setUp({ secrets })
        expect(
          (await setUp({ secrets: first }).sessions.open(await cookieOf({ a: 1 }))).get('a'),
        ).toBe(1)
        for (const secret of secrets) {
          const session = await openValue(await mint(claims(), { secret }))
          expect(session.get('user')).toBe('ada')
          session.set('visits', 1)
          const cookie = pairsOf(await sessions.setCookies(session))
          expect((await setUp({ secrets: first }).sessions.open(cookie)).get('visits')).toBe(1)
        }
        expectNothing(
          await setUp({ secrets: [second, third] }).openValue(
            await mint(claims(), { secret: first }),
          ),
          'unknown-key',
        )
      }
    }
  })

  test('D1: a secret that is not active yet opens, and does not seal', async () => {
    const staged = { secret: SECRET, activeFrom: START + 100 }
    const { time, cookieOf, openValue } = setUp({ secrets: [staged, OLDER_SECRET] })
    expect((await openValue(await mint(claims()))).get('user')).toBe('ada')
    const olderOnly = setUp({ secrets: OLDER_SECRET })
    expect((await olderOnly.sessions.open(await cookieOf({ a: 1 }))).get('a')).toBe(1)
    time.now += 100
    const cookie = await cookieOf({ a: 1 })
    expectNothing(await olderOnly.sessions.open(cookie), 'unknown-key')
  })

  test('D2: secrets that can be guessed are refused', () => {
    const weak = [
      'short',
      'a'.repeat(32),
      'ab'.repeat(32),
      '0123456789'.repeat(5),
      'abcdefghijklmnopqrstuvwxyz0123456789',
      'changeme-changeme-changeme-changeme',
      'keyboard cat keyboard dog keyboard bird',
      'correct horse battery staple and some more',
      'complex_password_at_least_32_characters_long',
      'your-secret-key-here-with-32-characters!',
      'this is a secret which is quite long, really'.replace(',', ''),
      SECRET.slice(0, 31),
      SECRET.slice(0, 16).repeat(4),
      '\u{1f98a}'.repeat(16),
    ]
    for (const secret of weak) {
      expect([secret, refusedOption({ secrets: secret })]).toEqual([secret, 'secrets'])
      expect(refusedOption({ secrets: [SECRET, secret] })).toBe('secrets[1]')
    }
    expect(refusedOption({ secrets: [SECRET, OLDER_SECRET, SECRET] })).toBe('secrets[2]')
    expect(refusedOption({ secrets: randomBytes(32).toString('base64url') })).toBe(
      'nothing was refused',
    )
  })

  test('D3: no secret at all is an error, never an unprotected session', () => {
    const missing = [
      undefined,
      null,
      '',
      ' ',
      ',',
      `${SECRET},`,
      `,${SECRET}`,
      [],
      [''],
      [undefined, SECRET],
      [SECRET, undefined],
      [null],
      [[]],
      [[SECRET]],
      {},
      { keys: [] },
      0,
      false,
      true,
      new Uint8Array(0),
      new Uint8Array(32),
      [new Uint8Array(32)],
    ]
    for (const secrets of missing) expect(refusedOption({ secrets })).toMatch(/^secrets/)
    expect(refusedOption({})).toBe('secrets')
  })

  test('D4: an unknown kid costs no decryption, a known one at most one', async () => {
    const { openValue } = setUp({ secrets: [SECRET, OLDER_SECRET, OTHER_SECRET] })
    await openValue(await mint(claims()))
    const unknown = await mint(claims(), { secret: 'xMzY0PcaC8zc1bQn0eVtWq3dKuRfHs7iLpGjBoEwNyA' })
    const altering = altered(await mint(claims(), { secret: OLDER_SECRET }))
    const { decryptions } = watchCrypto()
    expectNothing(await openValue(unknown), 'unknown-key')
    expect(decryptions()).toBe(0)
    expectNothing(await openValue(altering), 'undecryptable')
    expect(decryptions()).toBe(1)
  })

  test('D4: two secrets with one id are a configuration error', async () => {
    const seen = new Map<string, string>()
    let twins: [string, string] | undefined
    for (let number = 0; twins === undefined; number++) {
      const secret = createHash('sha256').update(`secret ${number}`).digest('base64url')
      const id = secretId(secret)
      const other = seen.get(id)
      if (other !== undefined) twins = [other, secret]
      seen.set(id, secret)
    }
    const { sessions, cookieOf } = setUp({ secrets: twins })
    await expect(cookieOf({ a: 1 })).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    const opening = sessions.open(`${NAME}=${await mint(claims())}`)
    await expect(opening).rejects.toMatchObject({ option: 'secrets' })
  })

  test('D5: junk of any size costs at most one decryption and derives nothing', async () => {
    const { sessions, openValue } = setUp()
    await openValue(await mint(claims()))
    const { decryptions, derivations } = watchCrypto()
    for (const size of [1, 100, 4000, 70_000, 1_000_000]) {
      const junk = base64url(randomBytes(size))
      await openValue(junk)
      await openValue(`16.${junk}`)
      await sessions.unseal(junk)
      expect(decryptions()).toBe(0)
    }
    const [header, , iv, , tag] = parts(await mint(claims()))
    for (const [index, size] of [1, 100, 2500].entries()) {
      await openValue(`${header}..${iv}.${base64url(randomBytes(size))}.${tag}`)
      expect(decryptions()).toBe(index + 1)
    }
    const far = [0, DAY - 8, DAY + 1, DAY + 100, 999_999]
    for (const day of far) await openValue(await mint(claims(), { day }))
    expect(decryptions()).toBe(3)
    expect(derivations()).toBe(0)
  })

  test('D5: the whole length is capped before anything is joined', async () => {
    const { sessions } = setUp()
    const part = 'A'.repeat(4097)
    const names = Array.from({ length: 15 }, (_, index) => `${NAME}.${index + 1}=${part}`)
    expectNothing(await sessions.open(`${NAME}=16.eyJ; ${names.join('; ')}`), 'too-large')
    expectNothing(await sessions.open(`${NAME}=${part}`), 'too-large')
    expectNothing(await sessions.unseal('A'.repeat(16 * 4096 + 1)), 'too-large')
  })

  test('D6: a kid that is meant for a look-up elsewhere is nothing', async () => {
    const { openValue } = setUp()
    const kids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'AAAA']
    for (const id of kids) {
      const header = JSON.stringify({ ...headerOf(), kid: `${id}.${DAY}` })
      expectNothing(await openValue(forge(header, claims())), 'unknown-key')
    }
    const { kid } = headerOf()
    const wrong: readonly unknown[] = [
      '__proto__',
      '../x',
      `../${kid}`,
      {},
      { toString: kid },
      [kid],
      null,
      5,
      true,
      '',
    ]
    for (const value of [
      ...wrong,
      `${kid}\n`,
      `${kid}' OR 1=1`,
      'x'.repeat(200),
      'x'.repeat(100_000),
    ]) {
      const token = forge(JSON.stringify({ ...headerOf(), kid: value }), claims())
      const { rejection } = await openValue(token)
      expect(rejection).toEqual({ reason: token.length > 4096 ? 'too-large' : 'malformed' })
    }
  })

  test('D7: no two tokens have one IV', { timeout: 600_000 }, async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const count = slow ? 1_000_000 : 5000
    const ivs = new Set<string>()
    for (let made = 0; made < count; made++) ivs.add(parts(await sessions.seal(session))[2])
    expect(ivs.size).toBe(count)
  })

  test('D7: the IV comes from the random source: a constant one would be noticed', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await sessions.seal(session)
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => array)
    vi.spyOn(nodeCrypto, 'randomFillSync').mockImplementation((buffer) => buffer)
    const [one, two] = [await sessions.seal(session), await sessions.seal(session)]
    expect(parts(one)[2]).toBe(parts(two)[2])
  })

  test('D7: every day has its own key', async () => {
    const { time, cookieOf } = setUp()
    const kids = new Set<unknown>()
    for (let day = 0; day < 5; day++) {
      time.now = START + day * 86_400
      const [header] = parts((await cookieOf({ a: 1 })).slice(NAME.length + 1))
      kids.add(Reflect.get(JSON.parse(Buffer.from(header, 'base64url').toString()), 'kid'))
    }
    expect([...kids]).toEqual([0, 1, 2, 3, 4].map((day) => `${secretId()}.${DAY + day}`))
  })

  test('D9: nothing that may be logged holds a secret, a token or a value', async () => {
    const marker = 'marker-40c1f2'
    const { sessions, events, cookieOf } = setUp({ secrets: [SECRET, OLDER_SECRET] })
    const cookie = await cookieOf({ user: marker, deep: { [marker]: [marker] } })
    const session = await sessions.open(cookie)
    const response = await sessions.commit(session, new Response())
    await sessions.open(cookie.replace('eyJ', 'eyK'))
    await sessions.open(altered(cookie))
    session.rejection?.reason.toString()
    const big = await sessions.open(null)
    big.set('text', marker.repeat(1000))
    const thrown: unknown = await sessions.setCookies(big).catch((error: unknown) => error)
    const wrong: unknown[] = []
    for (const secrets of [`${SECRET},${SECRET}`, [SECRET, SECRET.slice(0, 20)], [[SECRET]]]) {
      try {
        createSessions(untyped<SessionOptions>({ secrets }))
      } catch (error) {
        wrong.push(error)
      }
    }
    expect(wrong).toHaveLength(3)
    const shown = [
      inspect([sessions, session, big, thrown, events, wrong], { depth: 20, showHidden: true }),
      JSON.stringify([sessions, thrown, events, wrong]),
      [thrown, ...wrong].join(' '),
      inspect([...response.headers]),
    ]
    for (const text of shown) {
      for (const hidden of [marker, SECRET.slice(0, 12), OLDER_SECRET.slice(0, 12), 'eyJ']) {
        expect(text).not.toContain(hidden)
      }
    }
  })

  // Cookies and parts

  test('E1: a count from the client allocates nothing, and only what came is deleted', async () => {
    const { sessions } = setUp()
    for (const count of ['17', '999', '999999', '999999999999999']) {
      const session = await sessions.open(`${NAME}=${count}.eyJ; ${NAME}.3=x; ${NAME}.99=x`)
      expectNothing(session, 'too-large')
      const names = (await sessions.setCookies(session)).map((line) => line.split('=', 1).join())
      expect(names).toEqual([NAME, `${NAME}.3`])
    }
    const twins = await sessions.open(`${NAME}=16.e; ${`${NAME}.1=x; `.repeat(50_000)}`)
    expectNothing(twins, 'incomplete')
    expect(await sessions.setCookies(twins)).toHaveLength(2)
  })

  test('E2: cookies whose names only begin like ours are not ours', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    const token = cookie.slice(NAME.length + 1)
    const names = [
      '2',
      '-old',
      '.',
      '.0',
      '.00',
      '.01',
      '.16',
      '.1.1',
      '.xx',
      '.X',
      '.1 ',
      ' ',
      '[1]',
      '_1',
    ]
    for (const suffix of names) {
      const session = await sessions.open(`${NAME}${suffix}=${token}`)
      expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
      expect((await sessions.open(`${NAME}${suffix}=junk; ${cookie}`)).get('user')).toBe('ada')
    }
    for (const name of [NAME.toLowerCase(), NAME.toUpperCase(), `x${NAME}`, 'session']) {
      expect((await sessions.open(`${name}=${token}`)).rejection).toBeUndefined()
    }
  })

  test('E3: after any sequence of sizes the browser has the last write and nothing else', async () => {
    const { sessions } = setUp({ limits: { preset: 'node', cookie: 240 } })
    const sizes = fc.array(fc.integer({ min: 0, max: 1200 }), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(sizes, async (sequence) => {
      const jar = createJar()
      for (const size of sequence) {
        const request = jar.request()
        ;(await sessions.open(request)).set('text', 'x'.repeat(size))
        const response = await sessions.commit(request, new Response())
        jar.store(response)
        expect((await sessions.open(jar.request())).toJSON()).toEqual({ text: 'x'.repeat(size) })
        const count = Number(/^__Host-session=(?:([0-9]+)\.)?/.exec(jar.header())?.[1] ?? '1')
        expect(jar.names()).toHaveLength(count)
      }
    })
    await fc.assert(property, { numRuns: 60 })
  })

  test('E4: of the same cookie twice the newest valid one wins, in any order', async () => {
    const { sessions } = setUp()
    const older = await mint(claims({ iat: START - 50, d: { user: 'older' } }))
    const newer = await mint(claims({ iat: START - 10, d: { user: 'newer' } }))
    const foreign = await mint(claims({ d: { user: 'foreign' } }), { name: 'other' })
    const junk = 'tossed'
    const openAll = (values: readonly string[]) =>
      sessions.open(values.map((value) => `${NAME}=${value}`).join('; '))
    expect((await openAll([older, newer])).get('user')).toBe('newer')
    expect((await openAll([newer, older])).get('user')).toBe('newer')
    expect((await openAll([junk, older, foreign])).get('user')).toBe('older')
    expect((await openAll([foreign, junk, junk, newer])).get('user')).toBe('newer')
    expectNothing(await openAll([foreign, junk]), 'undecryptable')
    expectNothing(await openAll([junk, foreign]), 'malformed')
  })

  test('E4: parts of two sessions are never mixed, and the work is bounded', async () => {
    const limits = { preset: 'node', cookie: 240 } as const
    const one = (await setUp({ limits }).cookieOf({ text: 'a'.repeat(190) })).split('; ')
    const two = (await setUp({ limits }).cookieOf({ text: 'b'.repeat(190) })).split('; ')
    const { sessions } = setUp({ limits })
    const whole = (session: Session<Data>) => /^(a{190}|b{190})$/.test(String(session.get('text')))
    expect(whole(await sessions.open([...one, ...two].join('; ')))).toBe(true)
    expect(whole(await sessions.open([...two, ...one].join('; ')))).toBe(true)
    for (const mix of [
      [one[0], two[1], one[2]],
      [one[0], one[1], two[2]],
      [two[0], one[1], one[2]],
    ]) {
      expectNothing(await sessions.open(mix.join('; ')), 'undecryptable')
    }
    const { decryptions } = watchCrypto()
    const many = Array.from({ length: 200 }, (_, index) => altered(one[index % 3] ?? ''))
    expect((await sessions.open(many.join('; '))).isEmpty).toBe(true)
    expect(decryptions()).toBeLessThanOrEqual(4)
  })

  test('E5: only space and tab are trimmed; a name is compared byte for byte', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    for (const blank of ['', ' ', '\t', ' \t ']) {
      expect((await sessions.open(`a=1;${blank}${cookie}${blank};b=2`)).get('user')).toBe('ada')
    }
    const unicode = [
      '\u00a0',
      '\u1680',
      '\u2003',
      '\u2028',
      '\u202f',
      '\u3000',
      '\ufeff',
      '\u0085',
      '\v',
      '\f',
    ]
    for (const blank of [...unicode, '\n', '\r', '\u0000', '\u200b']) {
      const before = await sessions.open(`${blank}${cookie}`)
      expect([before.isEmpty, before.rejection]).toEqual([true, undefined])
      const between = await sessions.open(cookie.replace('=', `${blank}=`))
      expect([between.isEmpty, between.rejection]).toEqual([true, undefined])
      expectNothing(await sessions.open(`${cookie}${blank}`), 'malformed')
    }
    const spaced = await sessions.open(cookie.replace('=', ' ='))
    expect([spaced.isEmpty, spaced.rejection]).toEqual([true, undefined])
  })

  test('E6: a percent-encoded name is not ours, and no value is decoded', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    for (const name of [
      '%5F%5FHost-session',
      '__Host%2Dsession',
      '__Host-sessio%6E',
      '+__Host-session',
    ]) {
      const session = await sessions.open(cookie.replace(NAME, name))
      expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
    }
    expectNothing(await sessions.open(cookie.replace('..', '%2E%2E')), 'malformed')
  })

  test('E7: quotes, versions, nameless cookies and empty pairs are harmless', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    const token = cookie.slice(NAME.length + 1)
    const harmless = [
      `$Version=1; ${cookie}; $Path=/; $Domain=example.test`,
      `;;;${cookie};;;`,
      `=; ${cookie}; =x`,
      `a="1; ${cookie}`,
      `a="; ${cookie}; b="`,
      `name; ${cookie}; value`,
      `=${NAME}=junk; ${cookie}`,
    ]
    for (const header of harmless) expect((await sessions.open(header)).get('user')).toBe('ada')
    for (const header of [
      `=${NAME}=${token}`,
      `==${NAME}=${token}`,
      `a="; ${NAME} ${token}"`,
      NAME,
    ]) {
      expect((await sessions.open(header)).isEmpty).toBe(true)
    }
    expectNothing(await sessions.open(`${NAME}="${token}"`), 'malformed')
  })

  // A way of reading that is quadratic takes minutes, and ends by the time-out.
  test('E8: a header of two megabytes is read in linear time', { timeout: 30_000 }, async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    const units = [
      ';',
      '=',
      ' ',
      '\t',
      '; ',
      '=;',
      '"',
      '%',
      NAME,
      `${NAME};`,
      `${NAME}.`,
      'a=b;',
      `${NAME}.1=`,
    ]
    for (const unit of units) {
      const header = `${unit.repeat(2_000_000 / unit.length)};${cookie}`
      const session = await sessions.open(header)
      expect([unit, session.get('user')]).toEqual([unit, 'ada'])
    }
  })

  test('E9: cookies with the names of what objects inherit are cookies like others', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0']
    const others = names.map((name) => `${name}=x`).join('; ')
    expect((await sessions.open(`${others}; ${cookie}; ${others}`)).get('user')).toBe('ada')
    for (const name of names) {
      const named = setUp({ cookie: { name } })
      const jar = await named.cookieOf({ user: name })
      expect(jar.startsWith(`${name}=eyJ`)).toBe(true)
      expect((await named.sessions.open(`${others}; ${jar}`)).get('user')).toBe(name)
    }
    expect(Reflect.get({}, 'x')).toBeUndefined()
  })

  test('E10: a name, path or domain that could begin another attribute is refused', () => {
    const inject = [
      ';',
      '\r\n',
      '\n',
      ',\r',
      '\u0000',
      '; Secure',
      '\u007f',
      'é',
      '\u2028',
      '\u{1f98a}',
    ]
    for (const text of inject) {
      expect(refusedOption({ secrets: SECRET, cookie: { name: `a${text}b` } })).toBe('cookie.name')
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', path: `/a${text}b` } })).toBe(
        'cookie.path',
      )
      const domain = `a${text}b.test`
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', domain } })).toBe(
        'cookie.domain',
      )
    }
    for (const name of [
      '',
      ' ',
      'a b',
      'a=b',
      'a,b',
      '"a"',
      'a.1',
      'a.x',
      'x'.repeat(65),
      5,
      null,
    ]) {
      const refused = refusedOption({ secrets: SECRET, cookie: { name } })
      if (name !== null) expect(refused).toBe('cookie.name')
    }
    for (const path of ['', 'a', 'http://x/', '/a ', 5, `/${'x'.repeat(2000)}`]) {
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', path } })).toBe('cookie.path')
    }
    for (const domain of ['', '.example.test', 'a..b', 'a:80', '127.0.0.1', '-a.test', 'a b', 5]) {
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', domain } })).toBe(
        'cookie.domain',
      )
    }
  })

  test('E10: what is written reads back as exactly the options', async () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
    const property = fc.asyncProperty(
      fc.stringMatching(/^[!#$%&'*+\-^_`|~0-9A-Za-z]{1,40}$/),
      fc.stringMatching(/^\/[\x21-\x3a\x3d-\x7e]{0,40}$/),
      fc.tuple(label, fc.constant('test')).map((labels) => labels.join('.')),
      fc.constantFrom('lax', 'strict', 'none'),
      fc.constantFrom('low', 'medium', 'high', undefined),
      fc.boolean(),
      async (name, path, domain, sameSite, priority, persistent) => {
        fc.pre(!/^__(host|secure|http)-/i.test(name))
        const cookie: CookieOptions = { name, path, domain, sameSite, priority, persistent }
        const { sessions } = setUp({ cookie })
        const session = await sessions.open(null)
        session.set('a', 1)
        const [line = '', ...more] = await sessions.setCookies(session)
        expect(more).toEqual([])
        const parsed = Cookie.parse(line)
        expect(parsed).toMatchObject({
          key: name,
          path,
          domain,
          sameSite,
          secure: true,
          httpOnly: true,
        })
        expect(parsed?.maxAge).toBe(persistent ? 86_400 : null)
        const left = line
          .split('; ')
          .slice(1)
          .map((attribute) => attribute.split('=', 1).join())
        const expected = ['Path', 'Domain', 'SameSite', 'Secure', 'HttpOnly']
        if (persistent) expected.push('Max-Age')
        if (priority !== undefined) expected.push('Priority')
        expect(left.toSorted()).toEqual(expected.toSorted())
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })

  test('E11: what browsers would drop in silence is a configuration error', () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ name: '__Host-a', path: '/app' }, 'cookie.path'],
      [{ name: '__Host-a', domain: 'example.test' }, 'cookie.domain'],
      [{ name: '__Host-a', secure: false }, 'cookie.secure'],
      [{ name: '__host-a', secure: false }, 'cookie.secure'],
      [{ name: '__HOST-a', path: '/app' }, 'cookie.path'],
      [{ name: '__Secure-a', secure: false }, 'cookie.secure'],
      [{ name: '__sEcUrE-a', secure: false }, 'cookie.secure'],
      [{ path: '/app' }, 'cookie.path'],
      [{ domain: 'example.test' }, 'cookie.domain'],
      [{ secure: false }, 'cookie.secure'],
      [{ name: 'a', sameSite: 'none', secure: false }, 'cookie.secure'],
      [{ name: 'a', partitioned: true, secure: false }, 'cookie.secure'],
      [{ name: 'a', sameSite: 'None' }, 'cookie.sameSite'],
      [{ name: 'a', sameSite: false }, 'cookie.sameSite'],
      [{ name: 'a', secure: 'false' }, 'cookie.secure'],
      [{ name: 'a', httpOnly: false }, 'cookie.httpOnly'],
      [{ name: 'a', maxAge: 5 }, 'cookie.maxAge'],
    ]
    for (const [cookie, option] of wrong)
      expect(refusedOption({ secrets: SECRET, cookie })).toBe(option)
  })

  test('E12: a session that does not fit is refused before anything is written', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(50_000))
    const response = new Response('page', { headers: { 'set-cookie': 'own=1' } })
    const commit = sessions.commit(session, response)
    await expect(commit).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect(response.headers.getSetCookie()).toEqual(['own=1'])
    expect(response.headers.get('vary')).toBeNull()
  })

  test("E13: every cookie has a line of its own, and the application's own are kept", async () => {
    const { sessions } = setUp({ limits: { preset: 'node', cookie: 240 } })
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(190))
    const response = new Response(null, { status: 204 })
    response.headers.append('Set-Cookie', 'own=1; Expires=Thu, 01 Jan 2032 00:00:00 GMT')
    response.headers.append('Set-Cookie', 'other=2')
    const { headers } = await sessions.commit(session, response)
    const lines = headers.getSetCookie()
    expect(lines.slice(0, 2)).toEqual(['own=1; Expires=Thu, 01 Jan 2032 00:00:00 GMT', 'other=2'])
    expect(lines).toHaveLength(5)
    for (const line of lines.slice(2)) expect(line.match(/__Host-session/g)).toHaveLength(1)
  })

  test('E14: the parts may come in either of two Cookie headers', async () => {
    const { sessions, cookieOf } = setUp({ limits: { preset: 'node', cookie: 240 } })
    const [one = '', two = '', three = ''] = (await cookieOf({ text: 'x'.repeat(190) })).split('; ')
    const headers = new Headers()
    headers.append('cookie', `${two}; a=1`)
    headers.append('cookie', `${three}; ${one}`)
    for (const source of [
      headers,
      { headers: { cookie: [two, `${one}; ${three}`] } },
      { headers: {}, cookies: [three, two, one] },
    ]) {
      expect((await sessions.open(source)).get('text')).toBe('x'.repeat(190))
    }
  })

  // Caches, leakage, payload

  test('F1: whoever sets or deletes a cookie forbids every cache to keep the response', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    const acts: readonly ((session: Session<Data>) => void)[] = [
      (session) => session.set('user', 'eve'),
      (session) => session.clear(),
      (session) => session.destroy(),
      (session) => session.touch(),
    ]
    for (const act of acts) {
      for (const said of ['public, max-age=600', 's-maxage=60', 'no-cache', '']) {
        const session = await sessions.open(cookie)
        act(session)
        const init = { 'cache-control': said, 'cdn-cache-control': 'max-age=600' }
        const { headers } = await sessions.commit(session, new Response('', { headers: init }))
        expect(headers.getSetCookie().length).toBeGreaterThan(0)
        expect(headers.get('cache-control')).toBe('private, no-store')
        expect(headers.get('cdn-cache-control')).toBeNull()
      }
    }
    const bad = await sessions.open(`${NAME}=junk`)
    const { headers } = await sessions.commit(bad, new Response())
    expect(headers.get('cache-control')).toBe('private, no-store')
  })

  test('F2: a response that a session was read for varies on the cookie', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf({ user: 'ada' })
    for (const [said, expected] of [
      [undefined, 'Cookie'],
      ['Accept', 'Accept, Cookie'],
      ['accept, COOKIE', 'accept, COOKIE'],
      ['*', '*'],
      ['Set-Cookie', 'Set-Cookie, Cookie'],
    ] as const) {
      for (const header of [cookie, null]) {
        const session = await sessions.open(header)
        session.get('user')
        const init = said === undefined ? {} : { headers: { vary: said } }
        const { headers } = await sessions.commit(session, new Response('', init))
        expect(headers.get('vary')).toBe(expected)
        expect(headers.getSetCookie()).toEqual([])
      }
    }
  })

  test('F3: a thousand interleaved requests see only their own session', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap(async (request, session) => {
      const user = new URL(request.url).searchParams.get('user') ?? ''
      for (let pause = user.length + (Number(user) % 7); pause > 0; pause--) await Promise.resolve()
      const before = session.get('user', user)
      session.set('user', user)
      await Promise.resolve()
      return Response.json({ before, data: session.toJSON() })
    })
    const visits = Array.from({ length: 1000 }, async (_, index) => {
      const url = `https://example.test/?user=${index}`
      const first = await handler(new Request(url))
      const cookie = pairsOf(first.headers.getSetCookie())
      const second = await handler(new Request(url, { headers: { cookie } }))
      expect(second.headers.getSetCookie()).toEqual([])
      const user = String(index)
      expect(await second.json()).toEqual({ before: user, data: { user } })
    })
    expect(await Promise.all(visits)).toHaveLength(1000)
  })

  test('G1: what comes back is plain JSON, whatever it looks like', async () => {
    const { openValue, sessions, cookieOf } = setUp()
    const tempting: Data = {
      a: { __type: 'Date', value: 0 },
      b: '_$$ND_FUNC$$_function(){}()',
      c: { json: {}, meta: { values: {} } },
      d: { $date: '2026-01-01' },
      e: '[{"a":1}]',
      f: { constructor: 'x', valueOf: 'y' },
    }
    const session = await sessions.open(await cookieOf(tempting))
    expect(session.toJSON()).toEqual(tempting)
    expect(Object.getPrototypeOf(session.get('a'))).toBe(Object.prototype)
    const text = devalue.stringify({ user: 'ada' })
    expectNothing(await openValue(await mint(claims({ d: text }))), 'invalid-data')
  })

  test('G2: no key pollutes a prototype, nested ones neither, written or read', async () => {
    const hostile =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
      '"nested":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},' +
      '"list":[{"__proto__":{"polluted":1}}]}'
    const { openValue, sessions } = setUp()
    const payload = claims({ d: 0 }).replace('"d":0', `"d":${hostile}`)
    const session = await openValue(await mint(payload))
    expect(session.keys()).toEqual(['__proto__', 'constructor', 'nested', 'list'])
    expect(JSON.stringify(session)).toBe(hostile)
    session.set('more', JSON.parse(hostile))
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(JSON.stringify(next.get('more'))).toBe(hostile)
    for (const object of [{}, [], next.toJSON(), next, () => 1]) {
      expect(Reflect.get(object, 'polluted')).toBeUndefined()
    }
  })

  function nested(depth: number): unknown {
    let value: unknown = 1
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { v: value }
    return value
  }

  test('G3: what nests too deep is a SessionDataError on write and nothing on read, never a RangeError', async () => {
    const { sessions, openValue, cookieOf } = setUp({ limits: 'browsers' })
    const session = await sessions.open(null)
    for (const depth of [100, 101, 1000, 100_000]) {
      expect(() => session.set('deep', nested(depth))).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
      )
    }
    expect(session.isEmpty).toBe(true)
    const deepest = { deep: nested(99) }
    expect((await sessions.open(await cookieOf(deepest))).toJSON()).toEqual(deepest)
    for (const depth of [100, 150, 2500]) {
      const text = `{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`
      const limit = depth > 1000 ? 'unseal' : 'open'
      const purpose = limit === 'unseal' ? 'token' : 'cookie'
      const token = await mint(claims({ d: 0 }).replace('"d":0', `"d":${text}`), { purpose })
      const read = limit === 'unseal' ? await sessions.unseal(token) : await openValue(token)
      expectNothing(read, 'invalid-data')
    }
  })

  test('G4: what JSON would change in silence is refused, with its path', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const cycle: unknown[] = []
    cycle.push({ cycle })
    const withGetter = Object.defineProperty({}, 'x', { get: () => 1, enumerable: true })
    const hidden = Object.defineProperty({}, 'x', { value: 1, enumerable: false })
    const sparse: unknown[] = [1]
    sparse.length = 3
    const values: readonly (readonly [unknown, string])[] = [
      [new Date(0), ''],
      [new Map(), ''],
      [new Set(), ''],
      [new Error('x'), ''],
      [/x/, ''],
      [new Uint8Array(2), ''],
      [new URL('https://example.test'), ''],
      [Promise.resolve(), ''],
      [Object('boxed'), ''],
      [1n, ''],
      [undefined, ''],
      [Number.NaN, ''],
      [Infinity, ''],
      [-0, ''],
      [Symbol('s'), ''],
      [() => 1, ''],
      ['\ud800', ''],
      ['x\udc00y', ''],
      [{ toJSON: () => 1 }, '.toJSON'],
      [cycle, '[0].cycle'],
      [withGetter, '.x'],
      [hidden, '.x'],
      [sparse, '[1]'],
      [{ [Symbol('s')]: 1 }, ''],
      [{ '\ud800': 1 }, ''],
      [{ a: [{ b: undefined }] }, '.a[0].b'],
      [{ 'a b': 1n }, '["a b"]'],
    ]
    for (const [value, path] of values) {
      expect(() => session.set('v', value)).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA', path: `v${path}` }),
      )
    }
    expect(session.isEmpty).toBe(true)
    expect(() => session.set('\ud800', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
  })

  test('G5: equal lengths in, equal lengths out: nothing is compressed', async () => {
    const { cookieOf } = setUp()
    const lengths = new Set<number>()
    for (const text of [
      'x'.repeat(600),
      randomBytes(450).toString('base64url'),
      'ab'.repeat(300),
    ]) {
      lengths.add((await cookieOf({ token: 'secret-value', text })).length)
    }
    expect(lengths.size).toBe(1)
    const longer = await cookieOf({ token: 'secret-value', text: 'x'.repeat(603) })
    expect([longer.length - 4]).toEqual([...lengths])
  })

  test("G7: the application's keys and the session's own members cannot meet", async () => {
    const { time, sessions, cookieOf } = setUp()
    const names = ['jti', 'iat', 'exp', 'nbf', 'out', 'd', 'id', 'startedAt', 'expiresAt', 'data']
    const data = Object.fromEntries(names.map((name) => [name, 9_999_999_999]))
    const cookie = await cookieOf(data)
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual(data)
    expect(session.id).toMatch(/^[\w-]{22}$/)
    expect(session.startedAt).toEqual(new Date(START * 1000))
    expect(session.expiresAt).toEqual(new Date((START + 86_400) * 1000))
    time.now += 86_405
    expectNothing(await sessions.open(cookie), 'idle')
  })

  test('G7: a serializer whose text looks like claims cannot change them', async () => {
    const text = '{}},"exp":9999999999,"d":{"user":"admin"}'
    const serializer = { stringify: () => text, parse: (read: string) => ({ read }) }
    const { sessions, cookieOf, time } = setUp({ serializer })
    const cookie = await cookieOf({ user: 'ada' })
    expect((await sessions.open(cookie)).toJSON()).toEqual({ read: text })
    time.now += 86_405
    expectNothing(await sessions.open(cookie), 'idle')
  })
})

// The list itself

test('every row of threats.md has a test here, and every test a row', () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
  const rows = [...read('threats.md').matchAll(/^\| ([A-G]\d+) /gm)].map(([, id = '']) => id)
  const titles = read('security.test.ts').matchAll(
    /^\s*(?:test(?:\.each\(.*\))?\()?\s*['"]([A-G]\d+): /gm,
  )
  const tested = new Set([...titles].map(([, id = '']) => id))
  expect(rows.length).toBeGreaterThan(50)
  expect(new Set(rows).size).toBe(rows.length)
  expect(tested).toEqual(new Set(rows))
})

/** The same token with one character of its ciphertext changed. */
function altered(token: string): string {
  const at = token.length - 30
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}
