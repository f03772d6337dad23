// No argument is ever changed: docs/ownership.md, as a property of every object, in every condition
// in which an application or a framework may pass it.

import type { CookieSource, Session, SessionOptions, Sessions } from 'sealed-session'
import { check, equal, holds } from './check.ts'
import type { Check, Library } from './check.ts'
import { NAME, SECRET, START, createScene } from './scene.ts'

type Data = Record<string, unknown>

/** The condition of an object when it is passed. */
const CONDITIONS = {
  'as it is': <T extends object>(object: T): T => object,
  frozen: freezePlain,
  'behind a proxy that refuses every change': watch,
  'frozen, and behind a proxy': <T extends object>(object: T): T => watch(freezePlain(object)),
} as const

type Condition = <T extends object>(object: T) => T

const conditions: readonly (readonly [string, Condition])[] = Object.entries(CONDITIONS)

/** Every source of a session, with a `Cookie` header. */
const SOURCES: Readonly<Record<string, (cookie: string) => CookieSource & object>> = {
  'a Request': (cookie) => new Request('https://app.example/', { headers: { cookie } }),
  Headers: (cookie) => new Headers({ cookie }),
  'an object with Headers': (cookie) => ({ headers: new Headers({ cookie }) }),
  'a request of Node': (cookie) => ({ method: 'GET', headers: { cookie, host: 'app.example' } }),
  'a Lambda event of payload 1.0': (cookie) => ({
    headers: { Cookie: cookie },
    multiValueHeaders: { Cookie: [cookie] },
  }),
  'a Lambda event of payload 2.0': (cookie) => ({ headers: {}, cookies: cookie.split('; ') }),
  'a cookie store': (cookie) => {
    const pairs = cookie.split('; ').map((pair) => {
      const [name = '', value = ''] = pair.split('=')
      return { name, value }
    })
    return { getAll: () => pairs }
  },
}

/** Responses that a handler may keep and return again. */
const RESPONSES: Readonly<Record<string, () => Response>> = {
  'a response without a body': () => new Response(null, { status: 204 }),
  'a redirect': () => Response.redirect('https://app.example/next', 303),
  'a response with cookies and a CDN header of its own': () => {
    const headers = new Headers({ 'Cache-Control': 'public', 'Surrogate-Control': 'max-age=9' })
    headers.append('Set-Cookie', 'theme=dark')
    headers.append('Set-Cookie', `${NAME}=other; Path=/; Secure`)
    return new Response(null, { status: 200, headers })
  },
}

export const ownership: readonly Check[] = [
  ...Object.entries(SOURCES).flatMap(([what, make]) =>
    conditions.map(([condition, apply]) =>
      check(`${what}, ${condition}, is read and not changed`, async (library) => {
        const cookie = await cookieOf(library, 'ada')
        const source = make(cookie)
        const before = look(source)
        const { sessions } = createScene(library)
        const session = await sessions.open(apply(source))
        equal(session.get('user'), 'ada')
        session.set('user', 'bob')
        session.flash('notice', 'hello')
        equal((await sessions.setCookies(session)).length, 1)
        equal(look(source), before)
      }),
    ),
  ),

  ...Object.entries(RESPONSES).flatMap(([what, make]) =>
    conditions.map(([condition, apply]) =>
      check(
        `${what}, ${condition}, is returned to three visitors and not changed`,
        async (library) => {
          const shared = make()
          const before = look(shared)
          const { sessions } = createScene(library)
          const login = sessions.wrap(async (request, session) => {
            session.set('user', request.headers.get('x-user'))
            return apply(shared)
          })
          const thrown = sessions.wrap((_, session) => {
            session.set('user', 'eve')
            throw apply(shared)
          })
          const page = sessions.wrap((_, session) => {
            session.get('user')
            return apply(shared)
          })
          const [ada, bob] = await Promise.all([login(by('ada')), login(by('bob'))])
          const eve = await thrown(by('eve'))
          const visitor = await page(by('none'))
          equal(ownLines(visitor).length, before.includes(NAME) ? 1 : 0, 'lines of a mere visitor')
          for (const [user, response] of Object.entries({ ada, bob, eve })) {
            const [line = ''] = ownLines(response)
            equal(ownLines(response).length, 1, `lines of ${user}`)
            const session = await sessions.open(line.split(';', 1).join())
            equal(session.get('user'), user)
          }
          equal(look(shared), before)
        },
      ),
    ),
  ),

  ...conditions.map(([condition, apply]) =>
    check(`options, ${condition}, are read once and not changed`, async (library) => {
      const options: SessionOptions = {
        secrets: [{ secret: SECRET, id: 'key1' }],
        cookie: { name: NAME, sameSite: 'strict' },
        lifetimes: { long: { maxAge: 2_000_000 } },
        limits: { cookies: 4 },
        clock: () => START * 1000,
      }
      const before = look(options)
      const sessions = library.createSessions(apply(options))
      const again = library.createSessions(apply(options))
      const cookie = await firstCookie(sessions, (session) => session.set('user', 'ada'))
      equal((await again.open(cookie)).get('user'), 'ada')
      equal(look(options), before)
    }),
  ),

  ...conditions.map(([condition, apply]) =>
    check(`what the secrets function returns, ${condition}, is not changed`, async (library) => {
      const secrets = [{ secret: SECRET, id: 'key1' }]
      const before = look(secrets)
      const { sessions } = createScene(library, { secrets: () => apply(secrets) })
      const cookie = await firstCookie(sessions, (session) => session.set('user', 'ada'))
      equal((await sessions.open(cookie)).get('user'), 'ada')
      equal(look(secrets), before)
    }),
  ),

  ...conditions.map(([condition, apply]) =>
    check(`values, messages and arguments, ${condition}, are not changed`, async (library) => {
      const cart = { items: [{ id: 1, tags: ['new'] }] }
      const message = { text: 'hello' }
      const keep = { keep: ['cart'], scopes: ['shop'] }
      const before = [cart, message, keep].map(look)
      const { sessions } = createScene(library)
      const session = await sessions.open(null)
      session.set('cart', apply(cart))
      session.scope('shop').set('cart', apply(cart))
      session.regenerate(apply(keep))
      session.flash('notice', apply(message))
      const cookie = (await sessions.setCookies(session)).map((line) => line.split(';', 1)).join()
      const next = await sessions.open(cookie)
      equal(next.get('cart'), cart)
      equal(next.scope('shop').get('cart'), cart)
      equal(next.flash('notice'), [message])
      equal([cart, message, keep].map(look), before)
    }),
  ),

  ...conditions.map(([condition, apply]) =>
    check(`what a schema returns, ${condition}, is no object of two sessions`, async (library) => {
      const shared = { user: 'ada', cart: [1] }
      const before = look(shared)
      const validate = () => ({ value: apply(shared) })
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
      const { sessions } = createScene(library, { schema })
      const cookie = await cookieOf(library, 'ada')
      const [one, other] = await Promise.all([sessions.open(cookie), sessions.open(cookie)])
      const list = one.get('cart')
      holds(Array.isArray(list) && list.push(2) === 2, 'a list that can be changed')
      one.set('user', 'eve')
      equal([other.get('user'), other.get('cart')], ['ada', [1]])
      equal(look(shared), before)
    }),
  ),

  ...conditions.map(([condition, apply]) =>
    check(`what a serializer parses, ${condition}, is not changed`, async (library) => {
      const parsed: [object, string][] = []
      const serializer = {
        stringify: (value: unknown) => JSON.stringify(value),
        parse(text: string): unknown {
          const value: unknown = JSON.parse(text)
          if (typeof value !== 'object' || value === null) return value
          parsed.push([value, look(value)])
          return apply(value)
        },
      }
      const { sessions } = createScene(library, { serializer })
      const cookie = await firstCookie(sessions, (session) => {
        session.set('cart', { items: [1] })
        session.flash('notice', 'hello')
      })
      const session = await sessions.open(cookie)
      session.set('user', 'ada')
      session.delete('cart')
      equal(session.flash('notice'), ['hello'])
      equal((await sessions.setCookies(session)).length, 1)
      holds(parsed.length > 0, 'something was parsed')
      for (const [value, before] of parsed) equal(look(value), before)
    }),
  ),

  check('a store that changes its arguments changes no other cookie', async (library) => {
    const given: object[] = []
    const { sessions } = createScene(library, { limits: 'node' })
    const save = async (user: string) => {
      const session = await sessions.open(null)
      session.set('user', user.repeat(1500))
      await sessions.save(session, (name, _, attributes) => {
        given.push({ name, ...attributes })
        Object.assign(attributes, { path: '/elsewhere', httpOnly: false, maxAge: 0 })
      })
    }
    await save('ada')
    await save('bob')
    equal(given.slice(given.length / 2), given.slice(0, given.length / 2))
  }),

  check('lines, events and rejections belong to the caller alone', async (library) => {
    const { sessions } = createScene(library, {
      observe: (event) => void Object.assign(event, { type: 'none', id: 'none' }),
    })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    const expected = [...lines]
    lines.push('theme=dark')
    lines[0] = ''
    equal(await sessions.setCookies(session), expected)
    const [cookie = ''] = expected
    equal((await sessions.open(cookie.split(';', 1).join())).get('user'), 'ada')
  }),
]

/** Formats the state of an object: its contents, in their order, whatever its type. */
function look(value: unknown): string {
  if (value instanceof Headers) return JSON.stringify([...value])
  if (value instanceof Response) {
    const { status, statusText, bodyUsed, headers } = value
    return JSON.stringify([status, statusText, bodyUsed, [...headers], Object.keys(value)])
  }
  if (value instanceof Request) {
    return JSON.stringify([value.method, value.url, [...value.headers], Object.keys(value)])
  }
  if (Array.isArray(value)) return `[${value.map(look).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${key}:${look(member)}`)
  return `{${members.join()}}`
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype
}

/** Freezes an object, and the plain members in it. */
function freezePlain<T extends object>(object: T): T {
  if (!isPlain(object) && !isReadableFrozen()) return object
  if (isPlain(object))
    for (const member of Object.values(object)) if (isPlain(member)) freezePlain(member)
  return Object.freeze(object)
}

/** Deno records in a `Response` that its headers were read, and so cannot read a frozen one. */
function isReadableFrozen(): boolean {
  try {
    return Object.freeze(new Response(null)).headers.get('Set-Cookie') === null
  } catch {
    return false
  }
}

/** Returns a proxy of an object, and of its plain members, that throws for every change. */
function watch<T extends object>(object: T): T {
  const refuse = () => {
    throw new TypeError('the object is not yours to change')
  }
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      // Methods of the platform do not accept a proxy as `this`.
      if (typeof member === 'function') return isPlain(target) ? member : member.bind(target)
      const isFixed = Object.getOwnPropertyDescriptor(target, name)?.configurable === false
      return isPlain(member) && !isFixed ? watch(member) : member
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  })
}

function by(user: string): Request {
  return new Request('https://app.example/', { headers: { 'x-user': user } })
}

function ownLines(response: Response): string[] {
  return response.headers.getSetCookie().filter((line) => line.startsWith(NAME))
}

/** The `Cookie` header of a session of this user. */
function cookieOf(library: Library, user: string): Promise<string> {
  const { sessions } = createScene(library)
  return firstCookie(sessions, (session) => session.set('user', user))
}

async function firstCookie(
  sessions: Sessions<Data>,
  fill: (session: Session<Data>) => void,
): Promise<string> {
  const session = await sessions.open(null)
  fill(session)
  const [line = ''] = await sessions.setCookies(session)
  return line.split(';', 1).join()
}
