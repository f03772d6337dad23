// The adapter for AWS Lambda, on events in the forms that AWS publishes. Cookies and headers are
// read back from where each source takes them in the result.

import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import type { Writable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { wrapLambda } from 'sealed-session/lambda'
import type { LambdaEvent } from 'sealed-session/lambda'
import { createJar } from '../../support/cookie-jar.ts'
import type { Browser } from '../../support/cookie-jar.ts'
import { configError } from '../../support/errors.ts'
import { SECRET, START, untyped } from '../../support/mint.ts'

interface Data {
  visits?: number
  text?: string
}

interface Result {
  statusCode?: number
  headers?: Record<string, string | number | boolean>
  multiValueHeaders?: Record<string, (string | number | boolean)[]>
  cookies?: string[]
  body?: string
}

type Handler = (event: LambdaEvent, session: Session<Data>) => unknown

const SOURCES = {
  'api-gateway-v1': 'multiValue',
  'api-gateway-v2': 'cookies',
  'function-url': 'cookies',
  'load-balancer': 'single',
  'load-balancer-multi-value': 'multiValue',
} as const

type Source = keyof typeof SOURCES

const sources = untyped<Source[]>(Object.keys(SOURCES))
const several = sources.filter((source) => SOURCES[source] !== 'single')

/** Returns an event as a source sends it, with the cookies where the source puts them. */
function eventOf(source: Source, ...cookies: string[]): LambdaEvent {
  const file = new URL(`../../support/fixtures/lambda/${source}.json`, import.meta.url)
  const event = untyped<LambdaEvent>(JSON.parse(readFileSync(file, 'utf8')))
  const header = cookies.join('; ')
  if (header === '') return event
  if (SOURCES[source] === 'cookies') return { ...event, cookies }
  const name = source === 'api-gateway-v1' ? 'Cookie' : 'cookie'
  const { headers, multiValueHeaders } = event
  return {
    ...event,
    ...(headers && { headers: { ...headers, [name]: header } }),
    ...(multiValueHeaders && { multiValueHeaders: { ...multiValueHeaders, [name]: [header] } }),
  }
}

/** Returns the `Set-Cookie` lines that the source passes to the browser. */
function linesOf(source: Source, result: Result): string[] {
  const form = SOURCES[source]
  if (form === 'cookies') return result.cookies ?? []
  const fields = form === 'multiValue' ? result.multiValueHeaders : result.headers
  return Object.entries(fields ?? {})
    .filter(([name]) => name.toLowerCase() === 'set-cookie')
    .flatMap(([, value]) => value)
    .map(String)
}

/** Returns a header that the source passes to the browser. */
function fieldOf(source: Source, result: Result, name: string): string | undefined {
  const fields = SOURCES[source] === 'multiValue' ? result.multiValueHeaders : result.headers
  const found = Object.entries(fields ?? {}).find(([key]) => key.toLowerCase() === name)
  return found && [found[1]].flat().join(', ')
}

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const sessions = createSessions<Data>({
    secrets: SECRET,
    clock: () => START * 1000,
    ...options,
  })
  const run = async (event: LambdaEvent, handler: Handler): Promise<Result> =>
    untyped<Result>(await wrapLambda(sessions, handler)(event))
  return { sessions, run }
}

function countVisit(session: Session<Data>): void {
  session.set('visits', session.get('visits', 0) + 1)
}

describe.each(sources)('%s', (source) => {
  const { run } = setUp()

  test('a session lives from event to event', async () => {
    const browser = createJar()
    for (const visits of [1, 2, 3]) {
      const cookies = browser.header().split('; ')
      const result = await run(eventOf(source, ...cookies), (_, session) => {
        countVisit(session)
        return { statusCode: 200, body: String(session.get('visits')) }
      })
      expect(result).toMatchObject({ statusCode: 200, body: String(visits) })
      expect(linesOf(source, result)).toHaveLength(1)
      expect(fieldOf(source, result, 'vary')).toBe('Cookie')
      expect(fieldOf(source, result, 'cache-control')).toBe('private, no-store')
      browser.store(linesOf(source, result))
    }
  })

  test('a session that the handler does not access changes nothing, and is closed', async () => {
    const given = { statusCode: 200, body: 'ab' }
    const kept: Session<Data>[] = []
    const keep: Handler = (_, session) => {
      kept.push(session)
      return given
    }
    expect(await run(eventOf(source), keep)).toBe(given)
    expect(given).toEqual({ statusCode: 200, body: 'ab' })
    expect(kept).toHaveLength(1)
    for (const session of kept) {
      expect(() => session.set('visits', 1)).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' }),
      )
    }
    expect(kept).toHaveLength(1)
  })

  test('a session that is only read adds Vary, and writes no cookie', async () => {
    const result = await run(eventOf(source), (_, session) => {
      const headers = { Vary: 'Accept', 'Cache-Control': 'public', 'X-Count': 1, 'X-Flag': true }
      return { statusCode: 200, headers, body: String(session.isEmpty) }
    })
    expect(linesOf(source, result)).toEqual([])
    expect(
      ['vary', 'cache-control', 'x-count', 'x-flag'].map((name) => fieldOf(source, result, name)),
    ).toEqual(['Accept, Cookie', 'public', '1', 'true'])
  })

  test('the headers of the handler are kept, and its object is not changed', async () => {
    const given = Object.freeze({
      statusCode: 201,
      headers: Object.freeze({ 'content-type': 'text/plain', 'cdn-cache-control': 'max-age=60' }),
      body: 'ab',
      isBase64Encoded: false,
    })
    const result = await run(eventOf(source), (_, session) => {
      countVisit(session)
      return given
    })
    expect(result).toMatchObject({ statusCode: 201, body: 'ab', isBase64Encoded: false })
    expect(fieldOf(source, result, 'content-type')).toBe('text/plain')
    expect(fieldOf(source, result, 'cdn-cache-control')).toBeUndefined()
    if (SOURCES[source] === 'multiValue') expect(result.headers).toEqual({})
  })

  test('a header without a value is left out, and one in two spellings or arrays is one', async () => {
    const result = await run(eventOf(source), (_, session) => {
      countVisit(session)
      const headers = { vary: ['Accept', 'Origin'], 'x-a': '1', 'X-A': '2', 'x-b': null }
      return { statusCode: 200, headers: { ...headers, 'x-c': undefined }, cookies: null }
    })
    const forms = { ...result.headers, ...result.multiValueHeaders }
    const names = Object.keys(forms).map((name) => name.toLowerCase())
    const ours = SOURCES[source] === 'cookies' ? [] : ['set-cookie']
    expect(names.toSorted()).toEqual(['cache-control', ...ours, 'vary', 'x-a'])
    expect(fieldOf(source, result, 'vary')).toBe('Accept, Origin, Cookie')
    expect(fieldOf(source, result, 'x-a')).toBe('1, 2')
    expect(linesOf(source, result)).toHaveLength(1)
  })

  test('headers that the source ignores are ignored', async () => {
    const result = await run(eventOf(source), (_, session) => {
      countVisit(session)
      return { statusCode: 200, headers: { 'x-a': '1' }, multiValueHeaders: { 'x-b': ['2'] } }
    })
    expect(fieldOf(source, result, 'x-a')).toBe('1')
    expect(result.headers).not.toHaveProperty('x-b')
    expect(fieldOf(source, result, 'x-b')).toBe(SOURCES[source] === 'multiValue' ? '2' : undefined)
  })

  test('what the handler throws is passed on', async () => {
    const failure = new Error('the handler failed')
    const running = run(eventOf(source), (_, session) => {
      countVisit(session)
      throw failure
    })
    await expect(running).rejects.toBe(failure)
  })

  test('a session that does not fit is an error', async () => {
    const running = run(eventOf(source), (_, session) => {
      session.set('text', 'x'.repeat(20_000))
      return { statusCode: 200 }
    })
    await expect(running).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
  })
})

describe.each(several)('%s carries several cookies', (source) => {
  test('of a session that takes several', async () => {
    const { run } = setUp({ limits: 'node' })
    const browser = createJar()
    const first = await run(eventOf(source), (_, session) => {
      session.set('text', 'x'.repeat(6000))
      return { statusCode: 200 }
    })
    expect(linesOf(source, first)).toHaveLength(3)
    browser.store(linesOf(source, first))
    const second = await run(eventOf(source, ...browser.header().split('; ')), (_, session) => ({
      statusCode: 200,
      body: String(session.get('text')?.length),
    }))
    expect(second.body).toBe('6000')
  })

  test('of the application beside ours, and theirs come first', async () => {
    const { run } = setUp()
    const result = await run(eventOf(source), (_, session) => {
      countVisit(session)
      const others = ['a=1', 'b=2']
      return SOURCES[source] === 'cookies'
        ? { statusCode: 200, cookies: others }
        : {
            statusCode: 200,
            headers: { 'set-cookie': 'a=1' },
            multiValueHeaders: { 'Set-Cookie': others },
          }
    })
    const lines = linesOf(source, result)
    expect(lines.map((line) => line.split('=', 1).join())).toEqual(['a', 'b', '__Host-session'])
  })
})

describe('a load balancer without multi-value headers', () => {
  const { run, sessions } = setUp({ limits: 'node' })
  const ask = (browser: Browser, handler: Handler) =>
    run(eventOf('load-balancer', ...browser.header().split('; ')), handler)

  /** A browser with a session in several cookies, saved where several can be sent. */
  async function browserWith(text: string): Promise<Browser> {
    const browser = createJar()
    const session = await sessions.open(null)
    session.set('text', text)
    browser.store(await sessions.setCookies(session))
    return browser
  }

  test('carries one cookie, and throws for more with the setting to enable', async () => {
    const running = run(eventOf('load-balancer'), (_, session) => {
      session.set('text', 'x'.repeat(6000))
      return { statusCode: 200 }
    })
    await expect(running).rejects.toMatchObject({ code: 'ERR_SESSION_RESPONSE' })
    await expect(running).rejects.toThrow(/lambda\.multi_value_headers\.enabled/)
  })

  test("throws for ours beside one of the application's", async () => {
    const running = run(eventOf('load-balancer'), (_, session) => {
      countVisit(session)
      return { statusCode: 200, headers: { 'set-cookie': 'a=1' } }
    })
    await expect(running).rejects.toMatchObject({ code: 'ERR_SESSION_RESPONSE' })
  })

  test("keeps the application's if ours is not written", async () => {
    const result = await run(eventOf('load-balancer'), (_, session) => ({
      statusCode: 200,
      headers: { 'Set-Cookie': 'a=1' },
      body: String(session.size),
    }))
    expect(linesOf('load-balancer', result)).toEqual(['a=1'])
  })

  test("prefers the application's cookie to a ticket, which the next response can send", async () => {
    const browser = await browserWith('ab')
    const result = await ask(browser, (_, session) => {
      session.touch()
      return { statusCode: 200, headers: { 'set-cookie': 'a=1' } }
    })
    expect(linesOf('load-balancer', result)).toEqual(['a=1'])
  })

  test('sends a smaller session without the deletions of its other parts', async () => {
    const browser = await browserWith('x'.repeat(6000))
    const result = await ask(browser, (_, session) => {
      session.set('text', 'ab')
      return { statusCode: 200 }
    })
    expect(linesOf('load-balancer', result)).toHaveLength(1)
    browser.store(linesOf('load-balancer', result))
    const next = await ask(browser, (_, session) => ({
      statusCode: 200,
      body: session.get('text'),
    }))
    expect(next.body).toBe('ab')
  })

  test.each([
    ['of one cookie', 'ab', {}],
    ['of several cookies', 'x'.repeat(6000), {}],
    ["beside a cookie of the application's", 'ab', { 'set-cookie': 'a=1' }],
  ])('sends the logout of a session %s as its stamp', async (_, text, headers) => {
    const browser = await browserWith(text)
    const result = await ask(browser, (_, session) => {
      session.destroy()
      return { statusCode: 200, headers }
    })
    expect(linesOf('load-balancer', result)).toEqual([
      expect.stringMatching(/^__Host-session\.x=[\w-]{4};/),
    ])
    browser.store(linesOf('load-balancer', result))
    const reasons: unknown[] = []
    for (let visit = 0; visit < 2; visit++) {
      const after = await ask(browser, (_, session) => {
        reasons.push(session.isEmpty, session.rejection?.reason)
        return { statusCode: 200 }
      })
      browser.store(linesOf('load-balancer', after))
    }
    expect(reasons.slice(0, 3)).toEqual([true, 'destroyed', true])
    expect(browser.names()).not.toContain('__Host-session')
  })

  test('prefers a logout to the flash message that is left after it', async () => {
    const browser = await browserWith('ab')
    const result = await ask(browser, (_, session) => {
      session.destroy()
      session.flash('notice', 'Goodbye')
      return { statusCode: 200 }
    })
    browser.store(linesOf('load-balancer', result))
    const next = await ask(browser, (_, session) => ({
      statusCode: 200,
      body: JSON.stringify([session.toJSON(), session.rejection?.reason]),
    }))
    expect(next.body).toBe('[{},"destroyed"]')
  })
})

describe('what a handler may return', () => {
  const { run } = setUp()
  const used =
    (value: unknown): Handler =>
    (_, session) => {
      countVisit(session)
      return value
    }

  test.each([
    ['a string', 'Hello', 'Hello'],
    ['an object', { hello: 'world' }, '{"hello":"world"}'],
    ['an array', [1, 2], '[1,2]'],
    ['nothing', undefined, 'null'],
  ])('payload 2.0: %s, answered as API Gateway does', async (_, value, body) => {
    const result = await run(eventOf('api-gateway-v2'), used(value))
    expect(result).toMatchObject({ statusCode: 200, body })
    expect(fieldOf('api-gateway-v2', result, 'content-type')).toBe('application/json')
    expect(linesOf('api-gateway-v2', result)).toHaveLength(1)
  })

  test.each([['Hello'], [undefined], [null], [{ body: 'ab' }], [[]]])(
    'payload 1.0 and load balancers: not %j',
    async (value) => {
      for (const source of ['api-gateway-v1', 'load-balancer'] as const) {
        const running = run(eventOf(source), used(value))
        await expect(running).rejects.toMatchObject({ code: 'ERR_SESSION_RESPONSE' })
      }
    },
  )
})

describe('a handler that streams its response', () => {
  const streamed = (handler: (session: Session<Data>, sessions: Sessions<Data>) => unknown) => {
    const sessions = createSessions<Data>({ secrets: SECRET })
    const wrapped = wrapLambda(sessions, (_: LambdaEvent, session, stream: Writable) => {
      stream.end()
      return handler(session, sessions)
    })
    return wrapped(eventOf('function-url'), new PassThrough())
  }

  test('is an error if the cookies of its session were not made, because its result is ignored', async () => {
    const lost = streamed((session) => session.set('visits', 1))
    await expect(lost).rejects.toMatchObject({ code: 'ERR_SESSION_RESPONSE' })
  })

  test('may make the cookies itself, or only read the session', async () => {
    const made = await streamed(async (session, sessions) => {
      session.set('visits', 1)
      return sessions.setCookies(session)
    })
    expect(made).toEqual([expect.stringContaining('__Host-session=')])
    expect(await streamed((session) => session.get('visits'))).toBeUndefined()
  })

  test('is given the requests of a device, which only a result could answer', async () => {
    const sessions = createSessions<Data>({ secrets: SECRET, device: deviceBound() })
    const answer = wrapLambda(
      sessions,
      (_event: LambdaEvent, _session, _stream: Writable) => 'seen',
    )
    const requestContext = { http: { method: 'POST' } }
    const event = {
      version: '2.0',
      headers: {},
      rawPath: '/.well-known/session-device',
      requestContext,
    }
    expect(await answer(event, new PassThrough())).toBe('seen')
  })
})

test('an event whose headers are null has an empty session', async () => {
  const { run } = setUp()
  const event = { ...eventOf('api-gateway-v1'), headers: null, multiValueHeaders: null }
  const result = await run(event, (_, session) => ({ statusCode: 200, body: `${session.size}` }))
  expect(result.body).toBe('0')
})

test('an event of API Gateway without multi-value headers is still answered with them', async () => {
  const { run } = setUp()
  const event = { ...eventOf('api-gateway-v1'), multiValueHeaders: null }
  const result = await run(event, (_, session) => {
    countVisit(session)
    return { statusCode: 200 }
  })
  expect(linesOf('api-gateway-v1', result)).toHaveLength(1)
  expect(result.headers).toEqual({})
})

test('cookies from several lines are all read', async () => {
  const { run, sessions } = setUp()
  const session = await sessions.open(null)
  countVisit(session)
  const [line = ''] = await sessions.setCookies(session)
  const [pair = ''] = line.split(';', 1)
  const event = eventOf('api-gateway-v1')
  const both = {
    ...event,
    headers: { ...event.headers, Cookie: 'last=1' },
    multiValueHeaders: { ...event.multiValueHeaders, Cookie: [pair, 'last=1'] },
  }
  const handler = vi.fn<Handler>((_, session) => ({ statusCode: 200, body: `${session.size}` }))
  expect(await run(both, handler)).toMatchObject({ body: '1' })
})

test('the handler receives all further arguments of the event', async () => {
  const { sessions } = setUp()
  const handler = wrapLambda(sessions, (_: LambdaEvent, session, context: { id: string }) => ({
    statusCode: 200,
    body: `${context.id} ${session.size}`,
  }))
  expect(await handler(eventOf('function-url'), { id: 'c' })).toMatchObject({ body: 'c 0' })
})

test.each(several)('a Response as the result is an error, from %s', async (source) => {
  const { run } = setUp()
  const handler: Handler = (_, session) => {
    session.set('visits', 1)
    return new Response('page')
  }
  await expect(run(eventOf(source), handler)).rejects.toMatchObject({
    code: 'ERR_SESSION_RESPONSE',
    message: expect.stringContaining('statusCode') as string,
  })
})

test('a handler that takes a callback is an error before it runs', async () => {
  const run = vi.fn()
  const sessions = createSessions<Data>({ secrets: SECRET })
  const wrapped = wrapLambda(
    sessions,
    (_event: LambdaEvent, _session, _context: object, callback: (error: unknown) => void) => {
      run()
      callback(null)
    },
  )
  const event = eventOf('api-gateway-v2')
  await expect(wrapped(event, {}, () => {})).rejects.toThrow(configError('handler'))
  expect(run).not.toHaveBeenCalled()
})

test('a handler may be given a callback that it does not take, and options of middleware', async () => {
  const sessions = createSessions<Data>({ secrets: SECRET })
  const plain: Handler = () => ({ statusCode: 204 })
  const event = eventOf('api-gateway-v2')
  const called: (event: LambdaEvent, ...rest: unknown[]) => unknown = wrapLambda(sessions, plain)
  expect(await called(event, {}, () => {})).toEqual({ statusCode: 204 })
  const withOptions = wrapLambda(
    sessions,
    (_event: LambdaEvent, _session, _context: object, { signal }: { signal: string }) => signal,
  )
  expect(await withOptions(event, {}, { signal: 'none' })).toBe('none')
})

test('an event of another source is rejected', async () => {
  const { run } = setUp()
  const running = run(untyped<LambdaEvent>({ Records: [] }), () => ({ statusCode: 200 }))
  await expect(running).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', option: 'source' })
})

test.each([[undefined], [null], ['handler'], [{}]])(
  'wrapLambda throws for %j as a handler',
  (value) => {
    expect(() => wrapLambda(setUp().sessions, untyped<() => unknown>(value))).toThrow(
      configError('handler'),
    )
  },
)

test.each([[undefined], [null], [{}], [{ ...setUp().sessions }]])(
  'wrapLambda throws for sessions that createSessions has not returned: %j',
  (value) => {
    expect(() => wrapLambda(untyped<Sessions>(value), () => undefined)).toThrow(
      configError('sessions'),
    )
  },
)
