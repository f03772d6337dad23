// A head that is held back, on real servers, with passengers that are no more than what it knows of a
// session: what it says to them, and what others who work on the same response see of it.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { attachSession } from '../../../src/adapters/deferred-head.ts'
import type { NodeResponse, PendingSession } from '../../../src/adapters/deferred-head.ts'
import { untyped } from '../../support/mint.ts'
import { Cut, wires } from '../../support/wire.ts'
import type { Wire } from '../../support/wire.ts'

interface Rider extends PendingSession {
  /** What `close` and `fail` were called with. */
  readonly told: unknown[]
}

const LINE = 'session=1; Path=/'
const TOO_LATE = new Error('too late')
const NO_COOKIES = new Error('no cookies')

const open: Wire[] = []

afterEach(() => Promise.all(open.splice(0).map((wire) => wire.close())))

function rider(given: Partial<PendingSession> = {}): Rider {
  const told: unknown[] = []
  return {
    told,
    isUsed: () => true,
    lines: () => Promise.resolve([LINE]),
    close: (closed) => void told.push(closed),
    fail: (error) => void told.push(error),
    ...given,
  }
}

/** A rider whose cookies are made when the test lets them. */
function waiting(given: Partial<PendingSession> = {}) {
  let letGo = () => {}
  const gate = new Promise<void>((settle) => (letGo = settle))
  return { late: rider({ lines: () => gate.then(() => [LINE]), ...given }), letGo }
}

function codeOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return 'no error'
}

describe.each(['http', 'http2'] as const)('%s', (kind) => {
  async function serve(handler: (response: ServerResponse) => unknown): Promise<Wire> {
    const wire = await wires[kind]((_, response) => void handler(response))
    open.push(wire)
    return wire
  }

  /** Puts a method of other middleware before the one that is there. */
  function wrap(response: ServerResponse, name: 'end' | 'on', before: (given: unknown[]) => void) {
    const method = response[name]
    Reflect.set(response, name, (...given: unknown[]): unknown => {
      before(given)
      return Reflect.apply(method, response, given)
    })
  }

  describe('who is on board', () => {
    test('is the first for each key', async () => {
      const key = {}
      const wire = await serve((response) => {
        attachSession(response, key, rider())
        attachSession(response, key, rider({ lines: () => Promise.resolve(['other=1']) }))
        response.end()
      })
      expect((await wire.ask()).cookies).toEqual([LINE])
    })

    test('learns at once that the head goes without who is not used, and used ones do not', async () => {
      const [used, unused] = [rider(), rider({ isUsed: () => false })]
      const told: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, used)
        attachSession(response, {}, unused)
        response.flushHeaders()
        told.push([...used.told], [...unused.told])
        response.end()
      })
      expect((await wire.ask()).cookies).toEqual([LINE])
      expect(told).toEqual([[], [true]])
    })

    test('is nobody any more once the response was cut', async () => {
      const late = rider()
      const wire = await serve((response) => {
        const lines = () => Promise.reject(NO_COOKIES)
        attachSession(response, {}, rider({ lines, fail: () => attachSession(response, {}, late) }))
        response.write('a')
      })
      await expect(wire.ask()).rejects.toBeInstanceOf(Cut)
      expect(late.told).toEqual([true])
    })

    test('stays closed when something is thrown after the head has gone', async () => {
      const unused = rider({ isUsed: () => false })
      const errors: unknown[] = []
      const wire = await serve((response) => {
        const { end } = response
        Reflect.set(response, 'end', (...given: unknown[]) => {
          Reflect.apply(end, response, given)
          throw TOO_LATE
        })
        attachSession(response, {}, unused)
        errors.push(codeOf(() => response.end('ab')))
      })
      expect((await wire.ask()).body).toBe('ab')
      expect([errors, unused.told]).toEqual([[TOO_LATE], [true]])
    })
  })

  describe('what is called', () => {
    test('answers as without us: the response, nothing, or whether to go on', async () => {
      const answers: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, rider())
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
    ])('with %s for a chunk is refused at once, while the head waits too', async (_, given) => {
      const codes: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, rider())
        for (const name of ['write', 'end'] as const) {
          codes.push(codeOf(() => Reflect.apply(response[name], response, given)))
        }
        response.write('a')
        for (const name of ['write', 'end'] as const) {
          codes.push(codeOf(() => Reflect.apply(response[name], response, given)))
        }
        response.end('b')
      })
      expect((await wire.ask()).body).toBe('ab')
      expect(codes).toEqual(Array(4).fill('ERR_INVALID_ARG_TYPE'))
    })

    test.each([[[]], [[null]], [[() => {}]]])(
      'without a chunk ends, and writes nothing',
      async (given) => {
        const codes: unknown[] = []
        const wire = await serve((response) => {
          attachSession(response, {}, rider())
          codes.push(codeOf(() => Reflect.apply(response.write, response, given)))
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
        attachSession(response, {}, rider())
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

  describe('a writer who was asked to wait', () => {
    /** How often `drain` came, once the response is complete. */
    async function drains(write: (response: ServerResponse) => unknown): Promise<number> {
      let count = 0
      const wire = await serve((response) => {
        response.on('drain', () => void (count += 1))
        attachSession(response, {}, rider())
        return write(response)
      })
      await wire.ask()
      return count
    }

    test('is told once, also after a writeHead', async () => {
      const write = async (response: ServerResponse) => {
        response.writeHead(200)
        const drained = new Promise((resolve) => response.once('drain', resolve))
        response.write('a')
        await drained
        response.end('b')
      }
      expect(await drains(write)).toBe(1)
    })

    test('is not told to go on after the end', async () => {
      const write = (response: ServerResponse) => {
        response.write('a')
        response.end('b')
      }
      expect(await drains(write)).toBe(0)
    })

    test('is nobody if nothing was written', async () => {
      const { late, letGo } = waiting()
      let count = 0
      const wire = await serve(async (response) => {
        response.on('drain', () => void (count += 1))
        attachSession(response, {}, late)
        response.flushHeaders()
        letGo()
        await new Promise(setImmediate)
        response.end('ab')
      })
      expect((await wire.ask()).body).toBe('ab')
      expect(count).toBe(0)
    })

    test('is told by Node where Node itself said to wait', async () => {
      const unsent: number[] = []
      const wire = await serve((response) => {
        response.on('drain', () => void unsent.push(response.writableLength))
        attachSession(response, {}, rider())
        response.write('x'.repeat(4_000_000))
        response.once('drain', () => response.end())
      })
      expect((await wire.ask()).body).toHaveLength(4_000_000)
      expect(unsent).toEqual([0])
    })

    test('and has stopped to listen is not told', async () => {
      let count = 0
      const wire = await serve((response) => {
        attachSession(response, {}, rider())
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
    ])('is told once, where an `on` of other middleware takes listeners and %s', async (_, on) => {
      const told: unknown[] = []
      const wire = await serve((response) => {
        const method = response.on
        Reflect.set(response, 'on', (event: string, listener: () => void) => {
          const passed = on || event !== 'drain'
          return passed ? Reflect.apply(method, response, [event, listener]) : response
        })
        attachSession(response, {}, rider())
        response.on('drain', function (this: unknown, ...given: unknown[]) {
          told.push(this === response, given)
          response.end('b')
        })
        response.on('finish', () => void told.push('finish'))
        response.write('a')
      })
      expect((await wire.ask()).body).toBe('ab')
      expect(told).toEqual([true, [], 'finish'])
    })
  })

  describe('others who work on the response', () => {
    test('see the cookies when what they have put there before is called', async () => {
      const seen: unknown[] = []
      const wire = await serve((response) => {
        wrap(response, 'end', () => void seen.push(response.getHeader('Set-Cookie')))
        attachSession(response, {}, rider())
        response.end('ab')
      })
      await wire.ask()
      expect(seen).toEqual([[LINE]])
    })

    test('see no cookies where there are none', async () => {
      const seen: unknown[] = []
      const wire = await serve((response) => {
        attachSession(response, {}, rider({ lines: () => Promise.resolve([]) }))
        response.on('finish', () => void seen.push(response.hasHeader('Set-Cookie')))
        response.end('ab')
      })
      await wire.ask()
      expect(seen).toEqual([false])
    })

    test('find no method that was not there', async () => {
      const names = ['setHeaders', 'appendHeader', '_implicitHeader']
      const found: unknown[] = []
      const wire = await serve((response) => {
        const there = () => names.filter((name) => name in response)
        found.push(there())
        attachSession(response, {}, rider())
        response.end('ab')
        found.push(there())
      })
      await wire.ask()
      expect(found[1]).toEqual(found[0])
    })

    test('may put methods of their own there afterwards, or take them away', async () => {
      const found: [string, PropertyDescriptor][] = []
      const wire = await serve((response) => {
        const before = Object.getOwnPropertyNames(response)
        attachSession(response, {}, rider())
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

    test('are told the truth once it has gone', async () => {
      const states: boolean[] = []
      const wire = await serve((response) => {
        const look = () => states.push(response.headersSent, response.writableEnded)
        attachSession(response, {}, rider())
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

    test('may have said of what the answer depends in several fields', async () => {
      const wire = await serve((response) => {
        attachSession(response, {}, rider())
        response.setHeader('Vary', ['Accept', 'Origin'])
        response.end('ab')
      })
      expect((await wire.ask()).headers['vary']).toBe('Accept, Origin, Cookie')
    })
  })

  describe('a response that was withdrawn', () => {
    /** A first response whose cookies cannot be made, and the page that follows. */
    function withdrawn(before: (response: ServerResponse) => unknown, page: typeof before) {
      const told: unknown[] = []
      const wire = serve((response) => {
        const fail = (error: unknown) => {
          told.push(error)
          if (told.length === 1) page(response)
        }
        attachSession(response, {}, rider({ lines: () => Promise.reject(NO_COOKIES), fail }))
        before(response)
        response.end('ab')
      })
      return { told, wire }
    }

    test('loses what described its body, and no field that only sounds like it', async () => {
      const kept = { 'x-content-type': 'x', 'content-type-hint': 'x' }
      const fields = { 'content-type': 'a/b', 'content-language': 'en', expires: '0', ...kept }
      const { wire } = withdrawn(
        (response) => response.writeHead(200, fields),
        (response) => response.end('sorry'),
      )
      const { status, body, headers } = await (await wire).ask()
      expect({ status, body }).toEqual({ status: 500, body: 'sorry' })
      expect(headers).toMatchObject(kept)
      for (const name of ['content-type', 'content-language', 'expires']) {
        expect(headers[name]).toBeUndefined()
      }
    })

    test('takes new fields in every way there is, and while it waited in none', async () => {
      const codes: unknown[] = []
      const ways = (response: ServerResponse) => [
        () => response.setHeader('x-a', '1'),
        () => response.appendHeader('x-a', '2'),
        ...('setHeaders' in response ? [() => response.setHeaders(new Map([['x-b', '3']]))] : []),
        () => response.removeHeader('x-c'),
      ]
      const { wire } = withdrawn(
        (response) => {
          response.setHeader('x-c', '4')
          response.flushHeaders()
          codes.push(...ways(response).map(codeOf))
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

describe('http alone', () => {
  async function serve(handler: (response: ServerResponse) => unknown): Promise<Wire> {
    const wire = await wires.http((_, response) => void handler(response))
    open.push(wire)
    return wire
  }

  test('a status that Node would refuse is refused at once', async () => {
    const codes: unknown[] = []
    const wire = await serve((response) => {
      attachSession(response, {}, rider())
      for (const status of [99, 1000]) {
        response.statusCode = status
        codes.push(codeOf(() => response.end()))
        codes.push(codeOf(() => response.writeHead(status)))
      }
      response.writeHead(999).end('ab')
    })
    expect(await wire.ask()).toMatchObject({ status: 999, body: 'ab', cookies: [LINE] })
    expect(codes).toEqual(Array(4).fill('ERR_HTTP_INVALID_STATUS_CODE'))
  })

  test('the least status that Node takes is taken', () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    attachSession(response, {}, rider())
    expect(response.writeHead(100)).toBe(response)
  })

  test('a page that Node refuses too ends the response, and is told', async () => {
    const told: unknown[] = []
    const wire = await serve((response) => {
      const fail = (error: unknown) => {
        told.push(error)
        if (told.length === 1) response.writeHead(500, 'a\nb').end('sorry')
      }
      attachSession(response, {}, rider({ lines: () => Promise.reject(NO_COOKIES), fail }))
      response.end('ab')
    })
    await expect(wire.ask()).rejects.toBeInstanceOf(Cut)
    expect(told).toEqual([NO_COOKIES, expect.objectContaining({ code: 'ERR_INVALID_CHAR' })])
  })
})

test('what is no response is refused before anything is changed', () => {
  const none = { statusCode: 200, writeHead() {}, write() {}, end() {} }
  const before = { ...none }
  expect(() => attachSession(untyped<NodeResponse>(none), {}, rider())).toThrow(TypeError)
  expect(none).toEqual(before)
})
