// Tokens that no server issued. Rows A1 to A20 of threats.md. "Rejected" means an empty session
// with a reason and no exception; no content of the cookie is used.

import { generateKeyPairSync } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { CompactEncrypt, FlattenedEncrypt, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { alter } from '../support/alterations.ts'
import {
  ENGINES,
  THREE_COOKIES,
  expectNothing,
  splitFields,
  refusedOption,
  setUpAttack,
  useEngine,
  watchCrypto,
  watchParser,
} from '../support/attacks.ts'
import {
  DAY,
  ID,
  NAME,
  OTHER_SECRET,
  SECRET,
  START,
  base64url,
  dayKey,
  dayOf,
  forge,
  headerOf,
  kidOf,
  mint,
  mintAt,
  mintTicket,
  mintToken,
  payload,
  secretId,
  toToken,
  untyped,
} from '../support/mint.ts'

const TODAY = dayOf(START)
const HEADER = JSON.stringify(headerOf())

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('A1: a value that was never encrypted is rejected, and never parsed', async () => {
    const { openValue, sessions } = setUpAttack()
    const data = JSON.stringify({ user: 'admin' })
    const key = Buffer.from(SECRET)
    const values = [
      data,
      encodeURIComponent(data),
      Buffer.from(data).toString('base64'),
      base64url(data),
      base64url(payload()),
      `${kidOf()}.${base64url(payload())}`,
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
    await openValue(mint())
    const parsed = watchParser()
    const { decryptions } = watchCrypto()
    for (const value of values) {
      expectNothing(await openValue(value), 'malformed')
      expectNothing(await sessions.unseal(value), 'malformed')
    }
    expect(parsed()).toEqual([])
    expect(decryptions()).toBe(0)
  })

  test('A1: an altered value is never parsed either, and a valid one is', async () => {
    const { openValue, sessions } = setUpAttack()
    const [value, token] = [mint(), mintToken()]
    const parsed = watchParser()
    expectNothing(await openValue(alter(value)), 'undecryptable')
    expectNothing(await sessions.unseal(alter(token)), 'undecryptable')
    expect(parsed()).toEqual([])
    expect((await openValue(value)).get('user')).toBe('ada')
    expect((await sessions.unseal(token)).get('user')).toBe('ada')
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

  test('A2: tokens of other algorithms are rejected, even under our own secret', async () => {
    const { openValue, sessions } = setUpAttack()
    const text = new TextEncoder().encode(payload())
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { kid } = headerOf()
    const enc = 'A256GCM'
    const key = dayKey({ purpose: 'token' })
    const encrypt = (
      alg: string,
      encryption: string,
      under: Parameters<CompactEncrypt['encrypt']>[0],
    ) => new CompactEncrypt(text).setProtectedHeader({ alg, enc: encryption, kid }).encrypt(under)
    const tokens = [
      await encrypt('RSA-OAEP', enc, publicKey),
      await encrypt('ECDH-ES', enc, ec.publicKey),
      await encrypt('A256KW', enc, key),
      await encrypt('A256GCMKW', enc, key),
      await encrypt('PBES2-HS256+A128KW', enc, key),
      await encrypt('dir', 'A128CBC-HS256', key),
      forge(JSON.stringify({ alg: 'none', enc, kid }), payload(), { purpose: 'token' }),
      forge(JSON.stringify({ alg: 'DIR', enc, kid }), payload(), { purpose: 'token' }),
      forge(JSON.stringify({ alg: 'dir', enc: 'none', kid }), payload(), { purpose: 'token' }),
    ]
    const { decryptions } = watchCrypto()
    for (const token of tokens) {
      expectNothing(await sessions.unseal(token), 'malformed')
      expectNothing(await openValue(token), 'malformed')
    }
    expect(decryptions()).toBe(0)
  })

  test('A3: a payload under the right key that is not of our form is rejected', async () => {
    const { openValue } = setUpAttack()
    const inner = new UnsecuredJWT({ user: 'admin' }).encode()
    const whole: readonly unknown[] = JSON.parse(payload())
    const payloads = [
      '',
      'null',
      '5',
      '"text"',
      JSON.stringify(inner),
      inner,
      mint(),
      `[${payload()}]`,
      '[]',
      '{}',
      JSON.stringify({ id: ID, sealed: 1, life: 1, age: 0, data: {} }),
      JSON.stringify(whole.slice(0, 4)),
      JSON.stringify([...whole, {}, {}]),
      `${payload()} x`,
      `\ufeff${payload()}`,
      payload({ id: null }),
      payload({ id: 5 }),
      payload({ id: 'short' }),
      payload({ id: 'A'.repeat(23) }),
      payload({ id: 'AAECAwQFBgcICQoLDA0OD=' }),
      ...[null, [], 5, 'text', {}, { v: 2 }, { t: 1, admin: true }].map((more) =>
        payload({ more }),
      ),
      ...[null, '', 'abc', 'abcde', 5, ['abcd'], 'ab d', 'abcd'.repeat(6)].map((o) =>
        payload({ more: { o } }),
      ),
      ...[null, '', 5, 'a b', 'x'.repeat(33)].map((l) => payload({ more: { l } })),
    ]
    for (const text of payloads) expectNothing(await openValue(mint(text)), 'malformed')
    const unreadable = [
      ...[null, 5, 'text', [], [['user', 'admin']], true].map((data) => ({ data })),
      ...[null, [], 'text', { a: {} }, { a: [1, {}] }].map((s) => ({ more: { s } })),
      ...[null, {}, 'text', ['a'], [[1, 2]], [['a', 1, 2]]].map((f) => ({ more: { f } })),
      ...[null, 'short', 5].map((c) => ({ more: { c } })),
      ...[null, 0, '1', true].map((t) => ({ more: { t } })),
    ]
    for (const changes of unreadable) {
      expectNothing(await openValue(mint(payload(changes))), 'invalid-data')
    }
  })

  test('A3: bytes that are not UTF-8 are rejected, even under the right key', async () => {
    const { openValue, sessions } = setUpAttack()
    const broken = Buffer.from(payload({ data: { user: 'XX' } }))
    broken[broken.indexOf('XX')] = 0xff
    expectNothing(await openValue(mint(broken)), 'undecryptable')
    expectNothing(await sessions.unseal(mintToken(broken)), 'undecryptable')
  })

  test('A3: a header for another content is rejected, even under the right key', async () => {
    const { sessions } = setUpAttack()
    for (const member of [{ cty: 'JWT' }, { typ: 'JWT' }, { crit: ['exp'], exp: 1 }, { p2c: 1 }]) {
      const header = JSON.stringify({ ...headerOf(), ...member })
      const token = forge(header, payload(), { purpose: 'token' })
      expectNothing(await sessions.unseal(token), 'malformed')
    }
  })

  test('A4: signed tokens and the JSON serialisations are rejected, before any crypto', async () => {
    const { openValue, sessions } = setUpAttack()
    const text = new TextEncoder().encode(payload())
    const flattened = await new FlattenedEncrypt(text)
      .setProtectedHeader({ ...headerOf() })
      .encrypt(dayKey({ purpose: 'token' }))
    const { ciphertext, ...common } = flattened
    const signed = await new SignJWT({ d: {} }).setProtectedHeader({ alg: 'HS256' }).sign(dayKey())
    const tokens = [
      signed,
      JSON.stringify(flattened),
      base64url(JSON.stringify(flattened)),
      JSON.stringify({ ...common, ciphertext, recipients: [{}] }),
    ]
    const { decryptions, derivations } = watchCrypto()
    for (const token of tokens) {
      expectNothing(await openValue(token), 'malformed')
      expectNothing(await sessions.unseal(token), 'malformed')
    }
    expect([decryptions(), derivations()]).toEqual([0, 0])
  })

  test('A5: another number of fields than five, an empty field, or an encrypted key is rejected', async () => {
    const { openValue, sessions } = setUpAttack()
    const value = mint()
    const [id, day, iv, ciphertext, tag] = splitFields(value)
    const values = [
      id,
      `${id}.`,
      `${id}.${day}`,
      `${id}.${day}.${iv}`,
      `${id}.${day}.${iv}.${ciphertext}`,
      `${value}.`,
      `${value}.${tag}`,
      `${value}..`,
      `.${value}`,
      `${id}.${day}..${ciphertext}.${tag}`,
      `${id}.${day}.${iv}..${tag}`,
      `${id}.${day}.${iv}.${ciphertext}.`,
      `${id}..${iv}.${ciphertext}.${tag}`,
      `.${day}.${iv}.${ciphertext}.${tag}`,
      '....',
      '.',
    ]
    const token = mintToken()
    const [header, , ...sealed] = token.split('.')
    const tokens = [
      ...values,
      header,
      `${header}..`,
      `${header}..${iv}`,
      `${token}.`,
      `.${token}`,
      `${header}...${ciphertext}.${tag}`,
      `..${sealed.join('.')}`,
      `${header}.AAAA.${sealed.join('.')}`,
      `${header}.${base64url(dayKey())}.${sealed.join('.')}`,
    ]
    const { decryptions } = watchCrypto()
    for (const wrong of values) expectNothing(await openValue(wrong), 'malformed')
    for (const wrong of tokens) expectNothing(await sessions.unseal(wrong), 'malformed')
    expect(decryptions()).toBe(0)
  })

  test('A6: a tag of another length is rejected', async () => {
    const { openValue, sessions } = setUpAttack()
    const value = mint()
    const [id, day, iv, ciphertext, tag] = splitFields(value)
    const bytes = Buffer.from(tag, 'base64url')
    const { decryptions } = watchCrypto()
    for (const length of [...Array.from({ length: 16 }, (_, i) => i), 17, 18, 32]) {
      const other = Buffer.concat([bytes, bytes, bytes]).subarray(0, length)
      const wrong = `${id}.${day}.${iv}.${ciphertext}.${base64url(other)}`
      expectNothing(await openValue(wrong), 'malformed')
      expectNothing(await sessions.unseal(toToken(wrong)), 'malformed')
    }
    expect(decryptions()).toBe(0)
  })

  test('A6: a boundary between ciphertext and tag, or IV and ciphertext, moved by one, is rejected', async () => {
    const { openValue } = setUpAttack()
    const [id, day, iv, ciphertext, tag] = splitFields(mint())
    const whole = Buffer.concat(
      [iv, ciphertext, tag].map((field) => Buffer.from(field, 'base64url')),
    )
    const cut = (first: number, last: number) =>
      [whole.subarray(0, first), whole.subarray(first, -last), whole.subarray(-last)]
        .map(base64url)
        .join('.')
    expect((await openValue(`${id}.${day}.${cut(12, 16)}`)).get('user')).toBe('ada')
    for (const [first, last] of [
      [11, 16],
      [13, 16],
      [12, 15],
      [12, 17],
      [11, 17],
      [13, 15],
    ] as const) {
      expectNothing(await openValue(`${id}.${day}.${cut(first, last)}`), 'malformed')
    }
  })

  // Every flipped bit, cut and exchange of fields: tampering.test.ts, for both engines too.
  test('A7: a value of another implementation opens, so the authenticated bytes are the standard ones', async () => {
    const { openValue, sessions } = setUpAttack()
    expect((await openValue(mint())).toJSON()).toEqual({ user: 'ada' })
    const token = forge(HEADER, payload(), { purpose: 'token' })
    expect((await sessions.unseal(token)).toJSON()).toEqual({ user: 'ada' })
  })

  test('A8: every field that controls reading is authenticated, or can only cause a rejection', async () => {
    const { openValue, sessions } = setUpAttack({ secrets: [SECRET, OTHER_SECRET] })
    const [, , ...sealed] = splitFields(mint())
    const under = (id: string, day: number | string) => openValue([id, day, ...sealed].join('.'))
    expect((await under(secretId(), TODAY)).get('user')).toBe('ada')
    expectNothing(await under(secretId(OTHER_SECRET), TODAY), 'undecryptable')
    expectNothing(await under(secretId(), TODAY - 1), 'undecryptable')
    expectNothing(await under(secretId(), TODAY - 8), 'expired')
    expectNothing(await under(secretId(), TODAY + 1), 'not-yet-valid')
    expectNothing(await under(secretId(), `0${TODAY}`), 'malformed')
    expectNothing(await under('AAAA', TODAY), 'unknown-key')

    const [, , ...parts] = mintToken().split('.')
    const unseal = (header: unknown) =>
      sessions.unseal([base64url(JSON.stringify(header)), '', ...parts].join('.'))
    const { alg, enc, kid } = headerOf()
    expect((await unseal({ alg, enc, kid })).get('user')).toBe('ada')
    expectNothing(await unseal({ alg, enc, kid: `AAAA.${TODAY}` }), 'unknown-key')
    expectNothing(await unseal({ alg, enc }), 'malformed')
    expectNothing(await unseal({ kid, enc, alg }), 'malformed')
    expectNothing(await unseal({ alg, enc, kid, v: 2 }), 'malformed')
  })

  test('A8: only the count of parts that was written opens', async () => {
    const { sessions, cookieWith } = setUpAttack({ limits: THREE_COOKIES })
    const cookie = await cookieWith({ text: 'x'.repeat(190) })
    const recount = (count: string) => sessions.open(cookie.replace('=3.', `=${count}`))
    expect((await recount('3.')).isEmpty).toBe(false)
    expectNothing(await recount('2.'), 'malformed')
    expectNothing(await recount('4.'), 'incomplete')
    for (const count of ['', '0.', '1.', '03.', '3', '-3.', '3.0.', '+3.', '0x3.']) {
      expectNothing(await recount(count), 'malformed')
    }
    expectNothing(await recount('17.'), 'too-large')
  })

  test('A8: a day key seals only for its own day, whatever the payload says', async () => {
    const { openValue } = setUpAttack()
    const yesterday = await openValue(mint(payload(), { day: TODAY - 1 }))
    expect(yesterday.startedAt).toEqual(new Date((START - DAY) * 1000))
    for (const sealed of [-1, DAY, START]) {
      expectNothing(await openValue(mint(payload({ sealed }))), 'malformed')
    }
  })

  test('A9: a session of another cookie name is rejected, whole and in parts, in both directions', async () => {
    const limits = THREE_COOKIES
    const main = setUpAttack({ limits })
    const side = setUpAttack({ limits, cookie: { name: '__Host-sessioz' } })
    for (const size of [1, 190]) {
      const mine = await main.cookieWith({ text: 'x'.repeat(size) })
      const theirs = await side.cookieWith({ text: 'x'.repeat(size) })
      const asMine = theirs.replaceAll('__Host-sessioz', NAME)
      const asTheirs = mine.replaceAll(NAME, '__Host-sessioz')
      expectNothing(await main.sessions.open(asMine), 'undecryptable')
      expectNothing(await side.sessions.open(asTheirs), 'undecryptable')
      expect((await main.sessions.open(`${mine}; ${theirs}`)).isEmpty).toBe(false)
      if (size === 1) continue
      const mixed = mine.replace(
        /session\.1=[^;]+/,
        `session.1=${/z\.1=([^;]+)/.exec(theirs)?.[1]}`,
      )
      expectNothing(await main.sessions.open(mixed), 'undecryptable')
    }
  })

  test('A10: a value that was sealed for one purpose is rejected for another', async () => {
    const { sessions, openValue } = setUpAttack()
    const session = await sessions.open(null)
    session.set('user', 'whatever the attacker may have sealed')
    const token = await sessions.seal(session)
    const [, , ...sealed] = token.split('.')
    expectNothing(await openValue(token), 'malformed')
    expectNothing(await openValue([kidOf(), ...sealed].join('.')), 'undecryptable')

    const value = mint()
    expectNothing(await sessions.unseal(value), 'malformed')
    expectNothing(await sessions.unseal(toToken(value)), 'undecryptable')
    expectNothing(await openValue(mintTicket(START)), 'undecryptable')
    expectNothing(await sessions.unseal(toToken(mintTicket(START))), 'undecryptable')
    expect((await openValue(value)).get('user')).toBe('ada')

    const link = await sessions.seal(session, 'reset')
    for (const purpose of [undefined, 'api', 'reset x', 'Reset']) {
      expectNothing(await sessions.unseal(link, purpose), 'undecryptable')
    }
    expectNothing(await sessions.unseal(token, 'reset'), 'undecryptable')
    expect((await sessions.unseal(link, 'reset')).isEmpty).toBe(false)
  })

  test('S5: unseal of a value that is no string is an empty session, and calls no toString', async () => {
    const { sessions } = setUpAttack()
    const token = mintToken()
    const asked = vi.fn(() => token)
    const values: readonly unknown[] = [
      [token],
      { toString: asked },
      { valueOf: asked, [Symbol.toPrimitive]: asked },
      Object(token),
      new URLSearchParams(token),
      Buffer.from(token),
      Promise.resolve(token),
      () => token,
      Symbol(token),
      5,
      0n,
      true,
      false,
      NaN,
      {},
    ]
    for (const value of values) {
      expectNothing(await sessions.unseal(untyped<string>(value)), 'malformed')
      expectNothing(await sessions.unseal(untyped<string>(value), 'reset'), 'malformed')
    }
    expect(asked).not.toHaveBeenCalled()
    for (const nothing of [undefined, null, '']) {
      expect((await sessions.unseal(nothing)).rejection).toBeUndefined()
    }
    for (const purpose of ['', 5, null, {}, ['reset'], '\ud800']) {
      const unsealing = sessions.unseal(token, untyped<string>(purpose))
      await expect(unsealing).rejects.toMatchObject({ option: 'purpose' })
    }
  })

  test('A11: two tenants that share a secret but no cookie name do not share sessions', async () => {
    const one = setUpAttack({ cookie: { name: '__Host-tenant-a' } })
    const two = setUpAttack({ cookie: { name: '__Host-tenant-b' } })
    const cookie = await one.cookieWith({ user: 'ada' })
    expectNothing(await two.sessions.open(cookie.replace('tenant-a', 'tenant-b')), 'undecryptable')
    const session = await one.sessions.open(null)
    session.set('user', 'ada')
    expectNothing(await two.sessions.unseal(await one.sessions.seal(session)), 'undecryptable')
  })

  test('A13: bad configuration throws, and never gives a session', async () => {
    for (const options of [undefined, null, 'text', [], {}, { secrets: SECRET, maxage: 5 }]) {
      expect(refusedOption(options)).not.toBe('nothing was refused')
    }
    const clock = () => Number.NaN
    const sessions = createSessions({ secrets: SECRET, clock: () => START * 1000 })
    expect((await sessions.open(`${NAME}=${mint()}`)).rejection).toBeUndefined()
    const broken = async () => createSessions({ secrets: SECRET, clock }).open(`${NAME}=x..y`)
    await expect(broken()).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  test('A14: only the Cookie header is read', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
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

  test('A15: a work factor in the header is rejected, and not computed', async () => {
    const { sessions } = setUpAttack()
    await sessions.unseal(mintToken())
    const { derivations, decryptions } = watchCrypto()
    for (const alg of ['PBES2-HS256+A128KW', 'dir']) {
      const header = { alg, enc: 'A256GCM', kid: headerOf().kid, p2s: 'AAAAAAAAAAA', p2c: 2 ** 31 }
      const [, , ...rest] = mintToken().split('.')
      for (const key of ['', 'A'.repeat(54)]) {
        const token = [base64url(JSON.stringify(header)), key, ...rest].join('.')
        expectNothing(await sessions.unseal(token), 'malformed')
      }
    }
    expect([derivations(), decryptions()]).toEqual([0, 0])
  })

  test('A16: a compressed token under the right key is rejected, and not inflated', async () => {
    const { openValue, sessions } = setUpAttack()
    const bomb = deflateRawSync(Buffer.from(payload({ data: { text: ' '.repeat(5_000_000) } })))
    const start = bomb.subarray(0, 2500)
    const inflate = vi.spyOn(globalThis, 'DecompressionStream')
    const { decryptions } = watchCrypto()
    for (const zip of ['DEF', 'GZIP']) {
      for (const text of [payload(), start]) {
        const header = JSON.stringify({ ...headerOf(), zip })
        const token = forge(header, text, { purpose: 'token' })
        expectNothing(await openValue(token), 'malformed')
        expectNothing(await sessions.unseal(token), 'malformed')
      }
    }
    expect(decryptions()).toBe(0)
    // A cookie has no header that could request it.
    expectNothing(await openValue(mint(start)), 'undecryptable')
    expect(inflate).not.toHaveBeenCalled()
  })

  /** Returns cookies that are rejected, one for each reason. */
  function rejectedCookies(): Record<string, string> {
    const value = mint()
    return {
      malformed: 'nonsense',
      incomplete: `3.${value}`,
      'unknown-key': mint(payload(), { secret: OTHER_SECRET }),
      undecryptable: alter(value),
      expired: mintAt({ startedAt: START - 8 * DAY, sealedAt: START - DAY, life: 8 * DAY }),
      idle: mintAt({ startedAt: START - 2 * DAY }),
      'not-yet-valid': mintAt({ startedAt: START + 100 }),
      revoked: mintAt({ startedAt: START - 6.5 * DAY, sealedAt: START }),
      destroyed: `${value}; ${NAME}.x=AAAA`,
      'invalid-data': mint(payload({ data: [] })),
      'too-large': 'e'.repeat(4097),
    }
  }

  test('A17: every rejection has the same response, except the cookie that a logout deletes', async () => {
    const { sessions, openValue } = setUpAttack({ validAfter: START - 6 * DAY })
    const seen = new Map<string, string[]>()
    const written = new Set<string>()
    const cookies = Object.entries(rejectedCookies())
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
      const look = JSON.stringify([read.status, [...read.headers], await read.text()])
      seen.set(look, [...(seen.get(look) ?? []), reason])
      const write = await writing(request())
      const lines = write.headers.getSetCookie().map((line) => line.replace(/=[^;]*/, '=value'))
      written.add(JSON.stringify([write.status, [...write.headers.keys()], lines]))
    }
    expect(cookies).toHaveLength(11)
    expect([...seen.values()].filter(({ length }) => length === 1)).toEqual([['destroyed']])
    expect(seen.size).toBe(2)
    expect(written.size).toBe(1)
  })

  test('A18: only one spelling of a value opens', async () => {
    const { openValue, sessions } = setUpAttack()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    let spellings = 0
    for (const text of ['', 'x', 'xx', 'xxx']) {
      const changes = payload({ data: { text } })
      for (const [made, open, indices] of [
        [mint(changes), openValue, [2, 3, 4]],
        [mintToken(changes), (token: string) => sessions.unseal(token), [0, 2, 3, 4]],
      ] as const) {
        expect((await open(made)).get('text')).toBe(text)
        const segments = made.split('.')
        for (const index of indices) {
          const segment = segments[index] ?? ''
          const bytes = Buffer.from(segment, 'base64url')
          const others = [...alphabet]
            .map((character) => segment.slice(0, -1) + character)
            .filter((other) => other !== segment && Buffer.from(other, 'base64url').equals(bytes))
          const padded = [`${segment}=`, `${segment}==`, bytes.toString('base64')]
          const blanks = [
            ` ${segment}`,
            `${segment}\t`,
            `${segment.slice(0, 4)} ${segment.slice(4)}`,
          ]
          for (const other of [...others, ...padded, ...blanks]) {
            const value = segments.with(index, other).join('.')
            if (value.trim() === made) continue
            expectNothing(await open(value), 'malformed')
            spellings++
          }
        }
        const whole = [`"${made}"`, encodeURIComponent(made).replace('.', '%2E'), `${made}%00`]
        for (const value of whole) expectNothing(await open(value), 'malformed')
      }
    }
    expect(spellings).toBeGreaterThan(200)
  })

  test('A20: no header makes open throw, and a write replaces any received cookies', async () => {
    const { sessions } = setUpAttack()
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
      `${NAME}.t=`,
      `${NAME}.t=x; ${NAME}.t=${mint()}`,
      `${NAME}.x=`,
      `${NAME}.x=x`,
      `${NAME}.x=99999999999`,
      `${NAME}=16.AAAA.20000.${'A'.repeat(16)}.A; ${NAME}.1=`,
      `${NAME}=9999999999999999.`,
      `${NAME}=99999999999999999999.`,
      `${NAME}=${'a.'.repeat(3000)}`,
      `${NAME}=AAAA.20000.${'A'.repeat(16)}.A.${'A'.repeat(22)}`,
    ]
    for (const header of headers) {
      const session = await sessions.open(header)
      expect(session.isEmpty).toBe(true)
      expect(await sessions.setCookies(session)).toEqual([])
      const writing = await sessions.open(header)
      writing.set('user', 'ada')
      const [line = '', ...others] = await sessions.setCookies(writing)
      expect((await sessions.open(line.split(';', 1).join())).get('user')).toBe('ada')
      for (const other of others) expect(other).toMatch(/^__Host-session\.\d+=; Max-Age=0; /)
      expect(others.length > 0).toBe(
        /^__Host-session\.([1-9]|1[0-5])=|; __Host-session\.1=/.test(header),
      )
    }
  })
})
