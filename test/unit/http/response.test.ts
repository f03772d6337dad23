import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { attachCookies } from '../../../src/http/response.ts'

const LINES = ['s=3.a; Path=/; HttpOnly', 's.1=b; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']

const unwritable = expect.objectContaining({ name: 'SessionError', code: 'ERR_SESSION_RESPONSE' })

/** A response that a server cannot construct and a runtime can hand out. */
const withStatus = (status: number) =>
  Object.defineProperty(new Response(null), 'status', { value: status })

describe('the cookies', () => {
  test('are lines of their own, never joined, in their order', () => {
    expect(attachCookies(new Response('x'), LINES).headers.getSetCookie()).toEqual(LINES)
  })

  test('come after those that the handler has set, which stay', () => {
    const headers = new Headers([
      ['Set-Cookie', 'theme=dark; Path=/'],
      ['Set-Cookie', 's=theirs'],
    ])
    const carried = attachCookies(new Response('x', { headers }), LINES)
    expect(carried.headers.getSetCookie()).toEqual(['theme=dark; Path=/', 's=theirs', ...LINES])
  })

  test('are not set twice by a handler that commits and a wrapper that commits again', () => {
    const response = attachCookies(
      new Response(null, { headers: { 'set-cookie': 'own=1' } }),
      LINES,
    )
    expect(attachCookies(response, LINES).headers.getSetCookie()).toEqual(['own=1', ...LINES])
  })

  test('are none if there are none', () => {
    const carried = attachCookies(new Response('x'), [])
    expect(carried.headers.has('Set-Cookie')).toBe(false)
  })
})

describe('the response', () => {
  test('stays the same object where its headers can be changed', () => {
    const response = new Response('x')
    expect(attachCookies(response, LINES)).toBe(response)
  })

  test('is kept in everything else', async () => {
    const headers = { 'Content-Type': 'text/plain', 'X-Own': 'kept' }
    const carried = attachCookies(
      new Response('body', { status: 418, statusText: 'Teapot', headers }),
      LINES,
    )
    expect([carried.status, carried.statusText]).toEqual([418, 'Teapot'])
    expect(carried.headers.get('Content-Type')).toBe('text/plain')
    expect(carried.headers.get('X-Own')).toBe('kept')
    expect(await carried.text()).toBe('body')
  })

  test.each([[LINES], [[]]])('is rebuilt if it is a redirect, whose headers are fixed', (lines) => {
    const redirect = Response.redirect('https://example.com/next', 303)
    const carried = attachCookies(redirect, lines)
    expect(carried).not.toBe(redirect)
    expect([carried.status, carried.headers.get('Location')]).toEqual([
      303,
      'https://example.com/next',
    ])
    expect(carried.headers.getSetCookie()).toEqual(lines)
    expect(carried.headers.get('Vary')).toBe('Cookie')
    expect(redirect.headers.has('Set-Cookie')).toBe(false)
  })

  test('is rebuilt if it came from fetch, with its own cookies, status and body', async () => {
    const { response, close } = await fetched()
    const carried = attachCookies(response, LINES)
    expect(carried).not.toBe(response)
    expect([carried.status, carried.statusText]).toEqual([203, 'Other'])
    expect(carried.headers.getSetCookie()).toEqual(['up=1', 'up=2', ...LINES])
    expect(await carried.text()).toBe('from upstream')
    close()
  })

  test.each([204, 205, 304])(
    'of status %i keeps having no body, fixed headers or not',
    (status) => {
      const plain = attachCookies(new Response(null, { status }), LINES)
      const fixed = attachCookies(withFixedHeaders(new Response(null, { status })), LINES)
      for (const carried of [plain, fixed]) {
        expect([carried.status, carried.body]).toEqual([status, null])
        expect(carried.headers.getSetCookie()).toEqual(LINES)
      }
    },
  )

  test.each([false, true])('goes on streaming, headers fixed: %s', async (isFixed) => {
    const stream = new TransformStream<Uint8Array, Uint8Array>()
    const response = new Response(stream.readable)
    const carried = attachCookies(isFixed ? withFixedHeaders(response) : response, LINES)
    expect(carried === response).toBe(!isFixed)
    const writer = stream.writable.getWriter()
    const reader = carried.body?.getReader()
    for (const byte of [1, 2, 3]) {
      // Each piece arrives before the next one is written: nothing waits for the end.
      const writing = writer.write(Uint8Array.of(byte))
      // oxlint-disable-next-line no-await-in-loop
      expect(await reader?.read()).toEqual({ done: false, value: Uint8Array.of(byte) })
      // oxlint-disable-next-line no-await-in-loop
      await writing
    }
    const closing = writer.close()
    expect((await reader?.read())?.done).toBe(true)
    await closing
  })

  test('is not rebuilt when its body has been read, and carries the cookies all the same', async () => {
    const response = new Response('x')
    await response.text()
    expect(attachCookies(response, LINES).headers.getSetCookie()).toEqual(LINES)
  })
})

describe('a response that cannot carry cookies', () => {
  test.each([
    ['a protocol switch', withStatus(101)],
    ['an opaque one', withStatus(0)],
    ['a network error', Response.error()],
  ])('is %s: an error if there is something to write', (_, response) => {
    expect(() => attachCookies(response, LINES)).toThrow(unwritable)
    expect(response.headers.has('Set-Cookie')).toBe(false)
  })

  test.each([
    ['a protocol switch', withStatus(101)],
    ['an opaque one', withStatus(0)],
    ['a network error', Response.error()],
  ])('is %s: itself, untouched, if there is nothing', (_, response) => {
    expect(attachCookies(response, [])).toBe(response)
    expect(response.headers.has('Vary')).toBe(false)
  })

  test.each([[undefined], [null], ['text'], [5], [{}], [{ status: 200 }]])(
    'is what is no response: itself, untouched, if there is nothing',
    (value: unknown) => {
      expect(() => attachCookies(value as Response, LINES)).toThrow(unwritable)
      expect(attachCookies(value as Response, [])).toBe(value)
    },
  )
})

describe('Vary', () => {
  test.each([
    [undefined, 'Cookie'],
    ['', 'Cookie'],
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['Accept-Encoding, Origin', 'Accept-Encoding, Origin, Cookie'],
    ['X-Cookie', 'X-Cookie, Cookie'],
    ['Cookie', 'Cookie'],
    ['cookie', 'cookie'],
    ['Origin,COOKIE ,Accept', 'Origin,COOKIE ,Accept'],
    ['*', '*'],
    ['Origin, *', 'Origin, *'],
  ])('%j becomes %j, whether or not something is written', (given, expected) => {
    const headers: HeadersInit = given === undefined ? {} : { Vary: given }
    for (const lines of [LINES, []]) {
      expect(attachCookies(new Response('x', { headers }), lines).headers.get('Vary')).toBe(
        expected,
      )
    }
  })

  test('of several lines is one list', () => {
    const headers = new Headers([
      ['Vary', 'Origin'],
      ['Vary', 'Accept'],
    ])
    expect(attachCookies(new Response('x', { headers }), []).headers.get('Vary')).toBe(
      'Origin, Accept, Cookie',
    )
  })

  test('is not said twice when a commit is repeated', () => {
    const once = attachCookies(new Response('x'), [])
    expect(attachCookies(once, []).headers.get('Vary')).toBe('Cookie')
  })
})

describe('Cache-Control', () => {
  const after = (given: string | undefined, lines: readonly string[]) => {
    const headers: HeadersInit = given === undefined ? {} : { 'Cache-Control': given }
    return attachCookies(new Response('x', { headers }), lines).headers.get('Cache-Control')
  }

  test.each([
    undefined,
    '',
    'public',
    'public, max-age=600',
    's-maxage=600, stale-while-revalidate=60',
    'no-cache',
    'must-revalidate',
    'x-private',
    'private="set-cookie"',
    'max-age=600, ext="a"',
  ])('%j becomes private, no-store when a cookie is written', (given) => {
    expect(after(given, LINES)).toBe('private, no-store')
  })

  test.each(['private', 'no-store', 'Private, max-age=600', 'max-age=0,NO-STORE', ' private '])(
    '%j is kept, since it says enough',
    (given) => {
      expect(after(given, LINES)).toBe(given.trim())
    },
  )

  test.each(['public, max-age=600', 'no-cache', undefined])(
    '%j is left alone when nothing is written',
    (given) => {
      expect(after(given, [])).toBe(given ?? null)
    },
  )
})

describe('what CDNs are told by headers of their own', () => {
  const cdns = {
    'CDN-Cache-Control': 'max-age=600',
    'Vercel-CDN-Cache-Control': 'max-age=600',
    'Netlify-CDN-Cache-Control': 'public, durable',
    'Cloudflare-CDN-Cache-Control': 'max-age=600',
    'Surrogate-Control': 'max-age=600',
  }

  test('is taken away when a cookie is written, and nothing else is', () => {
    const headers = { ...cdns, 'Surrogate-Key': 'page-1', ETag: '"1"' }
    const carried = attachCookies(new Response('x', { headers }), LINES)
    for (const name of Object.keys(cdns))
      expect([name, carried.headers.get(name)]).toEqual([name, null])
    expect(carried.headers.get('Surrogate-Key')).toBe('page-1')
    expect(carried.headers.get('ETag')).toBe('"1"')
  })

  test('is left alone when nothing is written', () => {
    const carried = attachCookies(new Response('x', { headers: cdns }), [])
    for (const [name, value] of Object.entries(cdns)) expect(carried.headers.get(name)).toBe(value)
  })
})

/** The same response with headers that refuse to change, as runtimes hand them out. */
function withFixedHeaders(response: Response): Response {
  const fixed = new Proxy(response.headers, {
    get(headers, name) {
      if (name === 'append' || name === 'set' || name === 'delete') {
        return () => {
          throw new TypeError('immutable')
        }
      }
      const value: unknown = Reflect.get(headers, name, headers)
      return typeof value === 'function' ? value.bind(headers) : value
    },
  })
  return Object.defineProperty(response, 'headers', { value: fixed })
}

/** What `fetch` gives, from a server on this machine. */
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
