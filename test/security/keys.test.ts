// Secrets, key ids, IVs and what may be logged. Rows D1 to D9 of threats.md.

import nodeCrypto, { createHash, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionOptions } from 'sealed-session'
import { alter } from '../support/alterations.ts'
import {
  ENGINES,
  expectNothing,
  splitFields,
  refusedOption,
  setUpAttack,
  useEngine,
  watchCrypto,
} from '../support/attacks.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import {
  DAY,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  base64url,
  dayOf,
  forge,
  headerOf,
  mint,
  mintTicket,
  payload,
  secretId,
  untyped,
} from '../support/mint.ts'

const TODAY = dayOf(START)
const slow = process.env['SLOW'] !== undefined

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('D1: the first secret seals, for every order of the ring, and every other one opens', async () => {
    const ring = [SECRET, OLDER_SECRET, OTHER_SECRET]
    for (const first of ring) {
      for (const second of ring.filter((secret) => secret !== first)) {
        const third = ring.find((secret) => secret !== first && secret !== second) ?? ''
        const secrets = [first, second, third]
        const { sessions, cookieWith, openValue } = setUpAttack({ secrets })
        expect(
          (await setUpAttack({ secrets: first }).sessions.open(await cookieWith({ a: 1 }))).get(
            'a',
          ),
        ).toBe(1)
        for (const secret of secrets) {
          const session = await openValue(mint(payload(), { secret }))
          expect(session.get('user')).toBe('ada')
          session.set('visits', 1)
          const cookie = pairsOf(await sessions.setCookies(session))
          expect((await setUpAttack({ secrets: first }).sessions.open(cookie)).get('visits')).toBe(
            1,
          )
        }
        expectNothing(
          await setUpAttack({ secrets: [second, third] }).openValue(
            mint(payload(), { secret: first }),
          ),
          'unknown-key',
        )
      }
    }
  })

  test('D1: a secret that is not active yet opens, but does not seal', async () => {
    const staged = { secret: SECRET, activeFrom: START + 100 }
    const { time, cookieWith, openValue } = setUpAttack({ secrets: [staged, OLDER_SECRET] })
    expect((await openValue(mint())).get('user')).toBe('ada')
    const olderOnly = setUpAttack({ secrets: OLDER_SECRET })
    expect((await olderOnly.sessions.open(await cookieWith({ a: 1 }))).get('a')).toBe(1)
    time.now += 100
    const cookie = await cookieWith({ a: 1 })
    expectNothing(await olderOnly.sessions.open(cookie), 'unknown-key')
  })

  test('D2: secrets that can be guessed are rejected', () => {
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

  test('D3: a missing secret is an error, never an unprotected session', () => {
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
    const { openValue } = setUpAttack({ secrets: [SECRET, OLDER_SECRET, OTHER_SECRET] })
    await openValue(mint())
    const unknown = mint(payload(), { secret: 'xMzY0PcaC8zc1bQn0eVtWq3dKuRfHs7iLpGjBoEwNyA' })
    const altering = alter(mint(payload(), { secret: OLDER_SECRET }))
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
    const { sessions, cookieWith } = setUpAttack({ secrets: twins })
    await expect(cookieWith({ a: 1 })).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    const opening = sessions.open(`${NAME}=${mint()}`)
    await expect(opening).rejects.toMatchObject({ option: 'secrets' })
  })

  test('D5: junk of any size costs at most one decryption and no derivation', async () => {
    const { sessions, openValue } = setUpAttack()
    await openValue(mint())
    const { decryptions, derivations } = watchCrypto()
    for (const size of [1, 100, 4000, 70_000, 1_000_000]) {
      const junk = base64url(randomBytes(size))
      await openValue(junk)
      await openValue(`16.AAAA.${TODAY}.${'A'.repeat(16)}.${junk}`)
      await sessions.unseal(junk)
      expect(decryptions()).toBe(0)
    }
    const [id, day, iv, , tag] = splitFields(mint())
    for (const [index, size] of [1, 100, 2500].entries()) {
      await openValue(`${id}.${day}.${iv}.${base64url(randomBytes(size))}.${tag}`)
      expect(decryptions()).toBe(index + 1)
    }
    const far = [0, TODAY - 8, TODAY + 1, TODAY + 100, 999_999]
    for (const day of far) await openValue(mint(payload(), { day }))
    expect(decryptions()).toBe(3)
    expect(derivations()).toBe(0)
  })

  test('D5: tickets cost nothing beside a value that does not open, and at most four decryptions beside one that does', async () => {
    const { sessions } = setUpAttack()
    const value = mint()
    const tickets = Array.from(
      { length: 200 },
      (_, index) => `${NAME}.t=${mintTicket(START + index)}`,
    )
    await sessions.open(`${NAME}=${value}; ${tickets[0]}`)
    const { decryptions, derivations } = watchCrypto()
    expectNothing(
      await sessions.open([`${NAME}=${alter(value)}`, ...tickets].join('; ')),
      'undecryptable',
    )
    expect(decryptions()).toBe(1)
    await sessions.open([`${NAME}=${value}`, ...tickets].join('; '))
    expect(decryptions()).toBe(1 + 1 + 4)
    expect(derivations()).toBe(0)
  })

  test('D5: the total length is bounded before parts are joined', async () => {
    const { sessions } = setUpAttack()
    const part = 'A'.repeat(4097)
    const names = Array.from({ length: 15 }, (_, index) => `${NAME}.${index + 1}=${part}`)
    const first = `${NAME}=16.AAAA.${TODAY}.${'A'.repeat(16)}.A`
    expectNothing(await sessions.open(`${first}; ${names.join('; ')}`), 'too-large')
    expectNothing(await sessions.open(`${NAME}=${part}`), 'too-large')
    expectNothing(await sessions.unseal('A'.repeat(16 * 4096 + 1)), 'too-large')
  })

  test('D6: a kid that is meant for a look-up elsewhere is rejected', async () => {
    const { openValue, sessions } = setUpAttack()
    for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'AAAA']) {
      const kid = `${id}.${TODAY}`
      const header = JSON.stringify({ ...headerOf(), kid })
      const token = forge(header, payload(), { purpose: 'token' })
      expectNothing(await sessions.unseal(token), 'unknown-key')
      expectNothing(await openValue(mint(payload(), { id })), 'unknown-key')
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
      `${kid}\n`,
      `${kid}' OR 1=1`,
      'x'.repeat(200),
      'x'.repeat(100_000),
    ]
    for (const value of wrong) {
      const header = JSON.stringify({ ...headerOf(), kid: value })
      const token = forge(header, payload(), { purpose: 'token' })
      const reason = token.length > 16 * 4096 ? 'too-large' : 'malformed'
      expectNothing(await sessions.unseal(token), reason)
    }
    const [, day, ...sealed] = splitFields(mint())
    for (const id of ['../x', ' ', "' OR 1=1", 'x'.repeat(33), '\u0000', '%2e']) {
      expectNothing(await openValue([id, day, ...sealed].join('.')), 'malformed')
    }
  })

  test('D7: no two tokens have one IV', { timeout: 600_000 }, async () => {
    const { sessions } = setUpAttack()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const count = slow ? 1_000_000 : 5000
    const ivs = new Set<string>()
    for (let made = 0; made < count; made++) ivs.add(ivOf(await sessions.seal(session)))
    expect(ivs.size).toBe(count)
  })

  test('D7: the IV comes from the random source: a constant one is noticed', async () => {
    const { sessions } = setUpAttack()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await sessions.seal(session)
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => array)
    vi.spyOn(nodeCrypto, 'randomFillSync').mockImplementation((buffer) => buffer)
    const [one, two] = [await sessions.seal(session), await sessions.seal(session)]
    expect(ivOf(one)).toBe(ivOf(two))
  })

  test('D7: every day has its own key', async () => {
    const { time, cookieWith } = setUpAttack()
    const kids = new Set<unknown>()
    for (let passed = 0; passed < 5; passed++) {
      time.now = START + passed * DAY
      const [id, day] = splitFields((await cookieWith({ a: 1 })).slice(NAME.length + 1))
      kids.add(`${id}.${day}`)
    }
    expect([...kids]).toEqual([0, 1, 2, 3, 4].map((day) => `${secretId()}.${TODAY + day}`))
  })

  test('D9: nothing that may be logged contains a secret, a token or a value', async () => {
    const marker = 'marker-40c1f2'
    const { sessions, events, cookieWith } = setUpAttack({ secrets: [SECRET, OLDER_SECRET] })
    const cookie = await cookieWith({ user: marker, deep: { [marker]: [marker] } })
    const sealed = splitFields(cookie)[3].slice(0, 12)
    const session = await sessions.open(cookie)
    const response = await sessions.commit(session, new Response())
    await sessions.open(`${NAME}=eyK${cookie}`)
    await sessions.open(alter(cookie))
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
      for (const hidden of [marker, SECRET.slice(0, 12), OLDER_SECRET.slice(0, 12), sealed]) {
        expect(text).not.toContain(hidden)
      }
    }
  })
})

/** Returns the IV of a bare token. */
function ivOf(token: string): string {
  return token.split('.')[2] ?? ''
}
