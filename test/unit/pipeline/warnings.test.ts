// Warnings: writes that succeed but will not work in the browser.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions } from 'sealed-session'
import { wrapLambda } from 'sealed-session/lambda'
import { nodeSessions } from 'sealed-session/node'
import { NAME, OTHER_SECRET, SECRET, START, mint } from '../../support/mint.ts'
import { toCookieHeader } from '../../support/cookie-jar.ts'
import { COMMITTED_ERROR } from '../../support/errors.ts'
import { setUp } from '../../support/set-up.ts'
import type { Data, SetUp } from '../../support/set-up.ts'

const BROWSER = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0' }

/** Returns the causes of the warnings among events. */
function causesOf(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.cause] : []))
}

/** Visits with these header fields, and returns the causes. */
async function visit(
  headers: Record<string, string>,
  options: Partial<SessionOptions> = {},
  times = 1,
): Promise<string[]> {
  const { sessions, events } = setUp(options)
  const handler = sessions.wrap((_, session) => {
    session.set('visits', 1)
    return new Response('page')
  })
  for (let time = 0; time < times; time++) {
    await handler(new Request('http://shop.test/', { headers }))
  }
  return causesOf(events)
}

describe('insecure', () => {
  test('is observed once, when a Secure cookie is sent to a browser over plain http', async () => {
    expect(await visit(BROWSER, {}, 3)).toEqual(['insecure'])
  })

  test.each<[string, Record<string, string>]>([
    [
      'a browser on https or localhost, which sends Sec-Fetch-Site',
      { ...BROWSER, 'Sec-Fetch-Site': 'none' },
    ],
    ['a browser behind a proxy with TLS', { ...BROWSER, 'X-Forwarded-Proto': 'https' }],
    ['a browser behind a proxy that writes Forwarded', { ...BROWSER, Forwarded: 'proto=https' }],
    ['a client that is no browser', { 'User-Agent': 'curl/8.0' }],
    ['a client without User-Agent', {}],
  ])('is not observed for %s', async (_, headers) => {
    expect(await visit(headers)).toEqual([])
  })

  test('is not observed for a cookie that is not Secure', async () => {
    expect(await visit(BROWSER, { cookie: { name: 'session', secure: false } })).toEqual([])
  })

  test('is not observed if nothing is written, or if the browser sends the cookie', async () => {
    const { sessions, events } = setUp()
    const read = sessions.wrap((_, session) => Response.json(session.toJSON()))
    await read(new Request('http://shop.test/', { headers: BROWSER }))
    const write = sessions.wrap((_, session) => (session.set('a', 1), new Response()))
    const cookie = `${NAME}=${mint()}`
    await write(new Request('http://shop.test/', { headers: { ...BROWSER, cookie } }))
    expect(causesOf(events)).toEqual([])
  })

  test('is observed for a request of Node, too', async () => {
    const { sessions, events } = setUp()
    const headers = { 'user-agent': BROWSER['User-Agent'] }
    const session = await sessions.open({ method: 'GET', headers })
    session.set('visits', 1)
    await sessions.setCookies(session)
    expect(causesOf(events)).toEqual(['insecure'])
  })
})

describe('uncommitted', () => {
  test('is observed a minute after the next request, for a session that was changed and not committed', async () => {
    const { sessions, events, time } = setUp()
    const lost = await sessions.open(null)
    lost.set('user', 'ada')
    for (const seconds of [0, 59]) {
      time.now = START + seconds
      await sessions.open(null)
      expect(causesOf(events)).toEqual([])
    }
    time.now = START + 60
    await sessions.open(null)
    expect(causesOf(events)).toEqual(['uncommitted'])
  })

  test.each<[string, (world: SetUp<Data>) => Promise<unknown>]>([
    [
      'that was committed',
      async ({ sessions }) => {
        const session = await sessions.open(null)
        session.set('user', 'ada')
        await sessions.setCookies(session)
      },
    ],
    [
      'that was sealed as a token',
      async ({ sessions }) => {
        const session = await sessions.unseal(null)
        session.set('user', 'ada')
        await sessions.seal(session)
      },
    ],
    [
      'that was saved into a store',
      async ({ sessions }) => {
        const session = await sessions.open(null)
        session.set('user', 'ada')
        await sessions.save(session, { set: () => undefined })
      },
    ],
    [
      'whose changes were discarded',
      async ({ sessions }) => {
        const session = await sessions.open(null)
        session.set('user', 'ada')
        session.discard()
      },
    ],
    [
      'of a wrapped handler that failed',
      async ({ sessions }) => {
        const handler = sessions.wrap((_, session) => {
          session.set('user', 'ada')
          throw new Error('no database')
        })
        await handler(new Request('https://shop.test/')).catch(() => undefined)
      },
    ],
    [
      'of a Lambda handler that failed',
      async ({ sessions }) => {
        const handler = wrapLambda(sessions, (_event, session) => {
          session.set('user', 'ada')
          throw new Error('no database')
        })
        await handler({ headers: {} }).catch(() => undefined)
      },
    ],
    [
      'of a response of Node that was never sent',
      async ({ sessions }) => {
        const request = new IncomingMessage(new Socket())
        request.method = 'GET'
        const session = await nodeSessions(sessions).open(request, new ServerResponse(request))
        session.set('user', 'ada')
      },
    ],
    ['that was only read', async ({ sessions }) => (await sessions.open(null)).get('user')],
    [
      'that was filled, emptied and committed',
      async ({ sessions }) => {
        const session = await sessions.open(null)
        session.set('user', 'ada')
        session.clear()
        await sessions.setCookies(session)
      },
    ],
  ])('is not observed for a session %s', async (_, act) => {
    const world = setUp()
    await act(world)
    for (const seconds of [0, 61, 122]) {
      world.time.now = START + seconds
      await world.sessions.open(null)
    }
    expect(causesOf(world.events)).toEqual([])
  })
})

test.each<[string, (world: SetUp<Data>) => Promise<unknown>]>([
  ['was filled', async ({ sessions }) => (await sessions.open(null)).set('user', 'ada')],
  ['has ended', async ({ sessions }) => (await sessions.open(`${NAME}=${mint()}`)).destroy()],
])('uncommitted is observed for a session that %s, whatever others commit', async (_, act) => {
  const world = setUp()
  await act(world)
  const other = await world.sessions.open(null)
  other.set('user', 'eve')
  await world.sessions.setCookies(other)
  for (const seconds of [1, 61]) {
    world.time.now = START + seconds
    await world.sessions.open(null)
  }
  expect(causesOf(world.events)).toEqual(['uncommitted'])
})

describe('same-name', () => {
  test('is observed for a cookie that another createSessions of this process has sealed', async () => {
    const { cookieOf, make } = setUp()
    const events: SessionEvent[] = []
    const admin = make({ secrets: OTHER_SECRET, observe: (event) => void events.push(event) })
    const cookie = await cookieOf((session) => session.set('user', 'ada'))
    expect((await admin.open(cookie)).rejection).toEqual({ reason: 'unknown-key' })
    await admin.open(cookie)
    expect(causesOf(events)).toEqual(['same-name'])
  })

  test('is not observed for a former secret of these sessions, nor for another name', async () => {
    const events: SessionEvent[] = []
    let secrets = 'i5gmTlCcMe5gPWEYWAXyxU1GT2iUrQpvbzJ50aBzAlA'
    const time = { now: START }
    const sessions = createSessions({
      secrets: () => secrets,
      clock: () => time.now * 1000,
      observe: (event) => void events.push(event),
    })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const cookie = toCookieHeader(await sessions.setCookies(session))
    secrets = SECRET
    time.now += 1000
    expect((await sessions.open(cookie)).rejection).toEqual({ reason: 'unknown-key' })
    expect(causesOf(events)).toEqual([])
  })
})

test('same-name is not observed for a secret that no sessions here have sealed with', async () => {
  const { sessions, events, cookieOf } = setUp()
  await cookieOf((session) => session.set('user', 'ada'))
  await setUp({ secrets: OTHER_SECRET }).cookieOf((session) => session.set('user', 'ada'))
  const removed = mint(undefined, { secret: 'Yu9QTXUCsVgVmYU2NFCnjnEyo667bk4RvwlYC-OBISc' })
  expect((await sessions.open(`${NAME}=${removed}`)).rejection).toEqual({ reason: 'unknown-key' })
  expect(causesOf(events)).toEqual([])
})

test('same-name is not observed for a session that other sessions here have sealed, and that has ended', async () => {
  const { make, cookieOf, time } = setUp()
  const cookie = await cookieOf((session) => session.set('user', 'ada'))
  const events: SessionEvent[] = []
  const same = make({ observe: (event) => void events.push(event) })
  time.now += 604_806
  expect((await same.open(cookie)).rejection).toEqual({ reason: 'expired' })
  expect(causesOf(events)).toEqual([])
})

describe('cut', () => {
  const value = mint()

  test.each([
    ['in its tag', value.slice(0, -1)],
    ['before its tag', value.slice(0, -22)],
    ['in its ciphertext', value.slice(0, 60)],
  ])('is observed for a cookie that ends %s', async (_, cut) => {
    const { sessions, events } = setUp()
    expect((await sessions.open(`${NAME}=${cut}`)).rejection).toEqual({ reason: 'malformed' })
    expect(causesOf(events)).toEqual(['cut'])
  })

  test.each([
    ['a whole one', value],
    ['one of another library', 's%3Aabc.def'],
    ['one with another character in it', value.replace('.', '!')],
  ])('is not observed for %s', async (_, other) => {
    const { sessions, events } = setUp()
    await sessions.open(`${NAME}=${other}`)
    expect(causesOf(events)).toEqual([])
  })
})

describe('late', () => {
  /** Sends a response whose handler ignores the session, and returns a read of the session after it. */
  const answers: Readonly<
    Record<string, (world: SetUp<Data>, cookie: string) => Promise<() => unknown>>
  > = {
    'a stream of a wrapped handler': async ({ sessions }, cookie) => {
      const handler = sessions.wrap((_, session) => {
        const pull = (controller: ReadableStreamDefaultController) => {
          controller.enqueue(new TextEncoder().encode(String(session.get('user'))))
          controller.close()
        }
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
      })
      const response = await handler(new Request('https://shop.test/', { headers: { cookie } }))
      return () => response.text()
    },
    'a Lambda function that goes on': async ({ sessions }, cookie) => {
      let session: Session<Data> | undefined
      const handler = wrapLambda(sessions, (_event, given) => {
        session = given
        return { statusCode: 204 }
      })
      await handler({ headers: { cookie } })
      return () => session?.get('user')
    },
    'a response of Node whose head was sent': async ({ sessions }, cookie) => {
      const request = new IncomingMessage(new Socket())
      Object.assign(request, { method: 'GET', headers: { cookie } })
      const response = new ServerResponse(request)
      const { middleware, sessionOf } = nodeSessions(sessions)
      await new Promise((next) => middleware(request, response, next))
      response.end()
      return () => sessionOf(request).get('user')
    },
  }

  test.each(Object.entries(answers))(
    'is observed once for a first read in %s',
    async (_, answer) => {
      const world = setUp()
      const cookie = await world.cookieOf((session) => session.set('user', 'ada'))
      const reads = [await answer(world, cookie), await answer(world, cookie)]
      expect(causesOf(world.events)).toEqual([])
      for (const read of reads) expect(await read()).toBe('ada')
      expect(causesOf(world.events)).toEqual(['late'])
    },
  )

  test('is not observed if the handler has read the session, nor for a change, which is an error', async () => {
    const { sessions, events } = setUp()
    const kept: Session<Data>[] = []
    const keep = (session: Session<Data>) => {
      kept.push(session)
      return new Response('page')
    }
    const request = () => new Request('https://shop.test/')
    await sessions.wrap((_, session) => keep(session))(request())
    await sessions.wrap((_, session) => (session.get('user'), keep(session)))(request())
    for (const session of kept) expect(() => session.set('user', 'ada')).toThrow(COMMITTED_ERROR)
    expect(kept[1]?.get('user')).toBeUndefined()
    expect(causesOf(events)).toEqual([])
  })
})

describe('a rejection', () => {
  const rejectionOf = async (cookie: string, options: Partial<SessionOptions>, later: number) => {
    const { sessions, events, time } = setUp(options)
    time.now += later
    await sessions.open(cookie)
    return events[0]
  }

  test.each<[string, Partial<SessionOptions>, number, string]>([
    ['expired', { idleTimeout: false }, 604_806, 'maxAge'],
    ['idle', {}, 86_406, 'idleTimeout'],
    ['not-yet-valid', {}, -6, 'clockTolerance'],
    ['revoked', { validAfter: START + 1 }, 0, 'validAfter'],
    ['revoked', { revoked: () => true }, 0, 'revoked'],
  ])('as %s names the option behind it, %j', async (reason, options, later, limit) => {
    expect(await rejectionOf(`${NAME}=${mint()}`, options, later)).toMatchObject({
      reason,
      limit,
      usedAt: START,
    })
  })

  test('names the lifetime of a session with a named lifetime', async () => {
    const remembered = { maxAge: 1_000_000, idleTimeout: 100 }
    const { sessions, events, time, cookieOf } = setUp({ lifetimes: { remembered } })
    const cookie = await cookieOf((session) => {
      session.regenerate({ lifetime: 'remembered' })
      session.set('user', 'ada')
    })
    time.now += 200
    await sessions.open(cookie)
    expect(events.at(-1)).toMatchObject({ reason: 'idle', lifetime: 'remembered' })
  })
})
