// The head of a response on real servers, with objects in place of sessions: when cookies are made,
// what is reported to a session, and what other middleware on the same response observes.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { attachSession } from '../../../src/adapters/deferred-head.ts'
import type { PendingSession } from '../../../src/adapters/pending-session.ts'
import type { NodeResponse } from '../../../src/adapters/node-response.ts'
import { thrownCode } from '../../support/errors.ts'
import { untyped } from '../../support/mint.ts'
import { ConnectionCut, testServers } from '../../support/test-servers.ts'
import type { TestServer } from '../../support/test-servers.ts'

interface RecordedSession extends PendingSession {
  /** Records the arguments of `setCommitted` and `fail`. */
  readonly reports: unknown[]
}

const LINE = 'session=1; Path=/'
const TOO_LATE = new Error('too late')
const NO_COOKIES = new Error('no cookies')

const open: TestServer[] = []

afterEach(() => Promise.all(open.splice(0).map((wire) => wire.close())))

function pendingSession(given: Partial<PendingSession> = {}): RecordedSession {
  const reports: unknown[] = []
  return {
    reports,
    isAccessed: () => true,
    makeCookies: () => Promise.resolve([LINE]),
    isOwnCookie: (name) => name === 'session',
    reportOverwrite: () => {},
    registration: () => undefined,
    setCommitted: (committed) => void reports.push(committed),
    fail: (error) => void reports.push(error),
    ...given,
  }
}

/** Creates a session whose cookies are made when the test calls `release`. */
function waiting(given: Partial<PendingSession> = {}) {
  let release = () => {}
  const gate = new Promise<void>((settle) => (release = settle))
  return { late: pendingSession({ makeCookies: () => gate.then(() => [LINE]), ...given }), release }
}

describe.each(['http', 'http2'] as const)('%s', (kind) => {
  async function serve(handler: (response: ServerResponse) => unknown): Promise<TestServer> {
    const wire = await testServers[kind]((_, response) => void handler(response))
    open.push(wire)
    return wire
  }

  /** Installs a wrapper of other middleware around a method. */
  function wrap(
    response: ServerResponse,
    name: 'end' | 'on' | 'writeHead',
    before: (given: unknown[]) => void,
  ) {
    const method = response[name]
    Reflect.set(response, name, (...given: unknown[]): unknown => {
      before(given)
      return Reflect.apply(method, response, given)
    })
  }

  describe('the attached sessions', () => {
    test('are at most one for each key: the first one is kept', async () => {
      const key = {}
      const wire = await serve((response) => {
        attachSession(response, key, pendingSession())
        attachSession(
          response,
          key,
          pendingSession({ makeCookies: () => Promise.resolve(['other=1']) }),
        )
        response.end()
      })
      expect((await wire.ask()).cookies).toEqual([LINE])
    })

    test('are closed with the head if they were not accessed', async () => {
      const [used, unused] = [pendingSession(), pendingSession({ isAccessed: () => false })]
      const told: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, used)
        attachSession(response, {}, unused)
        response.flushHeaders()
        told.push([...used.reports], [...unused.reports])
        response.end()
      })
      expect((await wire.ask()).cookies).toEqual([LINE])
      expect(told).toEqual([[], [true]])
    })

    test('are closed at once if the response was destroyed before', async () => {
      const late = pendingSession()
      const wire = await serve((response) => {
        const makeCookies = () => Promise.reject(NO_COOKIES)
        attachSession(
          response,
          {},
          pendingSession({ makeCookies, fail: () => attachSession(response, {}, late) }),
        )
        response.write('a')
      })
      await expect(wire.ask()).rejects.toBeInstanceOf(ConnectionCut)
      expect(late.reports).toEqual([true])
    })

    test('stay closed when a method throws after the head was sent', async () => {
      const unused = pendingSession({ isAccessed: () => false })
      const errors: unknown[] = []
      const wire = await serve((response) => {
        const { end } = response
        Reflect.set(response, 'end', (...given: unknown[]) => {
          Reflect.apply(end, response, given)
          throw TOO_LATE
        })
        attachSession(response, {}, unused)
        errors.push(thrownCode(() => response.end('ab')))
      })
      expect((await wire.ask()).body).toBe('ab')
      expect([errors, unused.reports]).toEqual([[TOO_LATE], [true]])
    })
  })

  describe('the calls', () => {
    test('return the values that Node returns', async () => {
      const answers: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, pendingSession())
        answers.push(response.writeHead(201) === response)
        answers.push(response.flushHeaders(), response.write('a'))
        answers.push(response.end('b') === response)
      })
      expect(await wire.ask()).toMatchObject({ status: 201, body: 'ab' })
      expect(answers).toEqual([true, undefined, false, true])
    })

    test.each<[string, unknown[]]>([
      ['a number', [5]],
      ['an object', [{}]],
    ])('with %s as a chunk throw at once, also while the head is held back', async (_, given) => {
      const codes: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, pendingSession())
        for (const name of ['write', 'end'] as const) {
          codes.push(thrownCode(() => Reflect.apply(response[name], response, given)))
        }
        response.write('a')
        for (const name of ['write', 'end'] as const) {
          codes.push(thrownCode(() => Reflect.apply(response[name], response, given)))
        }
        response.end('b')
      })
      expect((await wire.ask()).body).toBe('ab')
      expect(codes).toEqual(Array(4).fill('ERR_INVALID_ARG_TYPE'))
    })

    test.each([[[]], [[null]], [[() => {}]]])(
      'with %j: end sends no body, and write throws',
      async (given) => {
        const codes: unknown[] = []
        const wire = await serve((response) => {
          attachSession(response, {}, pendingSession())
          codes.push(thrownCode(() => Reflect.apply(response.write, response, given)))
          Reflect.apply(response.end, response, given)
        })
        expect((await wire.ask()).body).toBe('')
        expect(codes).toEqual(['ERR_INVALID_ARG_TYPE'])
      },
    )

    test.each<[string, unknown[], string[]]>([
      ['only a status', [201], []],
      ['null for fields', [201, null], []],
      ['a reason and null for fields', [201, 'Made', null], []],
      ['a field without a name', [201, { '': 'nothing', 'x-a': '1' }], ['x-a']],
      ['a reason and fields', [201, 'Made', { 'x-a': '1', 'x-b': '2' }], ['x-a', 'x-b']],
    ])('writeHead with %s sets those fields and no others', async (_, given, names) => {
      const wire = await serve((response) => {
        attachSession(response, {}, pendingSession())
        Reflect.apply(response.writeHead, response, given)
        response.end('ab')
      })
      const { status, body, headers } = await wire.ask()
      expect({ status, body }).toEqual({ status: 201, body: 'ab' })
      const usual = /^(?::status|connection|date|keep-alive|transfer-encoding|content-length)$/
      expect(
        Object.keys(headers)
          .filter((name) => !usual.test(name))
          .toSorted(),
      ).toEqual(['cache-control', 'set-cookie', 'vary', ...names].toSorted())
    })
  })

  describe('drain', () => {
    /** Returns how often `drain` was emitted when the response is complete. */
    async function drains(write: (response: ServerResponse) => unknown): Promise<number> {
      let count = 0
      const wire = await serve((response) => {
        response.on('drain', () => void (count += 1))
        attachSession(response, {}, pendingSession())
        return write(response)
      })
      await wire.ask()
      return count
    }

    test('is emitted once, also after a writeHead', async () => {
      const write = async (response: ServerResponse) => {
        response.writeHead(200)
        const drained = new Promise((resolve) => response.once('drain', resolve))
        response.write('a')
        await drained
        response.end('b')
      }
      expect(await drains(write)).toBe(1)
    })

    test('is not emitted after the end', async () => {
      const write = (response: ServerResponse) => {
        response.write('a')
        response.end('b')
      }
      expect(await drains(write)).toBe(0)
    })

    test('is not emitted if nothing was written', async () => {
      const { late, release } = waiting()
      let count = 0
      const wire = await serve(async (response) => {
        response.on('drain', () => void (count += 1))
        attachSession(response, {}, late)
        response.flushHeaders()
        release()
        await new Promise(setImmediate)
        response.end('ab')
      })
      expect((await wire.ask()).body).toBe('ab')
      expect(count).toBe(0)
    })

    test('is left to Node if its own write returned false', async () => {
      const unsent: number[] = []
      const wire = await serve((response) => {
        response.on('drain', () => void unsent.push(response.writableLength))
        attachSession(response, {}, pendingSession())
        response.write('x'.repeat(4_000_000))
        response.once('drain', () => response.end())
      })
      expect((await wire.ask()).body).toHaveLength(4_000_000)
      expect(unsent).toEqual([0])
    })

    test('is not emitted to a listener that was removed', async () => {
      let count = 0
      const wire = await serve((response) => {
        attachSession(response, {}, pendingSession())
        const listener = () => void (count += 1)
        response.on('drain', listener)
        response.write('a')
        response.off('drain', listener)
        response.once('drain', () => response.end('b'))
      })
      expect((await wire.ask()).body).toBe('ab')
      expect(count).toBe(0)
    })

    test.each([
      ['keeps them', false],
      ['hands them on', true],
    ])(
      'is emitted once where an `on` of other middleware takes listeners and %s',
      async (_, on) => {
        const told: unknown[] = []
        const wire = await serve((response) => {
          const method = response.on
          Reflect.set(response, 'on', (event: string, listener: () => void) => {
            const passed = on || event !== 'drain'
            return passed ? Reflect.apply(method, response, [event, listener]) : response
          })
          attachSession(response, {}, pendingSession())
          response.on('drain', function (this: unknown, ...given: unknown[]) {
            told.push(this === response, given)
            response.end('b')
          })
          response.on('finish', () => void told.push('finish'))
          response.write('a')
        })
        expect((await wire.ask()).body).toBe('ab')
        expect(told).toEqual([true, [], 'finish'])
      },
    )
  })

  describe('other middleware', () => {
    test('sees the cookies when its own methods are called', async () => {
      const seen: unknown[] = []
      const wire = await serve((response) => {
        wrap(response, 'end', () => void seen.push(response.getHeader('Set-Cookie')))
        attachSession(response, {}, pendingSession())
        response.end('ab')
      })
      await wire.ask()
      expect(seen).toEqual([[LINE]])
    })

    test('sees no cookies if the session has none', async () => {
      const seen: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, pendingSession({ makeCookies: () => Promise.resolve([]) }))
        response.on('finish', () => void seen.push(response.hasHeader('Set-Cookie')))
        response.end('ab')
      })
      await wire.ask()
      expect(seen).toEqual([false])
    })

    test('acts on writeHead at once when the head is flushed, as without sessions', async () => {
      const order: string[] = []
      const wire = await serve((response) => {
        const { late, release } = waiting()
        attachSession(response, {}, late)
        wrap(response, 'writeHead', ([status]) => void order.push(`writeHead ${String(status)}`))
        response.statusCode = 201
        response.flushHeaders()
        order.push(`flushed ${response.headersSent}`)
        response.flushHeaders()
        response.end('ab')
        release()
      })
      const { cookies, body } = await wire.ask()
      expect(order).toEqual(['writeHead 201', 'flushed true'])
      expect({ cookies, body }).toEqual({ cookies: [LINE], body: 'ab' })
    })

    test('finds no method that the response did not have before', async () => {
      const names = ['setHeaders', 'appendHeader', '_implicitHeader']
      const found: unknown[] = []
      const wire = await serve((response) => {
        const there = () => names.filter((name) => name in response)
        found.push(there())
        attachSession(response, {}, pendingSession())
        response.end('ab')
        found.push(there())
      })
      await wire.ask()
      expect(found[1]).toEqual(found[0])
    })

    test('may replace or remove every method that was installed', async () => {
      const found: [string, PropertyDescriptor][] = []
      const wire = await serve((response) => {
        const before = Object.getOwnPropertyNames(response)
        attachSession(response, {}, pendingSession())
        response.end('ab')
        for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(response))) {
          if (!before.includes(name)) found.push([name, property])
        }
      })
      await wire.ask()
      const names = found.map(([name]) => name)
      expect(names).toEqual(expect.arrayContaining(['headersSent', 'setHeader', 'removeHeader']))
      for (const [, { configurable, writable }] of found) {
        expect(configurable).toBe(true)
        expect(writable).not.toBe(false)
      }
    })

    test('reads the real state after the head was sent', async () => {
      const states: boolean[] = []
      const wire = await serve((response) => {
        const look = () => states.push(response.headersSent, response.writableEnded)
        attachSession(response, {}, pendingSession())
        look()
        response.on('finish', look)
        response.write('a')
        look()
        response.once('drain', () => {
          look()
          response.end('b')
        })
      })
      await wire.ask()
      expect(states).toEqual([false, false, true, false, true, false, true, true])
    })

    test('may have set several Vary fields', async () => {
      const wire = await serve((response) => {
        attachSession(response, {}, pendingSession())
        response.setHeader('Vary', ['Accept', 'Origin'])
        response.end('ab')
      })
      expect((await wire.ask()).headers['vary']).toBe('Accept, Origin, Cookie')
    })
  })

  describe('a response that is replaced after an error', () => {
    /** A response whose cookies cannot be made, and the page that follows. */
    function replaced(before: (response: ServerResponse) => unknown, page: typeof before) {
      const told: unknown[] = []
      const wire = serve((response) => {
        const fail = (error: unknown) => {
          told.push(error)
          if (told.length === 1) page(response)
        }
        attachSession(
          response,
          {},
          pendingSession({ makeCookies: () => Promise.reject(NO_COOKIES), fail }),
        )
        before(response)
        response.end('ab')
      })
      return { told, wire }
    }

    test('loses all fields that were set since the session was attached, except those that describe no content', async () => {
      const kept = {
        'access-control-allow-origin': 'https://app.example',
        'content-security-policy': "default-src 'self'",
        'x-request-id': '1',
      }
      const lost = {
        'content-type': 'a/b',
        'content-language': 'en',
        expires: '0',
        'x-user': 'ada',
        'set-cookie': ['theme=dark'],
        'access-control': 'x',
        'x-content-security-policy': 'x',
      }
      const { wire } = replaced(
        (response) => response.writeHead(200, { ...lost, ...kept }),
        (response) => response.end('sorry'),
      )
      const { status, body, headers, cookies } = await (await wire).ask()
      expect({ status, body, cookies }).toEqual({ status: 500, body: 'sorry', cookies: [] })
      expect(headers).toMatchObject({ ...kept, 'cache-control': 'no-store', vary: 'Cookie' })
      for (const name of Object.keys(lost)) expect(headers[name]).toBeUndefined()
    })

    test('has the fields again that it had before the session was attached', async () => {
      const wire = await serve((response) => {
        response.setHeader('X-Before', '1')
        response.setHeader('Content-Language', 'en')
        response.setHeader('Set-Cookie', ['early=1'])
        let isFirst = true
        const fail = () => {
          if (isFirst) response.end('sorry')
          isFirst = false
        }
        const makeCookies = () => Promise.reject(NO_COOKIES)
        attachSession(response, {}, pendingSession({ makeCookies, fail }))
        response.setHeader('X-Before', 'changed')
        response.removeHeader('Content-Language')
        response.appendHeader('Set-Cookie', 'late=1')
        response.end('ab')
      })
      const { headers, cookies, body } = await wire.ask()
      expect({ cookies, body }).toEqual({ cookies: ['early=1'], body: 'sorry' })
      expect(headers).toMatchObject({ 'x-before': '1', 'content-language': 'en' })
    })

    test('accepts header fields in every form that Node does, and none while it is held back', async () => {
      const codes: unknown[] = []
      const ways = (response: ServerResponse) => [
        () => response.setHeader('x-a', '1'),
        () => response.appendHeader('x-a', '2'),
        ...('setHeaders' in response ? [() => response.setHeaders(new Map([['x-b', '3']]))] : []),
        () => response.removeHeader('x-c'),
      ]
      const { wire } = replaced(
        (response) => {
          response.setHeader('x-c', '4')
          response.flushHeaders()
          codes.push(...ways(response).map(thrownCode))
        },
        (response) => {
          for (const way of ways(response)) way()
          response.end('sorry')
        },
      )
      const { headers } = await (await wire).ask()
      expect(new Set(codes)).toEqual(new Set(['ERR_HTTP_HEADERS_SENT']))
      expect(headers).toMatchObject({ 'x-a': '1, 2', ...(codes.length === 4 && { 'x-b': '3' }) })
      expect(headers['x-c']).toBeUndefined()
    })
  })
})

describe('http only', () => {
  async function serve(handler: (response: ServerResponse) => unknown): Promise<TestServer> {
    const wire = await testServers.http((_, response) => void handler(response))
    open.push(wire)
    return wire
  }

  test('a status that Node rejects throws at once', async () => {
    const codes: unknown[] = []
    const wire = await serve((response) => {
      attachSession(response, {}, pendingSession())
      for (const status of [99, 1000]) {
        response.statusCode = status
        codes.push(thrownCode(() => response.end()))
        codes.push(thrownCode(() => response.writeHead(status)))
      }
      response.writeHead(999).end('ab')
    })
    expect(await wire.ask()).toMatchObject({ status: 999, body: 'ab', cookies: [LINE] })
    expect(codes).toEqual(Array(4).fill('ERR_HTTP_INVALID_STATUS_CODE'))
  })

  test('the lowest status that Node accepts is accepted', () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    attachSession(response, {}, pendingSession())
    expect(response.writeHead(100)).toBe(response)
  })

  test('an error page that Node rejects too ends the response, and is reported', async () => {
    const told: unknown[] = []
    const wire = await serve((response) => {
      const fail = (error: unknown) => {
        told.push(error)
        if (told.length === 1) response.writeHead(500, 'a\nb').end('sorry')
      }
      attachSession(
        response,
        {},
        pendingSession({ makeCookies: () => Promise.reject(NO_COOKIES), fail }),
      )
      response.end('ab')
    })
    await expect(wire.ask()).rejects.toBeInstanceOf(ConnectionCut)
    expect(told).toEqual([NO_COOKIES, expect.objectContaining({ code: 'ERR_INVALID_CHAR' })])
  })
})

describe('cookies that are made synchronously', () => {
  async function serve(
    handler: (request: IncomingMessage, response: ServerResponse) => unknown,
  ): Promise<TestServer> {
    const wire = await testServers.http((request, response) => void handler(request, response))
    open.push(wire)
    return wire
  }

  const atOnce = () => pendingSession({ makeCookies: () => [LINE] })

  test('hold nothing back, and leave headersSent as it is', async () => {
    const states: unknown[] = []
    const wire = await serve((_, response) => {
      attachSession(response, {}, atOnce())
      states.push(response.write('a'), response.headersSent)
      response.end('b')
      states.push(response.writableEnded)
      states.push(Object.hasOwn(response, 'headersSent'), Object.hasOwn(response, 'setHeader'))
    })
    expect(await wire.ask()).toMatchObject({ body: 'ab', cookies: [LINE] })
    expect(states).toEqual([true, true, true, false, false])
  })

  test('wait for asynchronous cookies of another session', async () => {
    const wire = await serve((_, response) => {
      attachSession(response, {}, pendingSession({ makeCookies: () => ['other=1'] }))
      attachSession(response, {}, pendingSession())
      response.end('ab')
    })
    expect(await wire.ask()).toMatchObject({ body: 'ab', cookies: ['other=1', LINE] })
  })

  test('that fail are reported after the call, and the response is replaced', async () => {
    const order: unknown[] = []
    const wire = await serve((_, response) => {
      const makeCookies = () => {
        throw NO_COOKIES
      }
      const fail = (error: unknown) => {
        order.push(error)
        response.end('sorry')
      }
      attachSession(response, {}, pendingSession({ makeCookies, fail }))
      response.end('ab')
      order.push('after end')
    })
    expect(await wire.ask()).toMatchObject({ status: 500, body: 'sorry', cookies: [] })
    expect(order).toEqual(['after end', NO_COOKIES])
  })

  test('leave it to Node to throw for an invalid head, after which the caller may send another', async () => {
    const codes: unknown[] = []
    const wire = await serve((_, response) => {
      attachSession(response, {}, atOnce())
      codes.push(thrownCode(() => response.writeHead(200, 'a\nb')))
      response.writeHead(201, 'Made').end('ab')
    })
    expect(await wire.ask()).toMatchObject({ status: 201, body: 'ab', cookies: [LINE] })
    expect(codes).toEqual(['ERR_INVALID_CHAR'])
  })
})

describe('an object in place of a response', () => {
  test.each<[string, object]>([
    ['an empty object, as WebSocket wrappers pass', {}],
    ['one without header fields', { statusCode: 200, writeHead() {}, write() {}, end() {} }],
    ['a frozen one', Object.freeze(new ServerResponse(new IncomingMessage(new Socket())))],
  ])('closes the session and is not changed: %s', (_, response) => {
    const before = Object.getOwnPropertyDescriptors(response)
    const session = pendingSession()
    attachSession(untyped<NodeResponse>(response), {}, session)
    expect(session.reports).toEqual([true])
    expect(Object.getOwnPropertyDescriptors(response)).toEqual(before)
  })
})

describe('a response that cannot wait', () => {
  /** Creates a mock, which keeps its state in plain properties. */
  class Mock {
    statusCode = 200
    headersSent = false
    readonly calls: unknown[] = []
    readonly fields = new Map<string, unknown>()
    getHeader(name: string): unknown {
      return this.fields.get(name)
    }
    getHeaderNames(): string[] {
      return [...this.fields.keys()]
    }
    setHeader(name: string, value: unknown): void {
      this.fields.set(name, value)
    }
    removeHeader(name: string): void {
      this.fields.delete(name)
    }
    writeHead(status: number): void {
      this.statusCode = status
      this.headersSent = true
    }
    write(chunk: string): boolean {
      this.headersSent = true
      this.calls.push(chunk)
      return true
    }
    end(chunk: string): void {
      this.headersSent = true
      this.calls.push(chunk, 'end')
    }
  }

  function attach(session: PendingSession): { mock: Mock; response: NodeResponse } {
    const mock = new Mock()
    const response = untyped<NodeResponse>(mock)
    attachSession(response, {}, session)
    return { mock, response }
  }

  test('carries synchronous cookies, even if it reported before that its head was sent', () => {
    const { mock, response } = attach(pendingSession({ makeCookies: () => [LINE] }))
    mock.headersSent = true
    response.end('ab')
    expect(mock.calls).toEqual(['ab', 'end'])
    expect(mock.fields.get('Set-Cookie')).toEqual([LINE])
    expect(mock.fields.get('Cache-Control')).toBe('private, no-store')
  })

  test('is answered within the call if its cookies cannot be made', () => {
    const makeCookies = () => {
      throw NO_COOKIES
    }
    const reports: unknown[] = []
    const { mock, response } = attach(
      pendingSession({
        makeCookies,
        fail(error) {
          reports.push(error)
          response.end('sorry')
        },
      }),
    )
    mock.fields.set('X-User', 'ada')
    response.end('ab')
    expect([mock.statusCode, mock.calls, reports]).toEqual([500, ['sorry', 'end'], [NO_COOKIES]])
    expect(mock.fields.has('X-User')).toBe(false)
    expect(mock.fields.has('Set-Cookie')).toBe(false)
  })

  test('ends with status 500 if it was still being written', () => {
    const makeCookies = () => {
      throw NO_COOKIES
    }
    const session = pendingSession({ makeCookies })
    const { mock, response } = attach(session)
    expect(response.write('a')).toBe(false)
    expect([mock.statusCode, mock.calls]).toEqual([500, []])
    expect(session.reports).toEqual([NO_COOKIES])
  })

  test('is sent without asynchronous cookies, which is reported to each session that loses some', async () => {
    const [lost, failed, none] = [
      pendingSession(),
      pendingSession({ makeCookies: () => Promise.reject(NO_COOKIES) }),
      pendingSession({ makeCookies: () => Promise.resolve([]) }),
    ]
    const { mock, response } = attach(lost)
    attachSession(response, {}, failed)
    attachSession(response, {}, none)
    response.end('ab')
    expect(mock.calls).toEqual(['ab', 'end'])
    await new Promise(setImmediate)
    expect(lost.reports).toEqual([expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })])
    expect([failed.reports, none.reports]).toEqual([[NO_COOKIES], []])
    expect(Object.fromEntries(mock.fields)).toEqual({ Vary: 'Cookie', 'Cache-Control': 'private' })
  })
})
