// Properties that hold for any input. `SLOW=1` tries more inputs.

import { stringifySetCookie } from 'cookie'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CookieSink, Session, SessionOptions } from 'sealed-session'
import { codePoint } from '../support/code-point.ts'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { NAME, OLDER_SECRET, SECRET, START, secretId } from '../support/mint.ts'
import { setAll, setUp as setUpWith } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'
import { storableJson } from '../support/storable-json.ts'

const runs = (usual: number) => ({
  numRuns: process.env['SLOW'] === undefined ? usual : 100 * usual,
})

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  return setUpWith({ limits: 'browsers', ...options })
}

async function cookieWith(
  data: Data,
  options: Partial<SessionOptions<Data>> = {},
): Promise<string> {
  const { sessions } = setUp(options)
  const session = await sessions.open(null)
  setAll(session, data)
  return pairsOf(await sessions.setCookies(session))
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const json = storableJson({ maxDepth: 6, stringUnit: 'grapheme' })
const data = fc.dictionary(text, json, { minKeys: 1, maxKeys: 8 })

describe('data', () => {
  test('any JSON data is kept unchanged by the cookies, in its order', async () => {
    const property = fc.asyncProperty(data, async (written) => {
      const { sessions } = setUp()
      const session = await sessions.open(await cookieWith(written))
      expect(session.rejection).toBeUndefined()
      expect(JSON.stringify(session)).toBe(JSON.stringify(written))
      expect(session.toJSON()).toEqual(written)
      expect(await sessions.setCookies(session)).toEqual([])
    })
    await fc.assert(property, runs(200))
  })

  test('any JSON data is kept unchanged by a bare token', async () => {
    const property = fc.asyncProperty(data, async (written) => {
      const { sessions } = setUp()
      const session = await sessions.open(null)
      setAll(session, written)
      const next = await sessions.unseal(await sessions.seal(session))
      expect(JSON.stringify(next)).toBe(JSON.stringify(written))
    })
    await fc.assert(property, runs(50))
  })

  test('any sequence of changes has the same result as on a Map', async () => {
    const key = fc.constantFrom('a', 'b', 'c', '__proto__')
    const step = fc.oneof(
      fc.record({ act: fc.constant('set'), key, value: json }),
      fc.record({ act: fc.constant('delete'), key, value: fc.constant(null) }),
      fc.record({ act: fc.constantFrom('clear', 'request'), key, value: fc.constant(null) }),
    )
    const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { sessions } = setUp()
      const jar = createJar()
      const model = new Map<string, unknown>()
      let request = jar.request()
      for (const { act, key: name, value } of steps) {
        const session = await sessions.open(request)
        if (act === 'set') {
          session.set(name, value)
          model.set(name, value)
        } else if (act === 'delete') {
          expect(session.delete(name)).toBe(model.delete(name))
        } else if (act === 'clear') {
          session.clear()
          model.clear()
        } else {
          jar.store(await sessions.commit(request, new Response()))
          request = jar.request()
        }
        expect((await sessions.open(request)).entries()).toEqual([...model])
      }
    })
    await fc.assert(property, runs(80))
  })
})

describe('a cookie store', () => {
  test('the browser has the last saved session, after any number of changes and saves', async () => {
    const key = fc.constantFrom('a', 'b', 'text')
    const act = fc.constantFrom(
      ...(['set', 'delete', 'clear', 'renewId', 'regenerate', 'destroy', 'discard'] as const),
      ...(['save', 'save', 'request'] as const),
    )
    const size = fc.constantFrom(1, 5000, 9000)
    const steps = fc.array(fc.record({ act, key, size }), { maxLength: 25 })
    const property = fc.asyncProperty(steps, async (all) => {
      const { sessions } = setUp()
      const browser = createJar()
      const set: CookieSink = (name, value, attributes) =>
        browser.store([stringifySetCookie({ ...attributes, name, value })])
      let session = await sessions.open(browser.header())
      let received = new Map<string, unknown>()
      let model = new Map<string, unknown>()
      let hasSavedLogout = false
      let hasLoggedOut = false
      for (const [at, { act: name, key: place, size: length }] of all.entries()) {
        if (name === 'set') {
          session.set(place, `${at}`.padEnd(length, 'x'))
          model.set(place, session.get(place))
        } else if (name === 'delete') {
          expect(session.delete(place)).toBe(model.delete(place))
        } else if (name === 'clear') {
          session.clear()
          model.clear()
        } else if (name === 'renewId') {
          session.renewId()
        } else if (name === 'regenerate') {
          session.regenerate({ keep: ['a'] })
          model = new Map([...model].filter(([kept]) => kept === 'a'))
        } else if (name === 'destroy') {
          session.destroy()
          model.clear()
          hasLoggedOut = true
        } else if (name === 'discard') {
          // A logout that the browser has received cannot be undone.
          if (hasSavedLogout) continue
          session.discard()
          model = new Map(received)
          hasLoggedOut = false
        } else {
          await sessions.save(session, set)
          hasSavedLogout ||= hasLoggedOut
          const stored = await sessions.open(browser.header())
          expect(stored.rejection).toBeUndefined()
          expect(stored.toJSON()).toEqual(Object.fromEntries(model))
          expect(stored.id).toBe(model.size === 0 ? undefined : session.id)
          if (name === 'request') {
            session = stored
            received = new Map(model)
            hasSavedLogout = false
            hasLoggedOut = false
          }
        }
        expect(session.toJSON()).toEqual(Object.fromEntries(model))
      }
    })
    await fc.assert(property, runs(150))
  })
})

/** Changes of one character: substituted, inserted, deleted or swapped with the next one. */
const mutation = fc.record({
  kind: fc.constantFrom('substitute', 'insert', 'delete', 'swap'),
  at: fc.nat(),
  character: fc.oneof(
    fc.constantFrom(...'ABCxyz019-_.=; "%,'),
    fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
    fc.string({ unit: codePoint, minLength: 1, maxLength: 1 }),
  ),
})

function mutate(
  value: string,
  { kind, at, character }: { kind: string; at: number; character: string },
) {
  const index = at % value.length
  const [before, here, after] = [value.slice(0, index), value.charAt(index), value.slice(index + 1)]
  if (kind === 'insert') return before + character + here + after
  if (kind === 'delete') return before + after
  if (kind === 'swap') return before + after.slice(0, 1) + here + after.slice(1)
  return before + character + after
}

/** Returns a value as a server reads it: up to a semicolon, without trailing white space. */
function received(value: string): string {
  return (value.split(';', 1)[0] ?? '').replace(/[ \t]+$/, '')
}

describe('mutations', () => {
  test.each([
    [1, 10],
    [2, 4000],
    [3, 7000],
  ])(
    'any changed character in any of %i cookies gives an empty session with a reason',
    async (count, size) => {
      const { sessions } = setUp({ secrets: [SECRET, OLDER_SECRET] })
      const pairs = (await cookieWith({ text: 'x'.repeat(size) })).split('; ')
      expect(pairs).toHaveLength(count)
      const property = fc.asyncProperty(
        fc.nat({ max: count - 1 }),
        mutation,
        async (part, change) => {
          const [name = '', value = ''] = (pairs[part] ?? '').split('=')
          const changed = mutate(value, change)
          fc.pre(received(changed) !== value)
          const session = await sessions.open(pairs.with(part, `${name}=${changed}`).join('; '))
          expect(session.isEmpty).toBe(true)
          expect(session.rejection?.reason).toMatch(
            /^(malformed|incomplete|unknown-key|undecryptable|expired|not-yet-valid|too-large)$/,
          )
        },
      )
      await fc.assert(property, runs(400))
    },
  )
})

/** Headers that resemble ours, and headers that do not. */
const name = fc.oneof(
  fc.constantFrom(
    NAME,
    `${NAME}.x`,
    `${NAME}.t`,
    `${NAME}.1`,
    `${NAME}.2`,
    `${NAME}.15`,
    `${NAME}.16`,
    '',
    ' ',
  ),
  fc.string({ unit: codePoint, maxLength: 10 }),
)
const value = fc.oneof(
  fc.constantFrom(
    '',
    '2.',
    '3.ucs7',
    '16.ucs7.20468.',
    '1',
    'aaaa',
    'eyJhbGciOiJkaXIi..',
    '"',
    '%',
  ),
  fc.base64String({ maxLength: 80 }),
  fc.string({ unit: codePoint, maxLength: 40 }),
  fc
    .tuple(fc.base64String(), fc.base64String(), fc.base64String())
    .map((all) => `${secretId()}.20468.${all.join('.')}`),
  fc
    .tuple(fc.nat(17), fc.base64String(), fc.base64String())
    .map(([count, ...all]) => `${count}.${secretId()}.20468.AAECAwQFBgcICQoL.${all.join('.')}`),
)
const anyHeader = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 300 }),
  fc
    .array(fc.tuple(name, fc.constantFrom('=', '', '=='), value), { maxLength: 12 })
    .map((pairs) => pairs.map((pair) => pair.join('')).join('; ')),
)

describe('headers', () => {
  test('open never rejects, and reading its result writes nothing', async () => {
    const { sessions } = setUp()
    const property = fc.asyncProperty(anyHeader, async (header) => {
      const session = await sessions.open(header)
      expect(session.isEmpty).toBe(true)
      expect(await sessions.setCookies(session)).toEqual([])
    })
    await fc.assert(property, runs(1000))
  })

  test('a session that begins after any header is kept until the next request', async () => {
    const { sessions } = setUp()
    const property = fc.asyncProperty(anyHeader, async (header) => {
      const session = await sessions.open(header)
      session.set('user', 'ada')
      const cookie = pairsOf(await sessions.setCookies(session))
      const stamps = header.match(/__Host-session\.x=[\w-]{4}(?=;|$)/g) ?? []
      const next = await sessions.open([cookie, ...stamps].join('; '))
      expect([next.rejection, next.get('user')]).toEqual([undefined, 'ada'])
    })
    await fc.assert(property, runs(300))
  })

  test('our cookie is found among any other cookies', async () => {
    const { sessions } = setUp()
    const cookie = await cookieWith({ user: 'ada' })
    const stranger = anyHeader.filter((header) => !header.includes(NAME))
    const property = fc.asyncProperty(stranger, stranger, async (before, after) => {
      const session = await sessions.open(`${before}; ${cookie}; ${after}`)
      expect(session.get('user')).toBe('ada')
    })
    await fc.assert(property, runs(300))
  })

  test('unseal never rejects', async () => {
    const { sessions } = setUp()
    const property = fc.asyncProperty(fc.oneof(anyHeader, value), async (token) => {
      expect((await sessions.unseal(token)).isEmpty).toBe(true)
    })
    await fc.assert(property, runs(500))
  })
})

describe('time', () => {
  test('no schedule of reads, writes and touches moves the absolute end', async () => {
    const lifetimes = fc
      .record({
        maxAge: fc.integer({ min: 1, max: 5000 }),
        idleTimeout: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 5000 })),
        clockTolerance: fc.integer({ min: 0, max: 60 }),
        share: fc.double({ min: 0, max: 0.99, noNaN: true }),
      })
      .map(({ share, maxAge, idleTimeout, clockTolerance }) => {
        const touchInterval = Math.floor((idleTimeout || maxAge) * share)
        return { maxAge, idleTimeout, clockTolerance, touchInterval }
      })
    const step = fc.record({
      wait: fc.integer({ min: -30, max: 1500 }),
      act: fc.constantFrom('read', 'write', 'touch'),
    })
    const property = fc.asyncProperty(lifetimes, fc.array(step), async (times, steps) => {
      const { time, sessions } = setUp(times)
      const end = START + times.maxAge
      const act = (session: Session<Data>, how: string) => {
        if (how === 'write') session.set('count', session.get('count', 0))
        if (how === 'touch') session.touch()
      }
      const first = await sessions.open(null)
      first.set('user', 'ada')
      const jar = createJar()
      jar.store(await sessions.setCookies(first))
      let cookie = jar.header()
      for (const { wait, act: how } of steps) {
        time.now = Math.max(START, time.now + wait)
        const session = await sessions.open(cookie)
        if (session.isEmpty) break
        expect(time.now).toBeLessThan(end + times.clockTolerance)
        act(session, how)
        const lines = await sessions.setCookies(session)
        for (const line of lines) {
          const maxAge = Number(/Max-Age=(\d+)/.exec(line)?.[1])
          expect(maxAge).toBeLessThanOrEqual(Math.max(1, end - time.now))
        }
        jar.store(lines)
        cookie = jar.header() || cookie
        expect([session.id, session.startedAt]).toEqual([first.id, first.startedAt])
        expect(session.expiresAt?.getTime()).toBeLessThanOrEqual(end * 1000)
      }
      time.now = end + times.clockTolerance
      expect((await sessions.open(cookie)).isEmpty).toBe(true)
    })
    await fc.assert(property, runs(150))
  })

  test('a session in use at least once an idleTimeout lives to its absolute end', async () => {
    const waits = fc.array(fc.integer({ min: 1, max: 539 }), { minLength: 40, maxLength: 60 })
    const property = fc.asyncProperty(waits, async (schedule) => {
      const options = { maxAge: 7200, idleTimeout: 600, touchInterval: 60, clockTolerance: 0 }
      const { time, sessions } = setUp(options)
      const first = await sessions.open(null)
      first.set('user', 'ada')
      const jar = createJar()
      jar.store(await sessions.setCookies(first))
      for (const wait of schedule) {
        time.now += wait
        if (time.now >= START + 7200) break
        const session = await sessions.open(jar.header())
        expect(session.get('user')).toBe('ada')
        jar.store(await sessions.setCookies(session))
      }
    })
    await fc.assert(property, runs(50))
  })
})

describe('requests', () => {
  test('a thousand that are interleaved in any order see only their own session', async () => {
    const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { sessions } = setUp()
      const handler = sessions.wrap(async (request, session) => {
        const user = request.url
        session.set('user', user)
        await scheduler.schedule(Promise.resolve())
        expect(session.get('user')).toBe(user)
        session.set('again', session.get('user'))
        return new Response(session.id)
      })
      const answers = Array.from({ length: 1000 }, (_, index) =>
        handler(new Request(`https://example.test/${index}`)),
      )
      // Each handler waits in the scheduler before it continues, so that none is missed.
      await scheduler.waitFor(Promise.all(answers))
      const ids = new Set<string>()
      for (const [index, answer] of (await Promise.all(answers)).entries()) {
        const next = await sessions.open(pairsOf(answer.headers.getSetCookie()))
        const url = `https://example.test/${index}`
        expect(next.toJSON()).toEqual({ user: url, again: url })
        expect(await answer.text()).toBe(next.id)
        ids.add(next.id ?? '')
      }
      expect(ids.size).toBe(1000)
    })
    await fc.assert(property, { numRuns: 2 })
  })
})
