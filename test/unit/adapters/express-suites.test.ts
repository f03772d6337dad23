// The promises of the published test suites of express-session and cookie-session that a cookie
// session can keep, beside express.test.ts. test/express/suites.md lists them.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionOptions } from 'sealed-session'
import { expressSession } from 'sealed-session/express'
import type { WithExpressSession } from 'sealed-session/express'
import { startVisitor } from '../../support/express-visitor.ts'
import type { ExpressVisitor } from '../../support/express-visitor.ts'
import { DAY, OTHER_SECRET, SECRET, START } from '../../support/mint.ts'

interface Data {
  user: string
  visits: number
  note: string
}

const open: ExpressVisitor<Data>[] = []
let now = START * 1000

afterEach(() => {
  now = START * 1000
  for (const { server } of open.splice(0)) server.close().closeAllConnections()
})

async function browse(options: Partial<SessionOptions<Data>> = {}) {
  const visitor = await startVisitor(
    createSessions<Data>({ secrets: SECRET, clock: () => now, ...options }),
  )
  open.push(visitor)
  return visitor
}

/** Copies the cookies of a browser into another one. */
function copyCookies(from: ExpressVisitor<Data>, to: ExpressVisitor<Data>): void {
  for (const name of from.names()) to.put(name, from.value(name) ?? '')
}

const cookieLine = (response: Response) => response.headers.getSetCookie().join('\n')

describe('visitors', () => {
  test('each have a session of their own', async () => {
    const [one, other] = [await browse(), await browse()]
    await one.ask(({ session }) => void (session.user = 'ada'))
    await other.ask(({ session }) => void (session.user = 'grace'))
    expect(await one.ask(({ session }) => session.user)).toBe('ada')
    expect(await other.ask(({ session }) => session.user)).toBe('grace')
    const ids = [
      await one.ask(({ session }) => session.id),
      await other.ask(({ session }) => session.id),
    ]
    expect(new Set(ids).size).toBe(2)
  })

  test('whose session has ended get a new one, with another id', async () => {
    const { ask } = await browse()
    const first = await ask(({ session }) => {
      session.user = 'ada'
      return session.id
    })
    now += 2 * DAY * 1000
    const [data, isNew, id] = (await ask(({ session }) => [
      session,
      session.isNew,
      session.id,
    ])) as unknown[]
    expect([data, isNew, id === first]).toEqual([{}, true, false])
  })

  test('without a URL have a session', async () => {
    const { ask } = await browse()
    const user = await ask((request) => {
      request.url = ''
      request.session.user = 'ada'
      return request.session.user
    })
    expect(user).toBe('ada')
  })
})

describe('a response', () => {
  const endings: Record<string, (response: ServerResponse) => void> = {
    'with a body': (response) => response.end('body'),
    'without a body': (response) => response.end(),
    'with null': (response) => response.end(null),
    'in several writes': (response) => {
      response.write('one, ')
      response.write('two')
      response.end()
    },
    'with its length': (response) => {
      response.setHeader('Content-Length', 4)
      response.end('body')
    },
    'more than once': (response) => {
      response.end('body')
      response.end()
    },
  }

  test.each(Object.keys(endings))('that ends %s has the cookie, and the same body', async (how) => {
    const { visit, ask } = await browse()
    const response = await visit(({ session }, reply) => {
      session.user = 'ada'
      endings[how]?.(reply)
    })
    expect(['body', '', 'one, two']).toContain(await response.text())
    expect(cookieLine(response)).toContain('__Host-session=')
    expect(await ask(({ session }) => session.user)).toBe('ada')
  })

  test('that has ended rejects another header, as it does without sessions', async () => {
    const late = (response: ServerResponse) => {
      response.end()
      try {
        response.setHeader('Content-Length', '3')
        return undefined
      } catch (error) {
        return error
      }
    }
    const { visit } = await browse()
    let withSession: unknown
    await visit(({ session }, response) => {
      session.user = 'ada'
      withSession = late(response)
    })
    const plain = createServer((_, response) => void (without = late(response)))
    let without: unknown
    plain.listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const address = plain.address()
    await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
    plain.close().closeAllConnections()
    expect(Reflect.get(Object(withSession), 'code')).toBe('ERR_HTTP_HEADERS_SENT')
    expect(Reflect.get(Object(without), 'code')).toBe('ERR_HTTP_HEADERS_SENT')
  })

  test.each(['before', 'after'])(
    'whose end and write are patched %s has its whole body',
    async (when) => {
      const sessions = createSessions<Data>({ secrets: SECRET })
      const middleware = expressSession(sessions)
      const patch = (response: ServerResponse) => {
        const { write, end } = response
        Reflect.set(response, 'write', (...args: unknown[]) => Reflect.apply(write, response, args))
        Reflect.set(response, 'end', (...args: unknown[]) => Reflect.apply(end, response, args))
      }
      const server = createServer((request, response) => {
        if (when === 'before') patch(response)
        middleware(request, response, () => {
          if (when === 'after') patch(response)
          ;(request as IncomingMessage & WithExpressSession<Data>).session.user = 'ada'
          response.write('hello, ')
          response.end('world')
        })
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      const response = await fetch(
        `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      )
      expect([await response.text(), response.headers.getSetCookie().length]).toEqual([
        'hello, world',
        1,
      ])
      server.close().closeAllConnections()
    },
  )

  test.each(['setHeader', 'writeHead'])('keeps the cookies of others, set with %s', async (how) => {
    const { visit } = await browse()
    const response = await visit(({ session }, reply) => {
      session.user = 'ada'
      if (how === 'setHeader') reply.setHeader('Set-Cookie', 'theme=dark')
      else reply.writeHead(200, { 'Set-Cookie': 'theme=dark' })
      reply.end()
    })
    const names = response.headers.getSetCookie().map((line) => line.split('=', 1).join())
    expect(names.toSorted()).toEqual(['__Host-session', 'theme'])
  })

  test('has one line of the session, whatever a handler has set under its name', async () => {
    const { visit, ask } = await browse()
    const response = await visit(({ session }, reply) => {
      session.user = 'ada'
      reply.setHeader('Set-Cookie', '__Host-session=mine; Path=/; Secure')
      reply.end()
    })
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await ask(({ session }) => session.user)).toBe('ada')
  })
})

describe('the cookie', () => {
  test('has the name and the attributes of the options, and is HttpOnly', async () => {
    const { visit } = await browse({
      cookie: { name: 'shop', path: '/admin', sameSite: 'strict', priority: 'high' },
    })
    const line = cookieLine(
      await visit(({ session }, reply) => {
        session.user = 'ada'
        reply.end()
      }),
    )
    expect(line).toMatch(/^shop=/)
    for (const part of ['Path=/admin', 'HttpOnly', 'Secure', 'SameSite=Strict', 'Priority=High']) {
      expect(line).toContain(part)
    }
  })

  test.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])('is partitioned if the option is: %s', async (partitioned, expected) => {
    const { visit } = await browse({ cookie: { partitioned, sameSite: 'none' } })
    const response = await visit(({ session }, reply) => {
      session.user = 'ada'
      reply.end()
    })
    expect(cookieLine(response).includes('Partitioned')).toBe(expected)
  })

  test('that ends with the browser is set once', async () => {
    const { visit } = await browse({ cookie: { persistent: false } })
    const handler = ({ session }: WithExpressSession<Data>, reply: ServerResponse) => {
      session.user = 'ada'
      reply.end()
    }
    const first = await visit(handler)
    expect(cookieLine(first)).not.toMatch(/Max-Age|Expires/)
    expect((await visit(handler)).headers.getSetCookie()).toEqual([])
  })

  test('is read from the header only: properties that other middleware sets on the request are no session', async () => {
    const one = await browse()
    await one.ask(({ session }) => void (session.user = 'ada'))
    const sealed = one.value('__Host-session')
    const sessions = createSessions<Data>({ secrets: SECRET, clock: () => now })
    const request = {
      headers: {},
      cookies: { '__Host-session': sealed },
      signedCookies: { '__Host-session': sealed },
    }
    const seen = await new Promise((resolve) => {
      Reflect.apply(expressSession(sessions), undefined, [
        request,
        {},
        () => resolve({ ...(request as unknown as WithExpressSession<Data>).session }),
      ])
    })
    expect(seen).toEqual({})
  })

  test('holds any string', async () => {
    const { ask } = await browse()
    const note = '; , = " \\ \n%20 Grüße 🍐'
    await ask(({ session }) => void (session.note = note))
    expect(await ask(({ session }) => session.note)).toBe(note)
  })
})

describe('touch', () => {
  test.each(['touch', 'resetMaxAge'] as const)(
    '%s moves the end of the session, although nothing changed',
    async (name) => {
      const { ask } = await browse()
      await ask(({ session }) => void (session.user = 'ada'))
      now += 60_000
      await ask(({ session }) => session[name]())
      now += (DAY - 30) * 1000
      expect(await ask(({ session }) => session.user)).toBe('ada')
    },
  )

  test('of an empty session writes nothing', async () => {
    const { visit } = await browse()
    const response = await visit(async ({ session }, reply) => {
      await session.touch()
      reply.end()
    })
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('secrets', () => {
  test('that are missing or empty are refused', () => {
    for (const secrets of [undefined, '', []]) {
      expect(() => createSessions({ secrets })).toThrow(/secrets/)
    }
  })

  test('are used newest first to seal, and all of them open', async () => {
    const before = await browse({ secrets: OTHER_SECRET })
    await before.ask(({ session }) => void (session.user = 'ada'))
    const both = await browse({ secrets: [SECRET, OTHER_SECRET] })
    copyCookies(before, both)
    expect(await both.ask(({ session }) => session.user)).toBe('ada')
    await both.ask(({ session }) => void (session.visits = 1))
    const after = await browse({ secrets: SECRET })
    copyCookies(both, after)
    expect(await after.ask(({ session }) => session)).toEqual({ user: 'ada', visits: 1 })
  })

  test('that cannot be fetched are passed to next as an error', async () => {
    const { ask, errors } = await browse({
      secrets: () => {
        throw new Error('the vault is closed')
      },
    })
    await ask(({ session }) => void (session.user = 'ada'))
    expect(errors).toHaveLength(1)
    expect(String(errors[0])).toContain('secrets is a function that failed')
  })
})
