// A realm that other code has changed: `Object.prototype` polluted, everything frozen. Rows X50 to
// X59, and X61, of faults.md. The processes import `dist/`, which `npm test` builds first.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { resolveOptions } from '../../src/options.ts'
import { ENGINES } from '../support/faulty.ts'
import { DAY, OTHER_SECRET, SECRET, START, mint, payload, untyped } from '../support/mint.ts'
import { pollute, removePollution } from '../support/pollution.ts'
import { requestWith } from '../support/requests.ts'
import { cookieOf, setUp, setUser } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

async function run(name: string, ...given: string[]) {
  const script = new URL(`../support/processes/${name}.js`, import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...given], {
    maxBuffer: 16_000_000,
  })
  const told: Readonly<Record<string, unknown>> = JSON.parse(stdout)
  return told
}

const refusedSecrets = expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'secrets' })

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a polluted Object.prototype', () => {
  test(
    'X50: changes nothing in the life of a session, with any identifier of the source, before or after creation',
    { timeout: 600_000 },
    async () => {
      const { words, lives, differences, believed } = await run('polluted')
      expect(words).toBeGreaterThan(1500)
      expect(lives).toBeGreaterThan(100)
      expect(differences).toEqual([])
      // Objects that jose creates may make a request fail, and never make a session.
      expect(believed).toEqual([])
    },
  )

  test("X51: with an array of cookies does not give every visitor the attacker's session", async () => {
    const { sessions } = setUp()
    const eve = await cookieOf(sessions, (session) => session.set('user', 'eve'))
    const own = await cookieOf(sessions)
    const [visitor, guest] = [requestWith(own), requestWith()]
    pollute('cookies', [eve])
    pollute('multiValueHeaders', { cookie: [eve] })
    const users = []
    for (const source of [visitor, { headers: { cookie: own } }, guest, { headers: {} }]) {
      users.push((await sessions.open(source)).get('user'))
    }
    expect(users).toEqual(['ada', 'ada', undefined, undefined])
  })

  test.each([
    ['domain', 'evil.example'],
    ['path', '/evil'],
    ['priority', 'low'],
    ['expires', new Date(0)],
    ['maxAge', 5],
  ])('X52: with %s steers no cookie, written or deleted', async (name, value) => {
    const { sessions, make } = setUp({ cookie: { persistent: false } })
    const cookie = await cookieOf(sessions)
    const linesOf = async (own: typeof sessions) => {
      const [written, over] = [await own.open(null), await own.open(cookie)]
      setUser(written)
      over.destroy()
      const lines = [await own.setCookies(written), await own.setCookies(over)].flat()
      return lines.map((line) => line.slice(line.indexOf(';')))
    }
    const before = await linesOf(sessions)
    pollute(name, value)
    expect(await linesOf(sessions)).toEqual(before)
    expect(await linesOf(make())).toEqual(before)
  })

  test.each<[string, unknown]>([
    ['secrets', OTHER_SECRET],
    ['cookie', { name: 'evil', secure: false }],
    ['name', 'evil'],
    ['secure', false],
    ['sameSite', 'none'],
    ['partitioned', true],
    ['persistent', false],
    ['maxAge', 34_560_000],
    ['idleTimeout', false],
    ['touchInterval', 0],
    ['clockTolerance', 60],
    ['secretsRefresh', 1],
    ['lifetimes', { long: { maxAge: 5 } }],
    ['secretsGrace', 0],
    ['limits', 'browsers'],
    ['preset', 'browsers'],
    ['requestHeader', 10],
    ['cookies', 1],
    ['serializer', { stringify: () => '{}', parse: () => ({ user: 'eve' }) }],
    ['schema', { '~standard': { validate: () => ({ value: { user: 'eve' } }) } }],
    ['validAfter', START + 1],
    ['revoked', () => true],
    ['observe', 'evil'],
    ['clock', () => 0],
    ['id', 'evil'],
    ['activeFrom', START + 1],
    ['keys', [{ kty: 'oct', k: Buffer.from(OTHER_SECRET).toString('base64url') }]],
    ['kty', 'RSA'],
  ])('X53: with %s is no option that was not given', async (name, value) => {
    const options = { secrets: [{ secret: SECRET }], cookie: {}, limits: {} }
    const worth = async () => {
      const settings = [resolveOptions({ secrets: SECRET }), resolveOptions(options)]
      const isNow = settings.map(({ now }) => now() > START)
      const clock = () => START * 1000
      const sessions = createSessions<Data>({ ...options, clock })
      const cookie = await cookieOf(sessions)
      const session = await sessions.open(cookie)
      const { limits } = await sessions.measure(session)
      session.touch()
      const [line = ''] = await sessions.setCookies(session)
      const id = cookie.split('.', 1)
      return JSON.stringify([
        settings,
        isNow,
        session,
        session.expiresAt,
        limits,
        id,
        line.slice(line.indexOf(';')),
      ])
    }
    const usual = await worth()
    pollute(name, value)
    expect(await worth()).toBe(usual)
    for (const missing of [{}, { secrets: {} }]) {
      expect(() => createSessions<Data>(untyped(missing))).toThrow(refusedSecrets)
    }
  })

  test('X54: with claims or a reason neither opens what is rejected nor rejects what is valid', async () => {
    const { sessions, time } = setUp()
    const good = await cookieOf(sessions)
    const { id } = await sessions.open(good)
    pollute('claims', {
      id,
      startedAt: START,
      sealedAt: START,
      life: 9999,
      stamps: '',
      lifetime: '',
      binding: '',
    })
    pollute('contents', { data: new Map([['user', 'eve']]), scopes: new Map(), flash: [] })
    pollute('usedAt', START)
    const bad = await sessions.open('__Host-session=nonsense')
    expect([bad.rejection, bad.id, bad.isEmpty]).toEqual([{ reason: 'malformed' }, undefined, true])
    expect(
      (await sessions.open(`__Host-session=2.${good.slice(good.indexOf('=') + 1)}`)).rejection,
    ).toEqual({
      reason: 'incomplete',
    })
    pollute('reason', 'expired')
    expect((await sessions.open(good)).rejection).toBeUndefined()
    expect((await sessions.open(good)).get('user')).toBe('ada')
    time.now += 900_000
    expect((await sessions.open(good)).rejection).toEqual({ reason: 'expired' })
  })

  test('X55: with a member of a payload gives no session a CSRF secret, a message, a scope, a stamp or a lifetime', async () => {
    for (const engine of ['node:crypto', 'webcrypto'] as const) {
      const lifetimes = { long: { maxAge: 30 * DAY, idleTimeout: false } } as const
      const { sessions } = setUp({ lifetimes }, engine)
      const stamped = (value: string) => `__Host-session=${value}; __Host-session.x=AAAA`
      const values = [mint(), mint(payload({ more: { t: 1 } }))]
      const members = {
        c: 'AAAAAAAAAAAAAAAAAAAAAA',
        t: 1,
        f: [['note', 'evil']],
        s: { shop: [{ user: 'eve' }, {}] },
        o: 'AAAA',
        l: 'long',
      }
      for (const [name, value] of Object.entries(members)) pollute(name, value)
      for (const [index, value] of values.entries()) {
        const session = await sessions.open(`__Host-session=${value}`)
        expect(session.expiresAt).toEqual(new Date((START + DAY) * 1000))
        expect(session.verifyCsrfToken('A'.repeat(43))).toBe(false)
        expect([session.flash('note'), session.testCookieWorked()]).toEqual([[], index === 1])
        expect(session.scope('shop').isEmpty).toBe(true)
        expect(await sessions.setCookies(session)).toEqual([])
        expect((await sessions.open(stamped(value))).rejection).toEqual({ reason: 'destroyed' })
      }
      removePollution()
    }
  })

  test('X56: with names to keep keeps nothing over a login, and with headers loses no commit', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('admin', true)
    session.scope('shop').set('admin', true)
    pollute('keep', ['admin'])
    pollute('scopes', ['shop'])
    pollute('headers', { cookie: 'x' })
    session.regenerate()
    expect(session.isEmpty).toBe(true)
    setUser(session)
    removePollution()
    const response = new Response()
    pollute('headers', { cookie: 'x' })
    expect((await sessions.commit(session, response)).headers.getSetCookie()).toHaveLength(1)
  })

  test('X57: with an encoding does not make node:crypto reject values that it sealed before', async () => {
    const { sessions } = setUp()
    const cookie = await cookieOf(sessions)
    pollute('encoding', 1)
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
    expect(await cookieOf(sessions)).toHaveLength(cookie.length)
  })
})

describe('a frozen realm', () => {
  test.each(['node:crypto', 'webcrypto'])(
    'X58: works as any other, with %s, if everything was frozen before the library was loaded',
    async (engine) => {
      const [usual, frozen] = await Promise.all([
        run('frozen', engine),
        run('frozen', engine, 'frozen'),
      ])
      expect([usual['isFrozen'], frozen['isFrozen']]).toEqual([false, true])
      expect(frozen['frozen']).toBeGreaterThan(1000)
      expect(frozen['told']).toEqual(usual['told'])
    },
  )

  test.each(ENGINES)(
    'X61: works with another Promise in place of the global one, with %s',
    async (engine) => {
      vi.stubGlobal('Promise', class extends Promise<unknown> {})
      const { make, sessions } = setUp({ revoked: async () => false }, engine)
      const cookie = await cookieOf(sessions)
      const token = await sessions.seal(await sessions.open(cookie))
      // With cached keys, and with keys that must be derived.
      for (const other of [sessions, make()]) {
        const handler = other.wrap((_, session) => {
          session.set('visits', 1)
          return new Response(String(session.get('user')))
        })
        const response = await handler(requestWith(cookie))
        expect(await response.text()).toBe('ada')
        expect(response.headers.getSetCookie()).toHaveLength(1)
        expect((await other.unseal(token)).get('user')).toBe('ada')
      }
    },
  )

  test('X59: stores keys that are names on its prototypes', async () => {
    const names = [
      'toString',
      'constructor',
      'valueOf',
      'hasOwnProperty',
      'name',
      '__proto__',
      'then',
    ]
    expect((await run('frozen', 'frozen'))['keys']).toEqual({
      keys: names,
      nested: names,
      scope: names,
      messages: names.map((name) => [name]),
      data: names,
    })
  })
})
