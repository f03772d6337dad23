import { createServer } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { attachCookies, isResponse } from '../../../src/http/response.ts'
import { forwardingProxy } from '../../support/framework-objects.ts'

const LINES = ['s=2.a; Path=/; HttpOnly', 's.1=b; Path=/; HttpOnly']

const isOwnCookie = (name: string) => /^s(?:\.(?:[1-9]|1[0-5]|t|x))?$/.test(name)

const attach = (response: Response, lines: readonly string[], onOverwrite?: () => void) =>
  attachCookies(response, lines, isOwnCookie, onOverwrite)

const unwritable = expect.objectContaining({ name: 'SessionError', code: 'ERR_SESSION_RESPONSE' })

/** A response that a server cannot construct but a runtime can return. */
const withStatus = (status: number) =>
  Object.defineProperty(new Response(null), 'status', { value: status })

/** Every part of a response that another one could share. */
const snapshot = ({ status, statusText, headers, bodyUsed }: Response) =>
  structuredClone({ status, statusText, headers: [...headers], bodyUsed })

describe('the cookies', () => {
  test('are separate lines, never joined, in their order', () => {
    expect(attach(new Response('x'), LINES).headers.getSetCookie()).toEqual(LINES)
  })

  test('come after those of the handler, which are kept', () => {
    const headers = new Headers([
      ['Set-Cookie', 'theme=dark; Path=/'],
      ['Set-Cookie', 'other=1'],
    ])
    const attached = attach(new Response('x', { headers }), LINES)
    expect(attached.headers.getSetCookie()).toEqual(['theme=dark; Path=/', 'other=1', ...LINES])
  })

  test('replace those of another commit, which is reported', () => {
    const onOverwrite = vi.fn<() => void>()
    const inner = attach(new Response('x'), ['s=inner', 's.x=AAAA'], onOverwrite)
    expect(onOverwrite).not.toHaveBeenCalled()
    const outer = attach(inner, LINES, onOverwrite)
    expect(outer.headers.getSetCookie()).toEqual(['s.x=AAAA', ...LINES])
    expect(onOverwrite).toHaveBeenCalledOnce()
    expect(inner.headers.getSetCookie()).toEqual(['s=inner', 's.x=AAAA'])
  })

  test('are empty if there are no lines', () => {
    expect(attach(new Response('x'), []).headers.has('Set-Cookie')).toBe(false)
  })
})

describe('the given response', () => {
  const shared = new Headers({ 'X-Own': 'kept' })

  test.each([
    ['a constant', () => new Response(null, { status: 204 })],
    ['a text', () => new Response('x')],
    ['one with headers of its own', () => new Response('x', { headers: { Vary: 'Origin' } })],
    ['one with shared headers', () => new Response('x', { headers: shared })],
    ['a frozen one', () => Object.freeze(new Response('x'))],
    ['a redirect', () => Response.redirect('https://app.example/next', 303)],
    ['one of a subclass', () => new (class Own extends Response {})('x')],
    ['a proxy', () => forwardingProxy(new Response('x'))],
  ])('is never changed: %s', (_, make) => {
    for (const lines of [LINES, []]) {
      const response = make()
      const before = snapshot(response)
      const attached = attach(response, lines)
      expect(attached).not.toBe(response)
      expect(attached).toBeInstanceOf(Response)
      expect(attached.headers.getSetCookie()).toEqual(lines)
      expect(attached.headers.get('Vary')).toMatch(/Cookie$/)
      expect(snapshot(response)).toEqual(before)
    }
    expect([...shared]).toEqual([['x-own', 'kept']])
  })

  test('is returned itself if it needs no change', () => {
    const headers = { Vary: 'Cookie', 'Cache-Control': 'max-age=60' }
    const response = new Response('x', { headers })
    expect(attach(response, [])).toBe(response)
    const attached = attach(new Response('x'), LINES)
    expect(attach(attached, LINES)).toBe(attached)
    expect(attach(attached, [])).toBe(attached)
  })

  test('keeps its headers on a platform whose class shares them', () => {
    const platform = globalThis.Response
    class Sharing extends platform {
      readonly #headers: Headers
      constructor(body?: BodyInit | null, init?: ResponseInit) {
        super(body, init)
        this.#headers = init?.headers instanceof Headers ? init.headers : new Headers(init?.headers)
      }
      override get headers(): Headers {
        return this.#headers
      }
    }
    vi.stubGlobal('Response', Sharing)
    try {
      const response = new Response('x', { headers: new Headers({ 'X-Own': 'kept' }) })
      const attached = attach(response, LINES)
      // `new Headers` copies, but this class keeps its argument, so we must copy it ourselves.
      expect(attached.headers.getSetCookie()).toEqual(LINES)
      expect([...response.headers]).toEqual([['x-own', 'kept']])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('the new response', () => {
  test('is otherwise the same', async () => {
    const headers = { 'Content-Type': 'text/plain', 'X-Own': 'kept' }
    const attached = attach(
      new Response('body', { status: 418, statusText: 'Teapot', headers }),
      LINES,
    )
    expect([attached.status, attached.statusText]).toEqual([418, 'Teapot'])
    expect(attached.headers.get('Content-Type')).toBe('text/plain')
    expect(attached.headers.get('X-Own')).toBe('kept')
    expect(await attached.text()).toBe('body')
  })

  test('is built from the given one, so that the platform can copy its own members', () => {
    const built = vi.fn<(body: unknown, init: unknown) => void>()
    class Spied extends Response {
      constructor(body?: BodyInit | null, init?: ResponseInit) {
        super(body, init)
        built(body, init)
      }
    }
    const response = new Response('x')
    vi.stubGlobal('Response', Spied)
    attach(response, LINES)
    vi.unstubAllGlobals()
    expect(built.mock.calls).toEqual([[response.body, response]])
  })

  test('of one that came from fetch has its cookies, status and body', async () => {
    const { response, close } = await fetched()
    const attached = attach(response, LINES)
    expect([attached.status, attached.statusText]).toEqual([203, 'Other'])
    expect(attached.headers.getSetCookie()).toEqual(['up=1', 'up=2', ...LINES])
    expect(await attached.text()).toBe('from upstream')
    close()
  })

  test.each([204, 205, 304])('of status %i has no body either', (status) => {
    const attached = attach(new Response(null, { status }), LINES)
    expect([attached.status, attached.body]).toEqual([status, null])
    expect(attached.headers.getSetCookie()).toEqual(LINES)
  })

  test('streams as the given one does', async () => {
    const stream = new TransformStream<Uint8Array, Uint8Array>()
    const attached = attach(new Response(stream.readable), LINES)
    const writer = stream.writable.getWriter()
    const reader = attached.body?.getReader()
    for (const byte of [1, 2, 3]) {
      // Each chunk arrives before the next one is written: nothing is buffered until the end.
      const writing = writer.write(Uint8Array.of(byte))
      expect(await reader?.read()).toEqual({ done: false, value: Uint8Array.of(byte) })
      await writing
    }
    const closing = writer.close()
    expect((await reader?.read())?.done).toBe(true)
    await closing
  })
})

describe('a body that has been read, or is being read', () => {
  test.each([
    ['read', async (response: Response) => void (await response.text())],
    ['locked', async (response: Response) => void response.body?.getReader()],
  ])('cannot be sent by a new response: %s', async (_, use) => {
    for (const lines of [LINES, []]) {
      const response = new Response('x')
      await use(response)
      expect(() => attach(response, lines)).toThrow(unwritable)
      expect(() => attach(response, lines)).toThrow(/the body of the response has been read/)
    }
  })

  test('does not matter if no new response is needed', async () => {
    const headers = { Vary: 'Cookie', 'Cache-Control': 'private' }
    const response = new Response('x', { headers })
    await response.text()
    expect(attach(response, [])).toBe(response)
  })
})

describe('a response that the platform cannot build', () => {
  const unbuildable: [string, () => Response][] = [
    ['a protocol switch', () => withStatus(101)],
    ['an opaque one', () => withStatus(0)],
    ['a network error', () => Response.error()],
    ['an invented status', () => withStatus(999)],
  ]

  test.each(unbuildable)('is an error if a header has to be written: %s', (_, make) => {
    const response = make()
    expect(() => attach(response, LINES)).toThrow(unwritable)
    expect(response.headers.has('Set-Cookie')).toBe(false)
  })

  test.each(unbuildable)('is returned as it is if no header has to be written: %s', (_, make) => {
    const response = make()
    expect(attach(response, [])).toBe(response)
    expect(response.headers.has('Vary')).toBe(false)
  })

  test.each(unbuildable)('is recognised when errors are of another realm: %s', (_, make) => {
    const response = make()
    class Refusing extends Response {
      constructor(body?: BodyInit | null, init?: ResponseInit) {
        super()
        if (init !== undefined) throw Object.assign(new Error('no'), { name: 'RangeError', body })
      }
    }
    vi.stubGlobal('Response', Refusing)
    const attached = attach(response, [])
    expect(() => attach(response, LINES)).toThrow(unwritable)
    vi.unstubAllGlobals()
    expect(attached).toBe(response)
  })

  test('is not built with status 0, even if the platform could, as Bun does', () => {
    class Building extends Response {
      constructor(body?: BodyInit | null) {
        super(body, {})
      }
    }
    const response = Response.error()
    vi.stubGlobal('Response', Building)
    const attached = attach(response, [])
    expect(() => attach(response, LINES)).toThrow(unwritable)
    vi.unstubAllGlobals()
    expect(attached).toBe(response)
  })

  test('is built if the platform can, as Workers can with a WebSocket', () => {
    class Upgrading extends Response {
      readonly webSocket: unknown
      readonly #status: number
      constructor(body?: BodyInit | null, init: ResponseInit & { webSocket?: unknown } = {}) {
        super(body, { ...init, headers: init.headers ?? {}, status: 200 })
        this.#status = init.status ?? 200
        this.webSocket = init.webSocket
      }
      override get status(): number {
        return this.#status
      }
    }
    vi.stubGlobal('Response', Upgrading)
    const webSocket = {}
    const response = new Upgrading(null, { status: 101, webSocket })
    const attached = attach(response, LINES)
    vi.unstubAllGlobals()
    expect(attached).toMatchObject({ status: 101, webSocket })
    expect(attached.headers.getSetCookie()).toEqual(LINES)
  })
})

describe('a response of another implementation', () => {
  /** A class with the members of a Response, like that of undici's package. */
  function foreign(headers: unknown): Response {
    const own = new Response('x', { status: 201, statusText: 'Made' })
    const members = { status: 201, statusText: 'Made', bodyUsed: false, body: own.body, headers }
    return Object.assign(Object.create({ arrayBuffer: () => own.arrayBuffer() }), members)
  }

  test('is rebuilt as one of the platform', async () => {
    const response = foreign(new Headers([['Set-Cookie', 'a=1']]))
    const attached = attach(response, LINES)
    expect(attached).toBeInstanceOf(Response)
    expect([attached.status, attached.statusText, await attached.text()]).toEqual([
      201,
      'Made',
      'x',
    ])
    expect(attached.headers.getSetCookie()).toEqual(['a=1', ...LINES])
  })

  test.each([[LINES], [[]]])(
    'has its cookies one a line, even if only one of its header methods has them apart',
    (lines) => {
      const cookies = ['a=1; Expires=Thu, 01 Jan 2032 00:00:00 GMT', 'b=2']
      const entries = [['set-cookie', cookies.join(', ')]]
      const headers = {
        get: (name: string) => (name.toLowerCase() === 'set-cookie' ? cookies.join(', ') : null),
        keys: () => ['set-cookie'],
        raw: () => ({ 'set-cookie': cookies }),
        [Symbol.iterator]: () => entries[Symbol.iterator](),
      }
      const attached = attach(foreign(headers), lines)
      expect(attached.headers.getSetCookie()).toEqual([...cookies, ...lines])
    },
  )
})

describe('isResponse', () => {
  test.each([
    ['a response', new Response()],
    ['an error response', Response.error()],
    ['one of a subclass', new (class Own extends Response {})()],
    ['a frozen one', Object.freeze(new Response())],
    ['a proxy', forwardingProxy(new Response())],
  ])('is true of %s', (_, value) => {
    expect(isResponse(value)).toBe(true)
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'text'],
    ['a number', 5],
    ['an empty object', {}],
    ['a status alone', { status: 200 }],
    ['a request', new Request('https://app.example/')],
    ['headers', new Headers()],
    [
      'an error with status and headers',
      Object.assign(new Error(), { status: 404, headers: new Headers() }),
    ],
    ['a record of headers', { status: 200, headers: {}, arrayBuffer() {} }],
    ['headers that are null', { status: 200, headers: null, arrayBuffer() {} }],
    ['a status in words', { status: 'ok', headers: new Headers(), arrayBuffer() {} }],
  ])('is false of %s', (_, value: unknown) => {
    expect(isResponse(value)).toBe(false)
    expect(() => attach(value as Response, LINES)).toThrow(unwritable)
    expect(attach(value as Response, [])).toBe(value)
  })
})

test.each([
  ['with a cookie', LINES],
  ['without one', []],
])('the body of a response of fetch outlives that response: %s', async (_, lines) => {
  const proxy = async () => {
    const { response, close } = await fetched()
    return { attached: attach(response, lines), close }
  }
  const { attached, close } = await proxy()
  await collectGarbage()
  expect(await attached.text()).toBe('from upstream')
  close()
})

/** Collects garbage, until an object that is not referred to is gone and its finalizers have run. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const collected: string[] = []
  const registry = new FinalizationRegistry<string>((name) => collected.push(name))
  registry.register({}, 'an object')
  while (collected.length === 0) {
    collect()
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((done) => setImmediate(done))
  }
}

/** Returns the result of `fetch` from a server on this machine. */
async function fetched(): Promise<{ response: Response; close: () => void }> {
  const server = createServer((_, answer) => {
    answer.writeHead(203, 'Other', { 'Set-Cookie': ['up=1', 'up=2'], Connection: 'close' })
    answer.end('from upstream')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { response: await fetch(`http://127.0.0.1:${port}/`), close: () => server.close() }
}
