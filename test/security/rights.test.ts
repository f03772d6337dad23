// Rights that are revoked: while a request runs, on every machine, within one second, for good.
// Rows S1, S2, S14, S15 and S16 of threats.md.

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions, SessionEvent } from 'sealed-session'
import { createBrowser } from '../conformance/browser.ts'
import { ENGINES, expectNothing, setUpAttack, useEngine } from '../support/attacks.ts'
import { ENTRIES } from '../support/entries.ts'
import type { Entry, Handler } from '../support/entries.ts'
import { DAY, NAME, OLDER_SECRET, OTHER_SECRET, SECRET, START, WEEK } from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Handlers that carry contents of the received session into the response. */
const CARRIES: readonly (readonly [string, Handler])[] = [
  ['regenerate({ keep })', (session) => session.regenerate({ keep: ['user'] })],
  ['regenerate({ scopes })', (session) => session.regenerate({ scopes: ['wizard'] })],
  [
    'regenerate({ keep }) and a write',
    (session) => {
      session.regenerate({ keep: ['user'] })
      session.set('visits', 1)
    },
  ],
  ['renewId', (session) => session.renewId()],
  ['set', (session) => session.set('visits', 1)],
  ['set in a scope', (session) => session.scope('wizard').set('step', 2)],
  ['a change inside a value', (session) => Object.assign(Object(session.get('cart')), { tea: 2 })],
  ['delete', (session) => session.delete('user')],
  ['flash', (session) => session.flash('notice', 'saved')],
  ['csrfToken', (session) => session.csrfToken()],
  ['touch', (session) => session.touch()],
  ['a read whose use is due', (session) => session.get('user')],
  [
    'clear and a write',
    (session) => {
      session.clear()
      session.set('user', 'eve')
    },
  ],
]

/** Handlers that begin a new session, without contents of the received one. */
const BEGINS: readonly (readonly [string, Handler])[] = [
  [
    'regenerate()',
    (session) => {
      session.regenerate()
      session.set('user', 'eve')
    },
  ],
  [
    'regenerate() that keeps a missing key',
    (session) => {
      session.regenerate({ keep: ['none'], scopes: ['none'] })
      session.set('user', 'eve')
    },
  ],
  [
    'destroy()',
    (session) => {
      session.destroy()
      session.set('user', 'eve')
    },
  ],
]

/** Ways in which a session becomes invalid while its request runs. */
interface Refusal {
  readonly options: Partial<SessionOptions<Data>>
  refuse(id: string | undefined): void
  /** Sessions that began since then are accepted. */
  recover(): void
}

function listed(): Refusal {
  const ids = new Set<string | undefined>()
  const options = { revoked: async ({ id }: Session<Data>) => ids.has(id) }
  return { options, refuse: (id) => void ids.add(id), recover: () => {} }
}

/** A list that becomes unavailable meanwhile, so that the session may be in it. */
function unreachable(): Refusal {
  let isDown = false
  const revoked = () => {
    if (isDown) throw new Error('the list is down')
    return false
  }
  return { options: { revoked }, refuse: () => (isDown = true), recover: () => (isDown = false) }
}

/** A leaked secret that is removed: the `secrets` function returns another one. */
function removed(): Refusal {
  let secrets = SECRET
  const options = { secrets: () => secrets, secretsRefresh: 60 }
  return { options, refuse: () => (secrets = OLDER_SECRET), recover: () => {} }
}

function fill(session: Session<Data>): void {
  session.set('user', 'ada')
  session.set('cart', { tea: 1 })
  session.scope('wizard').set('step', 1)
}

/** A slow request: the session becomes invalid after it was opened, before the response is made. */
async function overtaken(entry: Entry, handle: Handler, make: () => Refusal) {
  const { options, refuse, recover } = make()
  const { sessions, time, events } = setUpAttack(options)
  const browser = createBrowser()
  browser.store(await entry(sessions, '', fill))
  const stolen = browser.header()
  time.now += 40_000
  events.length = 0
  const lines = await entry(sessions, stolen, async (session) => {
    const { id } = session
    expect(session.get('user')).toBe('ada')
    await handle(session)
    refuse(id)
    time.now += 121
  })
  return { lines, events, sessions, stolen, recover }
}

/** Expects no write, an event with the reason, and that the received cookie is rejected. */
async function expectNoFreshSession(
  { lines, events, sessions, stolen }: Awaited<ReturnType<typeof overtaken>>,
  reason: string,
): Promise<void> {
  expect(lines).toEqual([])
  expect(events.map(({ type }) => type)).toEqual(['opened', 'rejected'])
  expect(rejection(events)).toMatchObject({ reason, id: expect.any(String), startedAt: START })
  expectNothing(await sessions.open(stolen), reason)
}

/** Expects that the new session is written. */
async function expectNewSession({
  lines,
  sessions,
  recover,
}: Awaited<ReturnType<typeof overtaken>>): Promise<void> {
  const browser = createBrowser()
  browser.store(lines)
  recover()
  expect((await sessions.open(browser.header())).toJSON()).toEqual({ user: 'eve' })
}

/** Expects that no bare token is sealed, and that verify rejects the session. */
async function expectNoToken({ options, refuse }: Refusal, reason: string): Promise<void> {
  const { sessions, cookieWith, time, events } = setUpAttack(options)
  const session = await sessions.open(await cookieWith({ user: 'ada' }))
  refuse(session.id)
  time.now += 121
  events.length = 0
  expect(await sessions.seal(session)).toBe('')
  expect(await sessions.verify(session)).toEqual({ reason })
  expect(events.filter(({ type }) => type !== 'secrets').map(({ type }) => type)).toEqual([
    'rejected',
    'rejected',
  ])
}

describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
  test.each(CARRIES)(
    'S1: a session that is revoked while a request runs is not renewed by %s',
    async (_, handle) => {
      await expectNoFreshSession(await overtaken(entry, handle, listed), 'revoked')
      await expectNoFreshSession(await overtaken(entry, handle, unreachable), 'revoked')
    },
  )

  test.each(BEGINS)(
    'S1: a session that begins with %s has no contents of a revoked one, and is written',
    async (_, handle) => {
      await expectNewSession(await overtaken(entry, handle, listed))
      await expectNewSession(await overtaken(entry, handle, unreachable))
    },
  )

  test.each(CARRIES)(
    'S2: a session whose secret is removed while a request runs does not change to the new one by %s',
    async (_, handle) => {
      const result = await overtaken(entry, handle, removed)
      const events = result.events.filter(({ type }) => type !== 'secrets')
      await expectNoFreshSession({ ...result, events }, 'unknown-key')
    },
  )

  test.each(BEGINS)(
    'S2: a session that begins with %s has no contents from a removed secret, and is written',
    async (_, handle) => {
      await expectNewSession(await overtaken(entry, handle, removed))
    },
  )
})

test('S1: a session that is revoked while a request runs is not sealed into a bare token', async () => {
  await expectNoToken(listed(), 'revoked')
  await expectNoToken(unreachable(), 'revoked')
})

test('S2: a session of a removed secret is not sealed into a bare token', async () => {
  await expectNoToken(removed(), 'unknown-key')
})

function rejection(events: readonly SessionEvent[]): SessionEvent | undefined {
  return events.findLast(({ type }) => type === 'rejected')
}

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('S2: a session of a removed secret does not change to the new one, even if its request began before', async () => {
    const vault = { secrets: [SECRET] }
    const { sessions, cookieWith, time } = setUpAttack({
      secrets: () => vault.secrets,
      secretsRefresh: 60,
    })
    const cookie = await cookieWith({ user: 'ada' })
    const kept = await sessions.open(cookie)
    kept.set('visits', 1)
    vault.secrets = [OTHER_SECRET, SECRET]
    time.now += 121
    const [line = ''] = await sessions.setCookies(kept)
    expect(line).toContain('=')

    const late = await sessions.open(cookie)
    late.set('visits', 2)
    vault.secrets = [OTHER_SECRET]
    time.now += 121
    expect(await sessions.setCookies(late)).toEqual([])
  })

  test('S14: changes that revoked makes in its session do not reach the handler, and are not written', async () => {
    const { cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada', cart: { items: ['tea'] } })
    const asked: Session<Data>[] = []
    const { sessions } = setUpAttack({
      revoked(session) {
        asked.push(session)
        const cart = Object(session.get('cart'))
        cart.items.push('poison')
        session.set('user', 'eve')
        session.scope('wizard').set('step', 1)
        session.flash('notice', 'hello')
        session.destroy()
        return false
      },
    })
    const session = await sessions.open(cookie)
    expect(asked).toHaveLength(1)
    expect(asked[0]).not.toBe(session)
    expect(session.toJSON()).toEqual({ user: 'ada', cart: { items: ['tea'] } })
    expect([session.flash('notice'), session.scope('wizard').isEmpty]).toEqual([[], true])
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('S14: a read by revoked is no access by the handler', async () => {
    const { sessions, cookieWith } = setUpAttack({
      revoked: (session) => session.get('user') !== 'ada',
    })
    const cookie = await cookieWith({ user: 'ada' })
    const response = new Response('page')
    const request = new Request('https://example.test/', { headers: { cookie } })
    expect(await sessions.wrap(() => response)(request)).toBe(response)
  })

  test('S14: a session that revoked has stored is read-only', async () => {
    const kept: Session<Data>[] = []
    const { cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const { sessions } = setUpAttack({ revoked: (session) => kept.push(session) === 0 })
    await sessions.open(cookie)
    expect(kept.map((session) => session.get('user'))).toEqual(['ada'])
  })

  test('S15: an application that renews the id with each change of rights can still end its sessions', async () => {
    const { sessions, time, events } = setUpAttack({ idleTimeout: false, clockTolerance: 0 })
    const browser = createBrowser()
    const visit = async (handle: Handler) => {
      const session = await sessions.open(browser.header())
      await handle(session)
      browser.store(await sessions.setCookies(session))
      return session
    }
    await visit((session) => session.set('user', 'ada'))
    const copies: string[] = []
    for (let day = 1; day < 7; day++) {
      time.now = START + day * DAY
      copies.push(browser.header())
      const session = await visit((session) => {
        session.renewId()
        session.set('role', day % 2 === 0 ? 'admin' : 'user')
      })
      expect(session.startedAt).toEqual(new Date(START * 1000))
      expect(session.expiresAt).toEqual(new Date((START + WEEK) * 1000))
    }
    copies.push(browser.header())
    time.now = START + WEEK
    for (const copy of copies) expectNothing(await sessions.open(copy), 'expired')

    // Each event has the former id, so that a list of revoked ids can follow a session.
    const sealed = events.flatMap((event) => (event.type === 'sealed' ? [event] : []))
    expect(sealed).toHaveLength(7)
    for (const [index, { previous }] of sealed.entries()) {
      expect(previous).toBe(sealed[index - 1]?.id)
    }
    expect(new Set(sealed.map(({ id }) => id)).size).toBe(7)
  })

  test('S15: events link the ids over a login too, and over several changes in one request', async () => {
    const { sessions, cookieWith, events } = setUpAttack()
    const session = await sessions.open(await cookieWith({ user: 'ada' }))
    const { id } = session
    events.length = 0
    session.renewId()
    session.regenerate({ keep: ['user'] })
    session.renewId()
    await sessions.setCookies(session)
    expect(events).toEqual([
      expect.objectContaining({ type: 'sealed', cause: 'new', id: session.id, previous: id }),
    ])
  })

  test('S15: renewId keeps everything except the id', async () => {
    const { sessions, time } = setUpAttack({
      lifetimes: { long: { maxAge: 30 * DAY, idleTimeout: false } },
    })
    const session = await sessions.open(`${NAME}.x=AAAA`)
    session.regenerate({ lifetime: 'long' })
    fill(session)
    session.flash('notice', 'saved')
    const token = session.csrfToken()
    const browser = createBrowser()
    browser.store(await sessions.setCookies(session))
    time.now += 10 * DAY
    const renewed = await sessions.open(browser.header())
    renewed.renewId()
    browser.store(await sessions.setCookies(renewed))
    const next = await sessions.open(`${browser.header()}; ${NAME}.x=AAAA`)
    expect(next.id).not.toBe(session.id)
    expect(next.toJSON()).toEqual({ user: 'ada', cart: { tea: 1 } })
    expect(next.scope('wizard').get('step')).toBe(1)
    expect([next.flash('notice'), next.verifyCsrfToken(token)]).toEqual([['saved'], true])
    expect(next.expiresAt).toEqual(new Date((START + 30 * DAY) * 1000))
  })

  test('S16: a login in the same second as "log out everywhere" is accepted, and a session before it is not', async () => {
    const generations = new Map([['ada', 1]])
    const { sessions } = setUpAttack({
      revoked: (session) =>
        session.has('user') &&
        session.get('generation') !== generations.get(String(session.get('user'))),
    })
    const login = async () => {
      const browser = createBrowser()
      const session = await sessions.open(null)
      session.regenerate()
      session.set('user', 'ada')
      session.set('generation', generations.get('ada'))
      browser.store(await sessions.setCookies(session))
      return browser.header()
    }
    const before = await login()
    expect((await sessions.open(before)).get('user')).toBe('ada')
    generations.set('ada', 2)
    const after = await login()
    expectNothing(await sessions.open(before), 'revoked')
    expect((await sessions.open(after)).get('user')).toBe('ada')
  })

  test('S16: a date in whole seconds accepts the login after it, in the same second too', async () => {
    const cutoffs = new Map<string, number>()
    const { sessions, cookieWith, time } = setUpAttack({
      revoked: (session) =>
        Number(session.startedAt) / 1000 < (cutoffs.get(String(session.get('user'))) ?? 0),
    })
    const before = await cookieWith({ user: 'ada' })
    time.now += 60.25
    cutoffs.set('ada', Math.floor(time.now))
    time.now += 0.5
    const after = await cookieWith({ user: 'ada' })
    expectNothing(await sessions.open(before), 'revoked')
    expect((await sessions.open(after)).get('user')).toBe('ada')
    // With the fraction, a later session seems to have begun earlier.
    cutoffs.set('ada', time.now - 0.5)
    expectNothing(await sessions.open(after), 'revoked')
  })
})
