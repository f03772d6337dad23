// Several cookies, several requests and one browser. In whatever order responses arrive, the
// browser has one complete session or none.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { DAY, NAME } from '../support/mint.ts'
import { permutations } from '../support/permutations.ts'
import { setUp as setUpWith } from '../support/set-up.ts'

interface Data {
  user?: string
  text?: string
  goodbye?: string
}

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const { time, sessions } = setUpWith<Data>({ limits: 'browsers', ...options })

  /** Sends one request. Returns its response, which is not stored yet. */
  const send = async (jar: Browser, act: (session: Session<Data>) => void) => {
    const request = jar.request()
    act(await sessions.open(request))
    return sessions.commit(request, new Response())
  }
  const visit = async (jar: Browser, act: (session: Session<Data>) => void) => {
    jar.store(await send(jar, act))
  }
  const look = (jar: Browser) => sessions.open(jar.request())
  return { time, sessions, send, visit, look }
}

function write(text: string): (session: Session<Data>) => void {
  return (session) => session.set('text', text)
}

function logIn(session: Session<Data>): void {
  session.regenerate()
  session.set('user', 'ada')
}

function logOut(session: Session<Data>): void {
  session.destroy()
}

const partNames = Array.from({ length: 16 }, (_, i) => (i === 0 ? NAME : `${NAME}.${i}`)).toSorted()

describe('parts', () => {
  test('a session takes as many cookies as it needs, named in order', async () => {
    const { visit } = setUp()
    const jar = createJar()
    await visit(jar, write('x'.repeat(7000)))
    expect(jar.names()).toEqual([NAME, `${NAME}.1`, `${NAME}.2`])
    expect(jar.header()).toMatch(/^__Host-session=3\.[\w-]{4}\.20468\./)
  })

  test('grows and shrinks without leaving a part behind', async () => {
    const { visit, look } = setUp()
    const jar = createJar()
    const counts: number[] = []
    for (const size of [10, 7000, 40_000, 4000, 44_500, 1, 12_000, 3]) {
      await visit(jar, write('x'.repeat(size)))
      expect((await look(jar)).get('text')).toHaveLength(size)
      counts.push(jar.names().length)
    }
    expect(counts).toEqual([1, 3, 14, 2, 15, 1, 5, 1])
  })

  test('any sequence of sizes decodes to the last write and leaves no other part', async () => {
    const { visit, look } = setUp()
    const sizes = fc.array(fc.integer({ min: 0, max: 45_000 }), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(sizes, async (sequence) => {
      const jar = createJar()
      for (const [index, size] of sequence.entries()) {
        const text = String.fromCharCode(97 + index).repeat(size)
        await visit(jar, write(text))
        const session = await look(jar)
        expect(session.get('text')).toBe(text)
        // A count precedes the secret id, the day and the IV.
        const counted = /^__Host-session=(?:([0-9]+)\.)?[\w-]{4}\.20468\./.exec(jar.header())
        const count = Number(counted?.[1] ?? '1')
        expect(jar.names().toSorted()).toEqual(namesOf(count))
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('emptying or destroying a session deletes every part', async () => {
    const { visit } = setUp()
    const jar = createJar()
    await visit(jar, write('x'.repeat(9000)))
    await visit(jar, (session) => session.clear())
    expect(jar.names()).toEqual([])
    await visit(jar, write('x'.repeat(9000)))
    await visit(jar, logOut)
    expect(jar.names()).toEqual([`${NAME}.x`])
  })

  test('a session with an evicted part is incomplete, and the next write deletes the other parts', async () => {
    for (const lost of [NAME, `${NAME}.1`, `${NAME}.2`]) {
      const { visit, look } = setUp()
      const jar = createJar()
      await visit(jar, write('x'.repeat(7000)))
      const all = jar.names()
      jar.evict(lost)
      const session = await look(jar)
      expect(session.rejection).toEqual({ reason: 'incomplete' })
      expect(session.isEmpty).toBe(true)
      await visit(jar, ({ rejection }) => expect(rejection).toBeDefined())
      expect(jar.names()).toEqual(all.filter((name) => name !== lost))
      await visit(jar, write('new'))
      expect(jar.names()).toEqual([NAME])
    }
  })

  test.each([
    ['domain', { name: 'sid', domain: 'example.test' }],
    ['path', { name: 'sid', path: '/app' }],
    ['plain', { name: 'sid', secure: false }],
    ['partitioned', { name: '__Host-sid', partitioned: true }],
  ] as const)('a deletion has the attributes of the write (%s)', async (_, cookie) => {
    const { sessions } = setUp({ cookie })
    const jar = createJar('https://example.test')
    const path = '/app/page'
    const step = async (act: (session: Session<Data>) => void) => {
      const request = jar.request(path)
      act(await sessions.open(request))
      const lines = (await sessions.commit(request, new Response())).headers.getSetCookie()
      jar.store(lines)
      return lines.map((line) => line.replace(/^[^;]*; /, '').replace(/; Expires=[^;]*/, ''))
    }
    const written = await step(write('x'.repeat(5000)))
    expect(jar.header(path)).not.toBe('')
    const deleted = await step((session) => session.clear())
    expect(jar.header(path)).toBe('')
    expect(deleted).toEqual(written.map((line) => line.replace(/Max-Age=\d+/, 'Max-Age=0')))
  })
})

describe('parallel writers', () => {
  test('the last one wins completely, and the next write removes leftovers of another', async () => {
    const texts = ['a'.repeat(10), 'b'.repeat(5000), 'c'.repeat(9000)]
    for (const order of permutations([0, 1, 2])) {
      const { send, visit, look } = setUp()
      const jar = createJar()
      await visit(jar, logIn)
      const responses = await Promise.all(texts.map((text) => send(jar, write(text))))
      for (const index of order) jar.store(responses[index] ?? [])
      const last = texts[order.at(-1) ?? 0]
      const session = await look(jar)
      expect(session.toJSON()).toEqual({ user: 'ada', text: last })
      await visit(jar, write('small'))
      expect(jar.names()).toEqual([NAME])
    }
  })

  test('a request that read before another wrote sends no cookie, and undoes nothing', async () => {
    const { send, visit, look } = setUp()
    const jar = createJar()
    await visit(jar, logIn)
    const slow = await send(jar, (session) => session.get('user'))
    await visit(jar, write('new'))
    jar.store(slow)
    expect((await look(jar)).get('text')).toBe('new')
  })

  test.each<[string, (session: Session<Data>) => void]>([
    ['a write', write('new')],
    ['a login', (session) => (session.regenerate(), session.set('text', 'new'))],
    ['a renewed id', (session) => (session.renewId(), session.set('text', 'new'))],
  ])('a slow read whose ticket is due, answered last, undoes nothing of %s', async (_, change) => {
    for (const size of [1, 9000]) {
      const { send, visit, look, time } = setUp()
      const jar = createJar()
      await visit(jar, logIn)
      await visit(jar, write('old'.repeat(size)))
      time.now += DAY / 2
      const slow = await send(jar, (session) => session.get('user'))
      expect(slow.headers.getSetCookie()).toHaveLength(1)
      await visit(jar, change)
      const { id } = await look(jar)
      jar.store(slow)
      const session = await look(jar)
      expect([session.id, session.get('text')]).toEqual([id, 'new'])
    }
  })

  test('a slow read that is answered last does not restore a message that was taken', async () => {
    const { send, visit, look, time } = setUp()
    const jar = createJar()
    await visit(jar, (session) => session.flash('notice', 'once'))
    time.now += DAY / 2
    const slow = await send(jar, (session) => session.peekFlash('notice'))
    await visit(jar, (session) => expect(session.flash('notice')).toEqual(['once']))
    jar.store(slow)
    expect((await look(jar)).flash('notice')).toEqual([])
  })
})

describe('logout', () => {
  test('a request in flight that writes the old session does not undo it, in any order', async () => {
    for (const order of permutations(['logout', 'small', 'large'] as const)) {
      const { send, visit, look } = setUp()
      const jar = createJar()
      await visit(jar, logIn)
      const responses = {
        logout: await send(jar, logOut),
        small: await send(jar, write('late')),
        large: await send(jar, write('late'.repeat(2500))),
      }
      for (const name of order) jar.store(responses[name])
      const session = await look(jar)
      expect(session.isEmpty).toBe(true)
      const reason = order[2] === 'logout' ? undefined : 'destroyed'
      if (reason !== undefined) expect(session.rejection).toEqual({ reason })
      await visit(jar, ({ isEmpty }) => expect(isEmpty).toBe(true))
      await visit(jar, (later) => later.set('user', 'eve'))
      expect(jar.names()).toEqual([NAME, `${NAME}.x`])
      expect((await look(jar)).toJSON()).toEqual({ user: 'eve' })
    }
  })

  test('a ticket in flight does not undo it, and begins no session', async () => {
    const { send, visit, look, time } = setUp()
    const jar = createJar()
    await visit(jar, logIn)
    time.now += 40_000
    const slow = await send(jar, (session) => session.get('user'))
    expect(slow.headers.getSetCookie()).toHaveLength(1)
    await visit(jar, logOut)
    jar.store(slow)
    expect(jar.names()).toEqual([`${NAME}.t`, `${NAME}.x`])
    const session = await look(jar)
    expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
    await visit(jar, logIn)
    expect((await look(jar)).get('user')).toBe('ada')
  })

  test('a regenerated session in flight does not undo it', async () => {
    const { send, visit, look } = setUp()
    const jar = createJar()
    await visit(jar, logIn)
    const slow = await send(jar, (session) => session.regenerate({ keep: ['user'] }))
    await visit(jar, logOut)
    jar.store(slow)
    expect((await look(jar)).rejection).toEqual({ reason: 'destroyed' })
  })

  test('a second logout ends the second session, and the first one stays ended', async () => {
    const { send, visit, look } = setUp()
    const jar = createJar()
    await visit(jar, logIn)
    const slowInFirst = await send(jar, write('first'))
    await visit(jar, logOut)
    await visit(jar, logIn)
    const second = await look(jar)
    expect(second.get('user')).toBe('ada')
    const slowInSecond = await send(jar, write('second'))
    await visit(jar, logOut)
    expect(jar.header()).toMatch(/^__Host-session\.x=[\w-]{4}$/)
    for (const slow of [slowInFirst, slowInSecond, slowInFirst]) {
      jar.store(slow)
      expect((await look(jar)).rejection).toEqual({ reason: 'destroyed' })
    }
    await visit(jar, logIn)
    expect((await look(jar)).get('user')).toBe('ada')
  })

  test('two logouts at once leave no session, and let the next login in', async () => {
    for (const order of permutations([0, 1, 2])) {
      const { send, visit, look } = setUp()
      const jar = createJar()
      await visit(jar, logIn)
      const responses = [
        await send(jar, logOut),
        await send(jar, logOut),
        await send(jar, write('late')),
      ]
      for (const index of order) jar.store(responses[index] ?? [])
      expect((await look(jar)).isEmpty).toBe(true)
      await visit(jar, logIn)
      expect((await look(jar)).get('user')).toBe('ada')
    }
  })

  test('any sequence of logins, writes and logouts, with responses in any order, respects the last logout', async () => {
    const step = fc.record({
      act: fc.constantFrom('login', 'write', 'logout'),
      delay: fc.integer({ min: 0, max: 4 }),
      size: fc.constantFrom(1, 4000, 9000),
    })
    const property = fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const { send, visit, look } = setUp()
      const jar = createJar()
      const inFlight: { due: number; response: Response }[] = []
      const ended = new Set<string>()
      for (const [at, { act, delay, size }] of steps.entries()) {
        const response = await send(jar, (session) => {
          if (act === 'login') logIn(session)
          else if (act === 'write') session.set('text', 'x'.repeat(size))
          else {
            if (session.id !== undefined) ended.add(session.id)
            session.destroy()
          }
        })
        // The next page of the user who logs out follows the answer to the logout.
        if (act === 'logout') jar.store(response)
        else inFlight.push({ due: at + delay, response })
        for (const { due, response: arrived } of inFlight) if (due === at) jar.store(arrived)
        const { id } = await look(jar)
        if (id !== undefined) expect(ended).not.toContain(id)
      }
      await visit(jar, logOut)
      for (const { response } of inFlight) jar.store(response)
      const left = await look(jar)
      if (left.id !== undefined) expect(ended).not.toContain(left.id)
    })
    await fc.assert(property, { numRuns: 60 })
  })

  test('a flash message after destroy is kept for the next request, in a new session', async () => {
    const { visit, look } = setUp()
    const jar = createJar()
    await visit(jar, logIn)
    const { id } = await look(jar)
    await visit(jar, (session) => {
      session.destroy()
      session.set('goodbye', 'see you')
    })
    const session = await look(jar)
    expect(session.toJSON()).toEqual({ goodbye: 'see you' })
    expect(session.id).not.toBe(id)
    expect(jar.names()).toEqual([NAME, `${NAME}.x`])
  })

  test('a flash message does not let a request in flight restore the old session', async () => {
    const { send, visit, look } = setUp()
    const jar = createJar()
    await visit(jar, logIn)
    const slow = await send(jar, write('late'.repeat(2500)))
    await visit(jar, (session) => {
      session.destroy()
      session.set('goodbye', 'see you')
    })
    jar.store(slow)
    const session = await look(jar)
    expect(session.rejection).toEqual({ reason: 'destroyed' })
    await visit(jar, ({ isEmpty }) => expect(isEmpty).toBe(true))
    expect(jar.names()).toEqual([`${NAME}.x`])
  })

  test('a forged stamp ends the session, begins none, and affects no later login or logout', async () => {
    for (const value of ['aaaa', '0000', '9999', '999999999', 'aaa', '-1', 'aa.a', '']) {
      const { send, visit, look } = setUp()
      const jar = createJar()
      await visit(jar, logIn)
      jar.put(`${NAME}.x`, value)
      const ends = /^[\w-]{4}$/.test(value)
      const session = await look(jar)
      expect(session.rejection).toEqual(ends ? { reason: 'destroyed' } : undefined)
      for (let login = 0; login < 3; login++) {
        await visit(jar, logIn)
        expect((await look(jar)).get('user')).toBe('ada')
        const slow = await send(jar, write('late'))
        await visit(jar, logOut)
        jar.store(slow)
        expect((await look(jar)).rejection).toEqual({ reason: 'destroyed' })
      }
    }
  })

  test('a stamp of another subdomain ends no session that began with it', async () => {
    const { sessions } = setUp()
    const neighbour = `${NAME}.x=zzzz`
    const jar = createJar()
    const visitBeside = async (act: (session: Session<Data>) => void) => {
      const session = await sessions.open(`${jar.header()}; ${neighbour}`)
      act(session)
      jar.store(await sessions.setCookies(session))
    }
    for (let login = 0; login < 6; login++) {
      await visitBeside(logIn)
      await visitBeside((session) => expect(session.get('user')).toBe('ada'))
      await visitBeside(logOut)
      await visitBeside((session) => expect(session.isEmpty).toBe(true))
    }
  })
})

function namesOf(count: number): string[] {
  return partNames
    .filter((name) => name === NAME || Number(name.slice(NAME.length + 1)) < count)
    .toSorted()
}
