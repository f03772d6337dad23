// docs/troubleshooting.md, "From the field": each friction that can be reproduced, with its symptom
// and its cure. Status 502 of a real nginx is in test/servers, and those of browsers are in
// test/browsers.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionEvent, SessionOptions, SessionRejection, Sessions } from 'sealed-session'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { thrownCode } from '../support/errors.ts'
import { OLDER_SECRET, OTHER_SECRET, SECRET, START, untyped } from '../support/mint.ts'

type Data = Record<string, unknown>

const DAY = 86_400

/** Creates sessions at a moment, and records their events. */
function create(options: Partial<SessionOptions> = {}, now = START) {
  const events: SessionEvent[] = []
  const sessions = createSessions({
    secrets: SECRET,
    clock: () => now * 1000,
    observe: (event) => void events.push(event),
    ...options,
  })
  return { sessions, events }
}

/** Counts visits, and returns the page with the number. */
function counter(sessions: Sessions<Data>) {
  return sessions.wrap((_, session) => {
    session.set('visits', Number(session.get('visits', 0)) + 1)
    return new Response(`visit ${String(session.get('visits'))}`)
  })
}

/** Visits a page three times as a browser does, and returns the last page. */
async function visitThrice(
  handler: (request: Request) => Response | Promise<Response>,
  browser: Browser = createJar(),
  headers: Record<string, string> = {},
): Promise<string> {
  let text = ''
  for (let visit = 0; visit < 3; visit++) {
    const response = await handler(browser.request('/', { headers }))
    storeSilently(browser, response)
    text = await response.text()
  }
  return text
}

/** Browsers drop such a cookie silently; tough-cookie throws. */
function storeSilently(browser: Browser, response: Response): void {
  try {
    browser.store(response)
  } catch {
    // Dropped.
  }
}

/** Logs in with some options, and returns how other options open the cookie later. */
async function rejectionUnder(
  before: Partial<SessionOptions>,
  after: Partial<SessionOptions>,
  later = 60,
): Promise<SessionRejection['reason'] | undefined> {
  const browser = createJar()
  const own = create(before).sessions
  const session = await own.open(null)
  session.set('user', 'ada')
  browser.store(await own.setCookies(session))
  return (await create(after, START + later).sessions.open(browser.header())).rejection?.reason
}

describe('the browser sends no cookie', () => {
  const MOZILLA = { 'User-Agent': 'Mozilla/5.0' }

  test('on the local network: every visit is the first, a warning says why, and without Secure the counter works', async () => {
    const broken = create()
    expect(
      await visitThrice(counter(broken.sessions), createJar('http://192.168.0.10'), MOZILLA),
    ).toBe('visit 1')
    expect(broken.events).toContainEqual({ type: 'warning', cause: 'insecure' })
    const cured = create({ cookie: { name: 'session', secure: false } })
    expect(
      await visitThrice(counter(cured.sessions), createJar('http://192.168.0.10'), MOZILLA),
    ).toBe('visit 3')
    expect(cured.events.filter(({ type }) => type === 'warning')).toEqual([])
  })

  test('if the response of commit is not returned: every visit is the first, and with it the counter works', async () => {
    const { sessions } = create()
    const broken = async (request: Request) => {
      const session = await sessions.open(request)
      session.set('visits', Number(session.get('visits', 0)) + 1)
      const response = new Response(`visit ${String(session.get('visits'))}`)
      await sessions.commit(session, response)
      return response
    }
    expect(await visitThrice(broken)).toBe('visit 1')
    expect(await visitThrice(counter(sessions))).toBe('visit 3')
  })

  test('if commit is never called: a warning says so after a minute', async () => {
    const time = { now: START }
    const { sessions, events } = create({ clock: () => time.now * 1000 })
    const broken = async (request: Request) => {
      const session = await sessions.open(request)
      session.set('visits', 1)
      return new Response()
    }
    await visitThrice(broken)
    time.now += 60
    await visitThrice(broken)
    expect(events).toContainEqual({ type: 'warning', cause: 'uncommitted' })
  })

  test('between localhost and 127.0.0.1, which are two hosts', async () => {
    const { sessions } = create({ cookie: { name: 'session', secure: false } })
    const browser = createJar('http://localhost:3000')
    await visitThrice(counter(sessions), browser)
    expect(browser.header()).not.toBe('')
    expect(createJar('http://127.0.0.1:3000').header()).toBe('')
  })

  test('if the domain of the cookie is that of another host', async () => {
    const options = (domain: string) => ({ cookie: { name: '__Secure-s', domain } })
    const broken = create(options('other.test'))
    const browser = createJar()
    await counter(broken.sessions)(browser.request()).then((response) => {
      expect(() => browser.store(response)).toThrow('domain')
    })
    expect(await visitThrice(counter(create(options('example.test')).sessions))).toBe('visit 3')
  })
})

describe('users are logged out', () => {
  test('after a deployment with another secret, but not if the old one follows the new one', async () => {
    const before = { secrets: OLDER_SECRET }
    expect(await rejectionUnder(before, { secrets: SECRET })).toBe('unknown-key')
    expect(await rejectionUnder(before, { secrets: [SECRET, OLDER_SECRET] })).toBeUndefined()
  })

  test('by an instance whose clock is wrong, until the clocks agree', async () => {
    expect(await rejectionUnder({}, {}, -120)).toBe('not-yet-valid')
    expect(await rejectionUnder({}, {}, 0)).toBeUndefined()
  })

  test('at midnight by validAfter from today’s date, but not by the keys of the day', async () => {
    const evening = Date.parse('2026-01-15T23:50:00Z') / 1000
    const night = evening + 1200
    const browser = createJar()
    const { sessions } = create({}, evening)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    browser.store(await sessions.setCookies(session))
    const today = new Date(night * 1000).toISOString().slice(0, 10)
    const broken = create({ validAfter: today }, night)
    expect((await broken.sessions.open(browser.header())).rejection).toEqual({ reason: 'revoked' })
    expect(broken.events[0]).toMatchObject({ limit: 'validAfter' })
    const cured = create({ validAfter: '2026-01-01' }, night)
    expect((await cured.sessions.open(browser.header())).get('user')).toBe('ada')
  })

  test('after an idle hour if a proxy removes the ticket, but not with the ticket', async () => {
    const time = { now: START }
    const { sessions, events } = create({ idleTimeout: 3600, clock: () => time.now * 1000 })
    const lives = async (keepsTicket: boolean) => {
      time.now = START
      const browser = createJar()
      browser.store(await counter(sessions)(browser.request()))
      const read = sessions.wrap((_, session) => Response.json(session.get('visits', null)))
      for (let minutes = 30; minutes <= 120; minutes += 30) {
        time.now = START + minutes * 60
        browser.store(await read(browser.request()))
        if (!keepsTicket) browser.evict('__Host-session.t')
      }
      return (await sessions.open(browser.header())).has('visits')
    }
    expect(await lives(true)).toBe(true)
    expect(await lives(false)).toBe(false)
    expect(events.at(-1)).toMatchObject({ reason: 'idle', limit: 'idleTimeout', usedAt: START })
  })

  test('after a change of the data, but not if the schema accepts the old form too', async () => {
    const schema = (isValid: (value: object) => boolean) =>
      untyped<NonNullable<SessionOptions['schema']>>({
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: (value: object) =>
            isValid(value) ? { value } : { issues: [{ message: 'no' }] },
        },
      })
    expect(await rejectionUnder({}, { schema: schema((value) => 'role' in value) })).toBe(
      'invalid-data',
    )
    expect(await rejectionUnder({}, { schema: schema(() => true) })).toBeUndefined()
  })

  test('in turns if two applications share a host and a name, but not with two names', async () => {
    const run = async (name: string) => {
      const shop = counter(create({ cookie: { name: 'session', secure: false } }).sessions)
      const blog = counter(
        create({ secrets: OTHER_SECRET, cookie: { name, secure: false } }).sessions,
      )
      const browser = createJar('http://localhost:3000')
      let text = ''
      for (const application of [shop, blog, shop, blog, shop]) {
        const response = await application(browser.request())
        browser.store(response)
        text = await response.text()
      }
      return text
    }
    expect(await run('session')).toBe('visit 1')
    expect(await run('blog')).toBe('visit 3')
  })

  test('at each hot reload if the secret is created at the start, but not if it is kept', async () => {
    const random = () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
    expect(await rejectionUnder({ secrets: random() }, { secrets: random() })).toBe('unknown-key')
    expect(await rejectionUnder({}, {})).toBeUndefined()
  })

  test('one by one if the browser evicts a part, but not with one cookie', async () => {
    const { sessions } = create({ limits: 'node' })
    const browser = createJar()
    const session = await sessions.open(null)
    session.set('note', 'x'.repeat(4000))
    browser.store(await sessions.setCookies(session))
    browser.evict('__Host-session.1')
    expect((await sessions.open(browser.header())).rejection).toEqual({ reason: 'incomplete' })
    expect(browser.names()).toEqual(['__Host-session'])
  })
})

describe('something is rejected', () => {
  /** Serves on a free port for one request with this `Cookie` header, and returns the status. */
  async function statusFor(listener: RequestListener, cookie: string): Promise<number> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      return (await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } })).status
    } finally {
      server.close()
    }
  }

  test('with status 431, which the limits of node turn into an error at the write', async () => {
    const answer: RequestListener = (_, response) => void response.end()
    expect(await statusFor(answer, `a=${'x'.repeat(17_000)}`)).toBe(431)
    expect(await statusFor(answer, `a=${'x'.repeat(15_000)}`)).toBe(200)
    const { sessions } = create({ limits: 'node' })
    const session = await sessions.open(`theme=${'x'.repeat(14_000)}`)
    session.set('note', 'x'.repeat(3000))
    await expect(sessions.setCookies(session)).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
    })
  })

  test('with status 502 by nginx, which its limits turn into an error that names it', async () => {
    const { sessions } = create({ limits: ['node', 'nginx'] })
    const session = await sessions.open(null)
    session.set('note', 'x'.repeat(4000))
    await expect(sessions.setCookies(session)).rejects.toThrow('the preset nginx')
    session.set('note', 'x'.repeat(1000))
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test.each([
    ['quotation marks that Docker keeps', `"${SECRET}"`],
    ['a line break that was written out', `${SECRET}\\n`],
    ['the name of the variable', `SESSION_SECRETS=${SECRET}`],
    ['nothing, because the build has no environment', undefined],
  ])('a secret with %s, and not without', (_, secrets) => {
    expect(thrownCode(() => createSessions({ secrets }))).toBe('ERR_SESSION_CONFIG')
    expect(thrownCode(() => createSessions({ secrets: `${SECRET}\n` }))).not.toBe(
      'ERR_SESSION_CONFIG',
    )
    expect(thrownCode(() => createSessions({ secrets: () => secrets }))).not.toBe(
      'ERR_SESSION_CONFIG',
    )
  })

  test('a change in a stream after the head was sent, but not before', async () => {
    const { sessions } = create()
    let late: unknown
    const handler = sessions.wrap((_, session) => {
      session.set('before', true)
      const stream = new ReadableStream(
        {
          pull(controller) {
            late = thrownCode(() => session.set('after', true))
            controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      return new Response(stream)
    })
    const response = await handler(new Request('https://example.test/'))
    expect(response.headers.getSetCookie()).toHaveLength(1)
    await response.text()
    expect(late).toBe('ERR_SESSION_COMMITTED')
  })

  test('a session of the module before a hot reload, but not of one that is kept', async () => {
    const [old, fresh] = [create().sessions, create().sessions]
    const session = await old.open(null)
    await expect(fresh.setCookies(session)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(await old.setCookies(session)).toEqual([])
  })

  test('the tokens of OpenID Connect for their size, with the keys to move', async () => {
    const { sessions } = create()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('tokens', 'x'.repeat(6000))
    await expect(sessions.setCookies(session)).rejects.toMatchObject({
      report: { move: ['tokens'] },
    })
  })
})

test('a copied cookie works after the logout, unless revoked rejects it', async () => {
  const revoked = new Set<string>()
  const { sessions } = create({ revoked: ({ id }) => revoked.has(id ?? '') })
  const browser = createJar()
  browser.store(await counter(sessions)(browser.request()))
  const copy = browser.header()
  const { id = '' } = await sessions.open(copy)
  browser.store(
    await sessions.wrap((_, session) => (session.destroy(), new Response()))(browser.request()),
  )
  expect((await sessions.open(copy)).get('visits')).toBe(1)
  revoked.add(id)
  expect((await sessions.open(copy)).rejection).toEqual({ reason: 'revoked' })
})

test('no change of the day logs a session out', async () => {
  for (let day = 0; day < 7; day++) {
    expect(
      await rejectionUnder({ idleTimeout: false }, { idleTimeout: false }, day * DAY),
    ).toBeUndefined()
  }
})
