// The public types. The compiler checks this file: each `@ts-expect-error` must be one, and each
// `expectTypeOf` must hold. Code in `unchecked` never runs.

import * as devalue from 'devalue'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type {
  CookieAttributes,
  CookieOptions,
  CookieSink,
  CookieSource,
  CookieStoreSource,
  RegenerateOptions,
  SealCause,
  SessionKey,
  SessionRejection,
  RejectionReason,
  Session,
  SessionErrorCode,
  SessionEvent,
  SessionHandler,
  SessionOptions,
  Sessions,
  SizeReport,
  SessionValue,
} from 'sealed-session'
import { SECRET } from '../support/mint.ts'
import { configError } from '../support/errors.ts'

interface Data {
  user: string
  visits?: number
  cart: { id: string }[]
  maybe: string | null | undefined
}

const sessions = createSessions<Data>({ secrets: SECRET })

/** Statements that only the compiler reads. */
function unchecked(_statements: (session: Session<Data>) => unknown): void {}

describe('data', () => {
  test('may be an interface, a type, or omitted', () => {
    expectTypeOf(sessions).toEqualTypeOf<Sessions<Data>>()
    expectTypeOf(createSessions<{ a: 1 }>({ secrets: SECRET })).toEqualTypeOf<Sessions<{ a: 1 }>>()
    const untyped = createSessions({ secrets: SECRET })
    expectTypeOf(untyped).toEqualTypeOf<Sessions>()
    expectTypeOf<Sessions>().toEqualTypeOf<Sessions<{ [key: string]: unknown }>>()
    unchecked(() => {
      // @ts-expect-error a string is no data
      createSessions<string>({ secrets: SECRET })
    })
    expect(Object.keys(untyped)).toContain('open')
  })

  test('a key is optional until it is set', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session).toEqualTypeOf<Session<Data>>()
    expectTypeOf(session.get('user')).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.get('cart')).toEqualTypeOf<{ id: string }[] | undefined>()
    expectTypeOf(session.get('maybe')).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(session.toJSON()).toEqualTypeOf<Partial<Data>>()
    expect(session.get('user')).toBeUndefined()
  })

  test('with a fallback the value is never undefined', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session.get('visits', 0)).toEqualTypeOf<number>()
    expectTypeOf(session.get('user', null)).toEqualTypeOf<string | null>()
    expectTypeOf(session.get('maybe', 5)).toEqualTypeOf<string | number | null>()
    expect(session.get('visits', 0)).toBe(0)
  })

  test('keys and values are checked', async () => {
    const session = await sessions.open(null)
    unchecked(() => {
      // @ts-expect-error no such key
      session.get('usr')
      // @ts-expect-error no such key
      session.has('usr')
      // @ts-expect-error no such key
      session.delete('usr')
      // @ts-expect-error no such key
      session.set('usr', 'ada')
      // @ts-expect-error a number is no name
      session.set('user', 5)
      // @ts-expect-error undefined cannot be stored
      session.set('visits', undefined)
      // @ts-expect-error undefined cannot be stored
      session.set('maybe', undefined)
      // @ts-expect-error an element's shape
      session.set('cart', [{ id: 5 }])
      // @ts-expect-error no such key
      session.regenerate({ keep: ['usr'] })
      // @ts-expect-error identity is read, not written
      session.id = 'mine'
      // @ts-expect-error data is reached by get and set
      session.user = 'ada'
    })
    session.set('maybe', null)
    session.regenerate({ keep: ['maybe', 'cart'] })
    expect(session.keys()).toEqual(['maybe'])
  })

  test('entries have the type of each key and its value', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session.keys()).toEqualTypeOf<SessionKey<Data>[]>()
    expectTypeOf<SessionKey<Data>>().toEqualTypeOf<'user' | 'visits' | 'cart' | 'maybe'>()
    expectTypeOf<SessionValue<Data, 'visits'>>().toEqualTypeOf<number>()
    for (const [key, value] of session) {
      if (key === 'visits') expectTypeOf(value).toEqualTypeOf<number>()
    }
    expect(session.entries()).toEqual([])
  })

  test('identity may be undefined', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.startedAt).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.expiresAt).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.rejection?.reason).toEqualTypeOf<RejectionReason | undefined>()
    expect(session.id).toBeUndefined()
  })
})

describe('options', () => {
  test('secrets may be a value of process.env', () => {
    const fromEnvironment: string | undefined = SECRET
    expectTypeOf<{ secrets: string | undefined }>().toExtend<SessionOptions>()
    expectTypeOf<{ secrets: readonly string[] }>().toExtend<SessionOptions>()
    unchecked(() => {
      // @ts-expect-error they are required
      createSessions({})
      // @ts-expect-error a number is no secret
      createSessions({ secrets: 5 })
      // @ts-expect-error there is no such option
      createSessions({ secrets: SECRET, ttl: 5 })
      // @ts-expect-error idleTimeout may be false, maxAge may not
      createSessions({ secrets: SECRET, maxAge: false })
      // @ts-expect-error true is no time
      createSessions({ secrets: SECRET, idleTimeout: true })
      // @ts-expect-error no such preset
      createSessions({ secrets: SECRET, limits: 'ngnix' })
    })
    expect(createSessions({ secrets: fromEnvironment })).toHaveProperty('open')
  })

  test('a cookie accepts plain variables; combinations that browsers would drop are found at run time', () => {
    const isProduction: boolean = Boolean(SECRET)
    const name: string = 'sid'
    const good: readonly CookieOptions[] = [
      {},
      { name: '__Host-a' },
      { name: '__Host-a', path: '/', secure: true, sameSite: 'none', partitioned: true },
      { name: 'a', path: '/app', domain: 'example.test' },
      { name, secure: isProduction, sameSite: isProduction ? 'strict' : 'lax' },
      { secure: isProduction },
      { sameSite: 'strict', persistent: false, priority: 'high' },
      { name: undefined, domain: undefined, secure: undefined, persistent: undefined },
    ]
    unchecked(() => {
      // @ts-expect-error in lower case
      const upper: CookieOptions = { name: 'a', sameSite: 'Lax' }
      // @ts-expect-error always HttpOnly
      const script: CookieOptions = { name: 'a', httpOnly: false }
      // @ts-expect-error true or false
      const words: CookieOptions = { secure: 'auto' }
      // @ts-expect-error lifetimes are options of createSessions
      const lifetime: CookieOptions = { maxAge: 60 }
      return [upper, script, words, lifetime]
    })
    for (const cookie of good) {
      expect(createSessions({ secrets: SECRET, cookie })).toHaveProperty('open')
    }
    expect(() => createSessions({ secrets: SECRET, cookie: { secure: !isProduction } })).toThrow(
      configError('cookie.secure'),
    )
  })

  test('lifetimes have names that the application chooses', () => {
    const lifetimes = {
      remembered: { maxAge: 2_592_000, idleTimeout: false, persistent: true },
      brief: { idleTimeout: 600, touchInterval: undefined },
    } as const
    unchecked(() => {
      // @ts-expect-error there is no such option
      createSessions({ secrets: SECRET, lifetimes: { brief: { maxage: 60 } } })
      // @ts-expect-error a lifetime that has not arrived must not become a longer one
      createSessions({ secrets: SECRET, maxAge: undefined })
      // @ts-expect-error nor in a named one
      createSessions({ secrets: SECRET, lifetimes: { brief: { idleTimeout: undefined } } })
    })
    expect(createSessions({ secrets: SECRET, lifetimes })).toHaveProperty('open')
  })

  test('all options but maxAge and idleTimeout may be undefined', () => {
    const blank: SessionOptions = {
      secrets: SECRET,
      secretsRefresh: undefined,
      secretsGrace: undefined,
      cookie: undefined,
      touchInterval: undefined,
      lifetimes: undefined,
      clockTolerance: undefined,
      limits: undefined,
      serializer: undefined,
      schema: undefined,
      validAfter: undefined,
      revoked: undefined,
      observe: undefined,
      clock: undefined,
    }
    expect(createSessions(blank)).toHaveProperty('open')
  })

  test('a schema determines the type of the data', () => {
    const schema = v.object({ user: v.string(), visits: v.optional(v.number(), 0) })
    const inferred = createSessions({ secrets: SECRET, schema })
    expectTypeOf(inferred).toEqualTypeOf<Sessions<{ user: string; visits: number }>>()
    unchecked(() => {
      // @ts-expect-error the schema is of other data
      createSessions<{ user: number }>({ secrets: SECRET, schema })
    })
    expect(inferred).toHaveProperty('open')
  })

  test('data that JSON would change requires a serializer', () => {
    interface Tree {
      name: string
      children: Tree[]
      parent?: Tree
    }
    type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
    type Id = string & { readonly brand: unique symbol }
    class Point {
      x = 1
    }
    class Money {
      amount = 1
      format() {
        return `${this.amount}`
      }
    }
    interface Plain {
      id: Id
      tree?: Tree
      json: Json
      pair: readonly [string, number | null]
      anything: unknown
      some: object
      point: Point
      kind: 'a' | 'b' | undefined
    }
    const all = [
      createSessions<Plain>({ secrets: SECRET }),
      createSessions<Record<string, Json>>({ secrets: SECRET }),
      createSessions<{ [key: string]: string | number }>({ secrets: SECRET }),
      createSessions<{ at: Date; tags: Set<string> }>({ secrets: SECRET, serializer: devalue }),
    ]
    unchecked(() => {
      // @ts-expect-error a Date
      createSessions<{ at: Date }>({ secrets: SECRET })
      // @ts-expect-error a Date further down, or none
      createSessions<{ cart: { items: { addedAt?: Date | null }[] } }>({ secrets: SECRET })
      // @ts-expect-error a Date under any key
      createSessions<Record<string, Date>>({ secrets: SECRET })
      // @ts-expect-error a Map
      createSessions<{ tags: Map<string, string> }>({ secrets: SECRET })
      // @ts-expect-error bytes
      createSessions<{ key: Uint8Array }>({ secrets: SECRET })
      // @ts-expect-error a big integer
      createSessions<{ count: bigint }>({ secrets: SECRET })
      // @ts-expect-error a function
      createSessions<{ greet: () => string }>({ secrets: SECRET })
      // @ts-expect-error an instance with methods
      createSessions<{ price: Money }>({ secrets: SECRET })
      // @ts-expect-error what a schema returns
      createSessions({ secrets: SECRET, schema: v.object({ at: v.date() }) })
      // @ts-expect-error undefined is none
      createSessions<{ at: Date }>({ secrets: SECRET, serializer: undefined })
    })
    for (const one of all) expect(one).toHaveProperty('open')
  })

  test('a generic function may accept the options for any data', () => {
    function createTestSessions<D extends object>(options: SessionOptions<D>): Sessions<D> {
      return createSessions<D>(options)
    }
    const dated = createTestSessions<{ at: Date }>({ secrets: SECRET, serializer: devalue })
    expectTypeOf(dated).toEqualTypeOf<Sessions<{ at: Date }>>()
    unchecked(() => {
      // @ts-expect-error a Date
      createTestSessions<{ at: Date }>({ secrets: SECRET })
    })
    expect(createTestSessions({ secrets: SECRET })).toHaveProperty('open')
  })

  test('revoked receives a session of the data, and may be asynchronous', () => {
    const revoked = (session: Session<Data>) => session.get('user') === 'eve'
    const later = async (session: Session<Data>) => session.get('visits') === 5
    expectTypeOf<{ secrets: string; revoked: typeof revoked }>().toExtend<SessionOptions<Data>>()
    expectTypeOf<{ secrets: string; revoked: typeof later }>().toExtend<SessionOptions<Data>>()
    unchecked(() => {
      // @ts-expect-error an answer is yes or no
      createSessions<Data>({ secrets: SECRET, revoked: () => 'no' })
    })
    expect(createSessions<Data>({ secrets: SECRET, revoked })).toHaveProperty('open')
  })
})

describe('members', () => {
  test('wrap passes on the further arguments of a handler', () => {
    const plain = sessions.wrap((_request, session) => new Response(session.get('user', 'nobody')))
    expectTypeOf(plain).toEqualTypeOf<(request: Request) => Promise<Response>>()
    const rest = sessions.wrap((_request, _session, env: { KV: string }, count: number) =>
      Response.json([env.KV, count]),
    )
    expectTypeOf(rest).parameters.toEqualTypeOf<
      [request: Request, env: { KV: string }, count: number]
    >()
    const handler: SessionHandler<Data> = async (_, session) => Response.json(session)
    expectTypeOf(sessions.wrap(handler)).toEqualTypeOf<(request: Request) => Promise<Response>>()
    unchecked(() => {
      // @ts-expect-error a handler answers with a Response
      sessions.wrap(() => 'text')
    })
    expect(plain).toBeInstanceOf(Function)
  })

  test('wrap keeps the type of the request', () => {
    class NextRequest extends Request {
      readonly nextUrl = new URL(this.url)
    }
    type Env = { KV: string }
    const named = sessions.wrap<NextRequest>((request, session) =>
      Response.json([request.nextUrl, session.get('user')]),
    )
    expectTypeOf(named).toEqualTypeOf<(request: NextRequest) => Promise<Response>>()
    const inferred = sessions.wrap((request: NextRequest, session, env: Env) =>
      Response.json([request.nextUrl, session.id, env.KV]),
    )
    expectTypeOf(inferred).toEqualTypeOf<(request: NextRequest, env: Env) => Promise<Response>>()
    const both = sessions.wrap<NextRequest, [env: Env]>((request, _session, env) =>
      Response.json([request.nextUrl, env.KV]),
    )
    expectTypeOf(both).parameters.toEqualTypeOf<[request: NextRequest, env: Env]>()
    const plain: (request: Request) => Promise<Response> = sessions.wrap(() => new Response())
    unchecked(() => {
      // @ts-expect-error it asks for more than a Request has
      void named(new Request('https://example.test'))
    })
    expect([named, inferred, both, plain]).toHaveLength(4)
  })

  test('open accepts every source of a Cookie header', () => {
    expectTypeOf(sessions.open).toBeCallableWith('a=b')
    expectTypeOf(sessions.open).toBeCallableWith(null)
    expectTypeOf(sessions.open).toBeCallableWith(undefined)
    expectTypeOf(sessions.open).toBeCallableWith(new Headers())
    expectTypeOf(sessions.open).toBeCallableWith(new Request('https://example.test'))
    expectTypeOf(sessions.open).toBeCallableWith({ headers: { cookie: 'a=b' } })
    expectTypeOf(sessions.open).toBeCallableWith({ cookies: ['a=b'] })
    expectTypeOf(sessions.open).toBeCallableWith({ getAll: () => [{ name: 'a', value: 'b' }] })
    expectTypeOf(sessions.open).toBeCallableWith({ getAll: async () => [{ name: 'a' }] })
    expectTypeOf<CookieStoreSource>().toExtend<CookieSource>()
    unchecked(() => {
      // @ts-expect-error a number holds no cookie
      void sessions.open(5)
      // @ts-expect-error a Map is no source
      void sessions.open(new Map([['cookie', 'a=b']]))
      // @ts-expect-error nor is a form
      void sessions.open(new FormData())
      // @ts-expect-error a promise of a store must be awaited
      void sessions.open(Promise.resolve({ getAll: () => [{ name: 'a', value: 'b' }] }))
      // @ts-expect-error nothing that was read is not nothing that came
      void sessions.open()
    })
    expect(sessions).toHaveProperty('open')
  })

  test('save accepts a store with set, or a function', () => {
    expectTypeOf(sessions.save).parameter(1).toEqualTypeOf<CookieSink>()
    expectTypeOf(sessions.save).returns.resolves.toEqualTypeOf<void>()
    // As in Next.js, which returns the store, and in SvelteKit, which wants a path.
    interface NextCookies {
      set(name: string, value: string, cookie?: Partial<CookieAttributes>): NextCookies
    }
    type SvelteOptions = Partial<CookieAttributes> & { path: string }
    interface SvelteCookies {
      set(name: string, value: string, options: SvelteOptions): void
    }
    expectTypeOf<NextCookies>().toExtend<CookieSink>()
    expectTypeOf<SvelteCookies>().toExtend<CookieSink>()
    expectTypeOf<(name: string, value: string) => Promise<void>>().toExtend<CookieSink>()
    expectTypeOf<{ get(name: string): string }>().not.toExtend<CookieSink>()
    unchecked(async (session) => {
      // @ts-expect-error a store is missing
      await sessions.save(session)
    })
    expect(sessions).toHaveProperty('save')
  })

  test('messages are arrays of the type that the caller names', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session.flash('notice')).toEqualTypeOf<string[]>()
    expectTypeOf(session.flash<{ text: string }>('notice')).toEqualTypeOf<{ text: string }[]>()
    expectTypeOf(session.flash('notice', 'hello')).toEqualTypeOf<void>()
    expectTypeOf(session.peekFlash('notice')).toEqualTypeOf<string[]>()
    expect(session.peekFlash('notice')).toEqual(['hello'])
  })

  test('methods without parameters accept no arguments', () => {
    unchecked((session) => {
      const callback = () => {}
      // @ts-expect-error it is done when it returns
      session.destroy(callback)
      // @ts-expect-error it is done when it returns
      session.regenerate(callback)
      // @ts-expect-error an array of keys
      session.regenerate({ keep: 'user' })
      // @ts-expect-error keys are named in keep
      session.regenerate(['user'])
      // @ts-expect-error no such member
      session.regenerate({ kep: ['user'] })
      // @ts-expect-error one key is deleted by delete
      session.clear('user')
      // @ts-expect-error nothing
      session.touch(60)
      // @ts-expect-error nothing
      session.discard(true)
      // @ts-expect-error nothing
      session.renewId('id')
      // @ts-expect-error the attributes of cookies are options of createSessions
      session.set('user', 'ada', { maxAge: 60 })
    })
    expectTypeOf<RegenerateOptions<Data>['lifetime']>().toEqualTypeOf<string | undefined>()
    expect(sessions).toHaveProperty('open')
  })

  test('a session of other data is another type', () => {
    unchecked(async () => {
      const other = await createSessions<{ other: number }>({ secrets: SECRET }).open(null)
      // @ts-expect-error other data
      await sessions.commit(other, new Response())
    })
    expectTypeOf(sessions.measure).returns.resolves.toEqualTypeOf<SizeReport>()
    expectTypeOf(sessions.seal).returns.resolves.toEqualTypeOf<string>()
    expectTypeOf(sessions.setCookies).returns.resolves.toEqualTypeOf<string[]>()
    expectTypeOf(sessions.unseal).parameter(0).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(sessions.unseal).parameter(1).toEqualTypeOf<string | undefined>()
    expectTypeOf(sessions.seal).parameter(1).toEqualTypeOf<string | undefined>()
    expectTypeOf(sessions.verify).returns.resolves.toEqualTypeOf<SessionRejection | undefined>()
    expect(sessions).toHaveProperty('commit')
  })

  test('codes, reasons and events are unions that a switch can exhaust', () => {
    expectTypeOf<SessionErrorCode>().toExtend<`ERR_SESSION_${string}`>()
    expectTypeOf<'destroyed'>().toExtend<RejectionReason>()
    expectTypeOf<Extract<SessionEvent, { type: 'size' }>['report']>().toEqualTypeOf<SizeReport>()
    expectTypeOf<'opened' | 'rejected' | 'sealed'>().toExtend<SessionEvent['type']>()
    expectTypeOf<SizeReport['level']>().toEqualTypeOf<'ok' | 'warn' | 'over'>()
    expectTypeOf<SealCause>().toEqualTypeOf<'new' | 'changed' | 'renewed' | 'token'>()
    const code: SessionErrorCode = 'ERR_SESSION_CONFIG'
    expect(code).toBe('ERR_SESSION_CONFIG')
  })
})
