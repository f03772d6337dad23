// The adapter for Node's requests and responses, on real servers of `http` and `http2`: the head of
// a response has the cookies, whichever call sends it, and no response is sent without them.

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions, Sessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { toCookieHeader } from '../../support/cookie-jar.ts'
import { deferred } from '../../support/deferred.ts'
import { configError } from '../../support/errors.ts'
import { OTHER_SECRET, SECRET, START, untyped } from '../../support/mint.ts'
import { ConnectionCut, testServers } from '../../support/test-servers.ts'
import type { Listener, TestServer } from '../../support/test-servers.ts'

interface Data {
  visits?: number
  cart?: string[]
  big?: string
}

type Handler = (
  session: Session<Data>,
  response: ServerResponse,
  request: IncomingMessage,
) => unknown

const folder = mkdtempSync(join(tmpdir(), 'sealed-session-'))
const file = join(folder, 'file.txt')
const FILE = 'a line of a file\n'.repeat(20_000)
writeFileSync(file, FILE)

const open: TestServer[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(open.splice(0).map((testServer) => testServer.close()))
})

afterAll(() => rmSync(folder, { recursive: true }))

function createTestSessions(options: Partial<SessionOptions<Data>> = {}): Sessions<Data> {
  return createSessions<Data>({ secrets: SECRET, clock: () => START * 1000, ...options })
}

/**
 * Creates sessions whose cookies are made when the test calls `release`, because their schema is
 * asynchronous.
 */
function gated() {
  const { promise: gate, resolve: release } = deferred<void>()
  const { promise: reached, resolve: reach } = deferred<void>()
  const schema: SessionOptions<Data>['schema'] = {
    '~standard': {
      version: 1,
      vendor: 'test',
      async validate(value: unknown) {
        reach()
        await gate
        return { value: untyped<Data>(value) }
      },
    },
  }
  return { sessions: createTestSessions({ schema }), release, reached }
}

function countVisit(session: Session<Data>): void {
  session.set('visits', session.get('visits', 0) + 1)
}

const TOO_MUCH = 'x'.repeat(20_000)

describe.each(['http', 'http2'] as const)('%s', (kind) => {
  async function serve(listener: Listener): Promise<TestServer> {
    const testServer = await testServers[kind](listener)
    open.push(testServer)
    return testServer
  }

  /** Runs handlers behind the middleware, and records the errors that its `next` receives. */
  async function chain(handler: Handler, sessions = createTestSessions(), recover?: Handler) {
    const { middleware, sessionOf } = nodeSessions(sessions)
    const errors: unknown[] = []
    const testServer = await serve((request, response) => {
      middleware(request, response, (error) => {
        if (error === undefined) void handler(sessionOf(request), response, request)
        else {
          errors.push(error)
          if (recover === undefined) response.end('sorry')
          else void recover(sessionOf(request), response, request)
        }
      })
    })
    return { ...testServer, errors }
  }

  /** Runs handlers with `open` in the same way. */
  async function opened(handler: Handler, sessions = createTestSessions()) {
    const { open } = nodeSessions(sessions)
    return serve(async (request, response) => {
      await handler(await open(request, response), response, request)
    })
  }

  describe('the head has the cookies', () => {
    const endings: [string, (response: ServerResponse) => unknown, string][] = [
      ['end', (response) => response.end('ab'), 'ab'],
      ['end with an encoding', (response) => response.end('6162', 'hex'), 'ab'],
      ['end without a body', (response) => response.end(), ''],
      ['end with nothing but a callback', (response) => response.end(() => {}), ''],
      ['write, then end', (response) => void (response.write('a'), response.end('b')), 'ab'],
      ['bytes', (response) => response.end(new Uint8Array([97, 98])), 'ab'],
      ['writeHead', (response) => void (response.writeHead(200), response.end('ab')), 'ab'],
      [
        'writeHead with fields',
        (response) => void (response.writeHead(200, { 'x-a': '1' }), response.end('ab')),
        'ab',
      ],
      ['flushHeaders', (response) => void (response.flushHeaders(), response.end('ab')), 'ab'],
      ['a pipe from a file', (response) => createReadStream(file).pipe(response), FILE],
      ['a pipeline', (response) => pipeline(createReadStream(file), response), FILE],
      [
        'a pipeline of a generator',
        (response) => pipeline(Readable.from(['a', 'b']), response),
        'ab',
      ],
    ]

    test.each(endings)('after %s', async (_, end, body) => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        return end(response)
      })
      const first = await testServer.ask()
      expect(first).toMatchObject({ status: 200, body })
      expect(first.headers).toMatchObject({
        vary: 'Cookie',
        'cache-control': 'private, no-store',
      })
      const back = await createTestSessions().open(toCookieHeader(first.cookies))
      expect(back.get('visits')).toBe(1)
      const second = await testServer.ask({ cookie: toCookieHeader(first.cookies) })
      expect((await createTestSessions().open(toCookieHeader(second.cookies))).get('visits')).toBe(
        2,
      )
    })

    test('of a response to a session got with open', async () => {
      const testServer = await opened((session, response) => {
        countVisit(session)
        response.end('ab')
      })
      const { cookies, body } = await testServer.ask()
      expect((await createTestSessions().open(toCookieHeader(cookies))).get('visits')).toBe(1)
      expect(body).toBe('ab')
    })

    test.each([
      [204, 'GET', ''],
      [304, 'GET', ''],
      [302, 'GET', 'moved'],
      [404, 'GET', 'nothing here'],
      [500, 'POST', 'broken'],
      [200, 'HEAD', ''],
    ])('of a %i to %s', async (status, method, body) => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.statusCode = status
        if (status === 302) response.setHeader('Location', '/next')
        response.end(body)
      })
      const answer = await testServer.ask({ method })
      expect(answer).toMatchObject({ status, body })
      expect(answer.headers['location']).toBe(status === 302 ? '/next' : undefined)
      expect((await createTestSessions().open(toCookieHeader(answer.cookies))).get('visits')).toBe(
        1,
      )
    })

    test('and deletes the cookies of a session that ended', async () => {
      const testServer = await chain((session, response) => {
        session.destroy()
        response.end()
      })
      const before = createTestSessions()
      const session = await before.open(null)
      countVisit(session)
      const { cookies } = await testServer.ask({
        cookie: toCookieHeader(await before.setCookies(session)),
      })
      expect(cookies.some((line) => /^__Host-session=;.*Max-Age=0/.test(line))).toBe(true)
    })
  })

  describe('a session that no handler accessed', () => {
    test('leaves the response and its timing as they are', async () => {
      const events: SessionEvent[] = []
      const states: boolean[] = []
      const testServer = await chain(
        (_, response) => {
          response.writeHead(200, { 'x-a': '1' })
          states.push(response.headersSent)
          response.end('ab')
        },
        createTestSessions({ observe: (event) => void events.push(event) }),
      )
      const { cookies, headers, body } = await testServer.ask()
      expect({ cookies, body, vary: headers['vary'], cache: headers['cache-control'] }).toEqual({
        cookies: [],
        body: 'ab',
        vary: undefined,
        cache: undefined,
      })
      expect(events).toEqual([])
      expect(states).toEqual([true])
    })

    test('is committed with the head: a later change is an error', async () => {
      const codes: unknown[] = []
      const testServer = await chain((session, response) => {
        response.write('a')
        try {
          countVisit(session)
        } catch (error) {
          codes.push(error)
        }
        response.end('b')
      })
      expect(await testServer.ask()).toMatchObject({ body: 'ab', cookies: [] })
      expect(codes).toEqual([expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' })])
    })

    test('adds Vary if it is only read, and writes no cookie', async () => {
      const testServer = await chain((session, response) => {
        response.setHeader('Vary', 'Accept')
        response.end(String(session.get('visits', 0)))
      })
      const { cookies, headers, body } = await testServer.ask()
      expect({ cookies, body, vary: headers['vary'], cache: headers['cache-control'] }).toEqual({
        cookies: [],
        body: '0',
        vary: 'Accept, Cookie',
        cache: 'private',
      })
    })
  })

  describe('other cookies and fields', () => {
    const others: [string, (response: ServerResponse) => void][] = [
      ['setHeader', (response) => void response.setHeader('Set-Cookie', ['a=1', 'b=2'])],
      ['writeHead', (response) => void response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] })],
      [
        'writeHead after setHeader',
        (response) => {
          response.setHeader('Set-Cookie', 'replaced=1')
          response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'] })
        },
      ],
      [
        'writeHead with names and values by turns',
        (response) => {
          const fields = ['Set-Cookie', 'a=1', 'X-A', '1', 'set-cookie', 'b=2']
          Reflect.apply(response.writeHead, response, [200, fields])
        },
      ],
      [
        'writeHead with pairs',
        (response) => {
          const fields = [['Set-Cookie', ['a=1', 'b=2']]]
          Reflect.apply(response.writeHead, response, [200, fields])
        },
      ],
    ]

    test.each(others)('cookies set with %s are kept, before ours', async (_, set) => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        set(response)
        response.end()
      })
      const { cookies } = await testServer.ask()
      expect(cookies.map((line) => line.split('=', 1).join())).toEqual(['a', 'b', '__Host-session'])
    })

    test('middleware that wraps writeHead cannot replace our cookies and caching', async () => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        const { writeHead } = response
        const late = (...given: unknown[]): unknown => {
          response.setHeader('Set-Cookie', 'late=1')
          response.setHeader('Cache-Control', 'public, max-age=60')
          return Reflect.apply(writeHead, response, given)
        }
        Reflect.set(response, 'writeHead', late)
        response.end('ab')
      })
      const { cookies, headers, body } = await testServer.ask()
      expect(cookies.map((line) => line.split('=', 1).join())).toEqual(['late', '__Host-session'])
      expect(headers['cache-control']).toBe('private, no-store')
      expect(body).toBe('ab')
    })

    test('Cache-Control of the handler is kept if it keeps the response private', async () => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.setHeader('CDN-Cache-Control', 'max-age=60')
        response.writeHead(200, { 'Cache-Control': 'no-store', vary: '*' }).end()
      })
      const { headers } = await testServer.ask()
      expect(headers).toMatchObject({ 'cache-control': 'no-store', vary: '*' })
      expect(headers['cdn-cache-control']).toBeUndefined()
    })
  })

  describe('while the head is held back', () => {
    test('the response reports the state of one that was sent', async () => {
      const { sessions, release } = gated()
      const seen: unknown[] = []
      const attempt = (change: () => unknown) => {
        try {
          change()
          seen.push('no error')
        } catch (error) {
          seen.push(error instanceof Error && 'code' in error ? error.code : error)
        }
      }
      const testServer = await chain((session, response) => {
        countVisit(session)
        seen.push(response.headersSent, response.writableEnded)
        response.writeHead(201)
        seen.push(response.headersSent, response.writableEnded)
        attempt(() => response.setHeader('x-late', '1'))
        attempt(() => response.removeHeader('x-early'))
        attempt(() => response.writeHead(202))
        attempt(() => countVisit(session))
        response.statusCode = 203
        response.end('ab')
        seen.push(response.headersSent, response.writableEnded)
        setImmediate(release)
      }, sessions)
      const { status, headers, body } = await testServer.ask()
      expect({ status, body, late: headers['x-late'] }).toEqual({ status: 201, body: 'ab' })
      const sent = 'ERR_HTTP_HEADERS_SENT'
      const committed = 'ERR_SESSION_COMMITTED'
      expect(seen).toEqual([false, false, true, false, sent, sent, sent, committed, true, true])
    })

    test('the status stays what it was when the head was due', async () => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.statusCode = 201
        response.write('a')
        response.statusCode = 203
        response.end('b')
      })
      expect(await testServer.ask()).toMatchObject({ status: 201, body: 'ab' })
    })

    if (kind === 'http') {
      test('middleware may write the head again', async () => {
        const testServer = await chain((session, response) => {
          countVisit(session)
          for (const part of ['a', 'b']) {
            // As compression and session stores do in a write of theirs.
            if (!Reflect.get(response, '_header')) {
              Reflect.apply(Reflect.get(response, '_implicitHeader'), response, [])
            }
            response.write(part)
          }
          response.end()
        })
        const { cookies, body } = await testServer.ask()
        expect(body).toBe('ab')
        expect(cookies).toHaveLength(1)
      })
    }

    test('nothing is sent; afterwards all calls run in order, with each callback once', async () => {
      const { sessions, release, reached } = gated()
      const calls: string[] = []
      const testServer = await chain((session, response) => {
        countVisit(session)
        for (const part of ['a', 'b', 'c']) response.write(part, () => void calls.push(part))
        response.end('d', () => void calls.push('end'))
      }, sessions)
      const answer = testServer.ask()
      await reached
      expect(calls).toEqual([])
      release()
      const { cookies, body } = await answer
      expect(body).toBe('abcd')
      expect(cookies).toHaveLength(1)
      await vi.waitFor(() => expect(calls).toEqual(['a', 'b', 'c', 'end']), 10_000)
    })

    test('a writer is asked to wait, and gets drain when it may continue', async () => {
      const { sessions, release, reached } = gated()
      const { promise: drained, resolve: drain } = deferred<void>()
      const answers: unknown[] = []
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.once('drain', drain)
        answers.push(response.write('a'))
        void drained.then(() => response.end('b'))
      }, sessions)
      const answer = testServer.ask()
      await reached
      release()
      expect((await answer).body).toBe('ab')
      expect(answers).toEqual([false])
    })

    test('a stream is not read into memory', async () => {
      const { sessions, release, reached } = gated()
      let read = 0
      const testServer = await chain((session, response) => {
        countVisit(session)
        const source = new Readable({
          highWaterMark: 1024,
          read() {
            read += 1
            this.push(read <= 200 ? Buffer.alloc(1024, 97) : null)
          },
        })
        source.pipe(response)
      }, sessions)
      const answer = testServer.ask()
      await reached
      await new Promise(setImmediate)
      expect(read).toBeLessThan(10)
      release()
      const { body } = await answer
      expect(body.length).toBe(200 * 1024)
    })

    test('an argument that Node rejects throws at once, and the session stays open', async () => {
      const codes: unknown[] = []
      const calls: ['write' | 'end' | 'writeHead', unknown[]][] = [
        ['write', [5]],
        ['end', [{}]],
        ['writeHead', [99]],
        ['writeHead', [200, { 'x-a': undefined }]],
      ]
      const testServer = await chain((session, response) => {
        for (const [method, given] of calls) {
          countVisit(session)
          try {
            Reflect.apply(response[method], response, given)
          } catch (error) {
            codes.push(error instanceof Error && 'code' in error && error.code)
          }
        }
        response.end('ab')
      })
      const { cookies, body } = await testServer.ask()
      expect(codes).toEqual([
        'ERR_INVALID_ARG_TYPE',
        'ERR_INVALID_ARG_TYPE',
        'ERR_HTTP_INVALID_STATUS_CODE',
        expect.stringMatching(/INVALID_HEADER_VALUE$/),
      ])
      expect(body).toBe('ab')
      expect((await createTestSessions().open(toCookieHeader(cookies))).get('visits')).toBe(4)
    })

    test('an argument that Node rejects does not close a session that no handler accessed', async () => {
      const testServer = await chain((session, response) => {
        try {
          Reflect.apply(response.writeHead, response, [99])
        } catch {
          countVisit(session)
        }
        response.statusCode = 200
        response.end('ab')
      })
      const { cookies, body } = await testServer.ask()
      expect(body).toBe('ab')
      expect((await createTestSessions().open(toCookieHeader(cookies))).get('visits')).toBe(1)
    })

    test('a second end changes nothing', async () => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.end('first')
        response.end()
      })
      const { cookies, body } = await testServer.ask()
      expect(body).toBe('first')
      expect(cookies).toHaveLength(1)
    })

    test('a client that disconnects ends the stream, and causes no error', async () => {
      const { sessions, release, reached } = gated()
      const { promise: gone, resolve: go } = deferred<void>()
      const { promise: ended, resolve: end } = deferred<unknown>()
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.on('close', go)
        pipeline(createReadStream(file), response).then(end, end)
      }, sessions)
      await expect(testServer.ask({ until: reached })).rejects.toBeInstanceOf(ConnectionCut)
      await gone
      release()
      expect(await ended).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
      expect(testServer.errors).toEqual([])
    })
  })

  describe('cookies that cannot be made', () => {
    const fill: Handler = (session, response) => {
      session.set('big', TOO_MUCH)
      response.setHeader('Content-Type', 'application/json')
      response.setHeader('ETag', '"1"')
      response.setHeader('X-User', 'ada')
      response.setHeader('Cache-Control', 'public, max-age=600')
      response.setHeader('Content-Security-Policy', "default-src 'self'")
      response.setHeader('Set-Cookie', 'other=1')
      response.writeHead(201, { 'Content-Length': 2, Location: '/there' })
      response.end('{}')
    }

    test('are reported to next, once, and the page that follows is sent without them', async () => {
      const testServer = await chain(fill)
      const { status, cookies, headers, body } = await testServer.ask()
      expect(testServer.errors).toEqual([
        expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' }),
      ])
      expect({ status, cookies, body }).toEqual({
        status: 500,
        cookies: [],
        body: 'sorry',
      })
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'self'",
        vary: 'Cookie',
      })
      for (const name of ['content-type', 'etag', 'location', 'x-user']) {
        expect(headers[name]).toBeUndefined()
      }
    })

    test('leave the methods of other middleware in place', async () => {
      const names: string[] = []
      const testServer = await chain(
        (session, response, request) => {
          const { setHeader } = response
          response.setHeader = (name, value) => {
            names.push(name)
            return Reflect.apply(setHeader, response, [name, value])
          }
          return fill(session, response, request)
        },
        createTestSessions(),
        (_, response) => {
          response.setHeader('X-Page', '1')
          response.end('sorry')
        },
      )
      expect((await testServer.ask()).headers['x-page']).toBe('1')
      expect(names).toContain('X-Page')
    })

    test('can be made after all if the page makes room', async () => {
      const testServer = await chain(fill, createTestSessions(), (session, response) => {
        session.delete('big')
        session.set('cart', [])
        response.statusCode = 507
        response.end('removed')
      })
      const { status, cookies, body } = await testServer.ask()
      expect({ status, body }).toEqual({ status: 507, body: 'removed' })
      const session = await createTestSessions().open(toCookieHeader(cookies))
      expect(session.toJSON()).toEqual({ cart: [] })
      expect(testServer.errors).toHaveLength(1)
    })

    test('are reported to next when a value cannot be stored', async () => {
      const testServer = await chain((session, response) => {
        session.set('cart', ['a'])
        session.get('cart')?.push(untyped(5n))
        response.end('ab')
      })
      expect(await testServer.ask()).toMatchObject({ status: 500, cookies: [], body: 'sorry' })
      expect(testServer.errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_DATA' })])
    })

    test('destroy a response that is still being written', async () => {
      const { promise: ended, resolve: end } = deferred<unknown>()
      const calls: unknown[] = []
      const states: boolean[] = []
      const testServer = await chain(
        (session, response) => {
          session.set('big', TOO_MUCH)
          response.write('a', (error) => void calls.push(error))
          pipeline(createReadStream(file), response).then(end, end)
        },
        createTestSessions(),
        (_, response) => void states.push(response.destroyed),
      )
      await expect(testServer.ask()).rejects.toBeInstanceOf(ConnectionCut)
      expect(await ended).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
      expect(testServer.errors).toEqual([
        expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' }),
      ])
      expect(calls).toEqual(testServer.errors)
    })

    test('of a session got with open are logged, and answered with a plain 500', async () => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      const testServer = await opened(fill)
      const { status, cookies, headers, body } = await testServer.ask()
      expect({ status, cookies, body }).toEqual({
        status: 500,
        cookies: [],
        body: 'Internal Server Error',
      })
      expect(headers['content-type']).toBe('text/plain; charset=utf-8')
      expect(log.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })]])
    })

    test('of a session got with open are logged, and a stream is destroyed', async () => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      const testServer = await opened((session, response) => {
        session.set('big', TOO_MUCH)
        response.write('a')
      })
      await expect(testServer.ask()).rejects.toBeInstanceOf(ConnectionCut)
      expect(log.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })]])
    })

    if (kind === 'http') {
      test('a body that Node rejects after the head is reported', async () => {
        const log = vi.spyOn(console, 'error').mockImplementation(() => {})
        const testServer = await opened((session, response) => {
          countVisit(session)
          response.strictContentLength = true
          response.setHeader('Content-Length', 1)
          response.flushHeaders()
          response.end('ab')
        })
        await expect(testServer.ask()).rejects.toBeInstanceOf(ConnectionCut)
        const code = 'ERR_HTTP_CONTENT_LENGTH_MISMATCH'
        expect(log.mock.calls).toEqual([[expect.objectContaining({ code })]])
      })
    }

    test('of a session got with open are reported to onError, if there is one', async () => {
      const errors: Error[] = []
      const { open } = nodeSessions(createTestSessions(), {
        onError(error, request: IncomingMessage, response: ServerResponse) {
          errors.push(error)
          response.end(`sorry, ${request.url}`)
        },
      })
      const testServer = await serve(async (request, response) => {
        await fill(await open(request, response), response, request)
      })
      expect(await testServer.ask({ path: '/a' })).toMatchObject({ status: 500, body: 'sorry, /a' })
      expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })])
    })

    test('reject setCookies, which a handler can catch', async () => {
      const sessions = createTestSessions()
      const testServer = await opened(async (session, response) => {
        session.set('big', TOO_MUCH)
        await sessions.setCookies(session).catch(() => session.delete('big'))
        session.set('visits', 1)
        response.end('ab')
      }, sessions)
      const { cookies, body } = await testServer.ask()
      expect(body).toBe('ab')
      expect((await sessions.open(toCookieHeader(cookies))).toJSON()).toEqual({ visits: 1 })
    })

    test('because another value than an Error was thrown, are reported as an Error', async () => {
      const observe = ({ type }: SessionEvent) => {
        if (type === 'sealed') throw untyped('no log')
      }
      const testServer = await chain((session, response) => {
        countVisit(session)
        response.end('ab')
      }, createTestSessions({ observe }))
      expect(await testServer.ask()).toMatchObject({ status: 500, body: 'sorry' })
      const [error] = testServer.errors
      expect(error).toMatchObject({ code: 'ERR_SESSION_RESPONSE', cause: 'no log' })
    })

    test('a head that Node rejects is reported too', async () => {
      const testServer = await chain((session, response) => {
        countVisit(session)
        Reflect.apply(response.writeHead, response, [200, kind === 'http' ? 'a\nb' : 'OK'])
        response.end('ab')
      })
      const { status } = await testServer.ask()
      if (kind === 'http2') return expect(status).toBe(200)
      expect(status).toBe(500)
      return expect(testServer.errors).toEqual([
        expect.objectContaining({ code: 'ERR_INVALID_CHAR' }),
      ])
    })
  })

  describe('two sessions on one response', () => {
    const user = createTestSessions({ cookie: { name: '__Host-user' } })
    const cart = createTestSessions({ cookie: { name: '__Host-cart' } })

    function both(handler: (one: Session<Data>, two: Session<Data>, res: ServerResponse) => void) {
      const [first, second] = [nodeSessions(user), nodeSessions(cart, { property: 'cart' })]
      const errors: unknown[] = []
      const testServer = serve((request, response) => {
        const fail = (error: Error) => {
          errors.push(error)
          response.end('sorry')
        }
        first.middleware(request, response, (error) => {
          if (error) return fail(error)
          return second.middleware(request, response, (error) => {
            if (error) return fail(error)
            return handler(first.sessionOf(request), second.sessionOf(request), response)
          })
        })
      })
      return { errors, testServer }
    }

    test('are both carried', async () => {
      const { testServer } = both((one, two, response) => {
        countVisit(one)
        countVisit(two)
        response.end()
      })
      const { cookies } = await (await testServer).ask()
      expect((await user.open(toCookieHeader(cookies))).get('visits')).toBe(1)
      expect((await cart.open(toCookieHeader(cookies))).get('visits')).toBe(1)
    })

    test('if one cannot be carried, the other is', async () => {
      const { testServer, errors } = both((one, two, response) => {
        countVisit(one)
        two.set('big', TOO_MUCH)
        response.end('ab')
      })
      const { status, cookies, body } = await (await testServer).ask()
      expect({ status, body }).toEqual({ status: 500, body: 'sorry' })
      expect(cookies.map((line) => line.split('=', 1).join())).toEqual(['__Host-user'])
      expect(errors).toHaveLength(1)
    })

    test('if one cannot be carried, the error page can still change the other, unless it was accessed', async () => {
      const first = nodeSessions(user)
      const second = nodeSessions(cart, { property: 'cart' })
      const testServer = await serve((request, response) => {
        first.middleware(request, response, () => {
          second.middleware(request, response, (error) => {
            if (error === undefined) second.sessionOf(request).set('big', TOO_MUCH)
            else countVisit(first.sessionOf(request))
            response.end('ab')
          })
        })
      })
      const { status, cookies } = await testServer.ask()
      expect(status).toBe(500)
      expect((await user.open(toCookieHeader(cookies))).get('visits')).toBe(1)
    })
  })

  test('a session opened after the head was sent is read-only', async () => {
    const sessions = createTestSessions()
    const { open } = nodeSessions(sessions)
    const seen: unknown[] = []
    const testServer = await serve(async (request, response) => {
      response.write('a')
      const session = await open(request, response)
      seen.push(session.get('visits', 0))
      try {
        countVisit(session)
      } catch (error) {
        seen.push(error)
      }
      response.end('b')
    })
    expect(await testServer.ask()).toMatchObject({ body: 'ab', cookies: [] })
    expect(seen).toEqual([0, expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' })])
  })

  test('request.session is the session, also for open, and is not printed with the request', async () => {
    const sessions = createTestSessions()
    const { open, sessionOf } = nodeSessions(sessions)
    const seen: unknown[] = []
    const testServer = await chain(async (session, response, request) => {
      seen.push(Reflect.get(request, 'session') === session)
      seen.push(
        (await open(request, response)) === session,
        Object.keys(request).includes('session'),
      )
      try {
        sessionOf(request)
      } catch (error) {
        seen.push(error)
      }
      response.end()
    }, sessions)
    await testServer.ask()
    expect(seen).toEqual([
      true,
      true,
      false,
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'request' }),
    ])
  })

  test('request.session cannot be assigned, and other code may redefine it', async () => {
    const found: unknown[] = []
    const testServer = await chain((session, response, request) => {
      for (const value of [null, {}, session]) {
        try {
          Reflect.set(request, 'session', value)
        } catch (error) {
          found.push(error)
        }
      }
      found.push(Reflect.get(request, 'session') === session)
      found.push(Object.getOwnPropertyDescriptor(request, 'session'))
      response.end()
    })
    await testServer.ask()
    const error = expect.objectContaining({
      name: 'TypeError',
      message: expect.stringMatching(/request\.session\.destroy\(\).*request\.session\.set\(/),
    })
    expect(found).toEqual([
      error,
      error,
      error,
      true,
      expect.objectContaining({ configurable: true, enumerable: false }),
    ])
  })

  test('an error of opening is passed to next', async () => {
    const other = createTestSessions({ secrets: OTHER_SECRET })
    const session = await other.open(null)
    countVisit(session)
    const cookie = toCookieHeader(await other.setCookies(session))
    const errors: unknown[] = []
    const { middleware } = nodeSessions(
      createTestSessions({ secrets: () => Promise.reject(new Error('away')) }),
    )
    const testServer = await serve((request, response) => {
      middleware(request, response, (error) => {
        errors.push(error)
        response.end('sorry')
      })
    })
    expect((await testServer.ask({ cookie })).body).toBe('sorry')
    expect(errors).toEqual([expect.any(Error)])
  })
})

test.each([
  [{ property: '' }, 'property'],
  [{ property: 5 }, 'property'],
  [{ onError: 'log' }, 'onError'],
])('nodeSessions refuses %j', (options, option) => {
  expect(() => nodeSessions(createTestSessions(), untyped<object>(options))).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option }),
  )
})

test.each([[undefined], [null], ['response']])(
  'a request without its response, but with %j, is an error at once',
  async (given) => {
    const { open, middleware } = nodeSessions(createSessions({ secrets: SECRET }))
    const request = { method: 'GET', headers: {} }
    const response = untyped<ServerResponse>(given)
    await expect(open(request, response)).rejects.toThrow(configError('response'))
    const passed = await new Promise((next) => middleware(request, response, next))
    expect(passed).toEqual(configError('response'))
  },
)

test('the types of http2 fit without a cast', async () => {
  const { middleware, sessionOf } = nodeSessions(createTestSessions())
  const server = http2.createServer((request, response) => {
    middleware(request, response, () => {
      countVisit(sessionOf(request))
      response.stream.once('close', () => server.close())
      response.end('ab')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = http2.connect(`http://127.0.0.1:${port}`)
  const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) => {
    client.request().once('response', resolve).resume()
  })
  client.close()
  expect(headers['set-cookie']).toHaveLength(1)
})
