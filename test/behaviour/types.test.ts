// What the types say. The compiler checks this file: each `@ts-expect-error` must be one, and each
// `expectTypeOf` must hold. Nothing in `unchecked` runs.

import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type {
  CookieOptions,
  SessionKey,
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

interface Data {
  user: string
  visits?: number
  cart: { id: string }[]
  maybe: string | null | undefined
}

const sessions = createSessions<Data>({ secrets: SECRET })

/** Statements for the compiler alone. */
function unchecked(_statements: (session: Session<Data>) => unknown): void {}

describe('data', () => {
  test('may be an interface, a type, or nothing at all', () => {
    expectTypeOf(sessions).toEqualTypeOf<Sessions<Data>>()
    expectTypeOf(createSessions<{ a: 1 }>({ secrets: SECRET })).toEqualTypeOf<Sessions<{ a: 1 }>>()
    const untyped = createSessions({ secrets: SECRET })
    expectTypeOf(untyped).toEqualTypeOf<Sessions>()
    expectTypeOf<Sessions>().toEqualTypeOf<Sessions<{ [key: string]: unknown }>>()
    unchecked(() => {
      // @ts-expect-error text is no data
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

  test('with a fallback there is always a value', async () => {
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

  test('entries keep each key with its own value', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session.keys()).toEqualTypeOf<SessionKey<Data>[]>()
    expectTypeOf<SessionKey<Data>>().toEqualTypeOf<'user' | 'visits' | 'cart' | 'maybe'>()
    expectTypeOf<SessionValue<Data, 'visits'>>().toEqualTypeOf<number>()
    for (const [key, value] of session) {
      if (key === 'visits') expectTypeOf(value).toEqualTypeOf<number>()
    }
    expect(session.entries()).toEqual([])
  })

  test('identity is undefined while there is none', async () => {
    const session = await sessions.open(null)
    expectTypeOf(session.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.startedAt).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.expiresAt).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.rejection?.reason).toEqualTypeOf<RejectionReason | undefined>()
    expect(session.id).toBeUndefined()
  })
})

describe('options', () => {
  test('secrets may be what process.env gives', () => {
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

  test('a cookie that browsers would drop does not compile', () => {
    const good: readonly CookieOptions[] = [
      {},
      { name: '__Host-a' },
      { name: '__Host-a', path: '/', secure: true, sameSite: 'none', partitioned: true },
      { name: 'a', path: '/app', domain: 'example.test' },
      { name: 'a', secure: false, sameSite: 'strict' },
      { sameSite: 'strict', persistent: false, priority: 'high' },
    ]
    unchecked(() => {
      // @ts-expect-error the default name is a __Host- one
      const insecure: CookieOptions = { secure: false }
      // @ts-expect-error the default name is a __Host- one
      const path: CookieOptions = { path: '/app' }
      // @ts-expect-error the default name is a __Host- one
      const domain: CookieOptions = { domain: 'example.test' }
      // @ts-expect-error SameSite=None needs Secure
      const none: CookieOptions = { name: 'a', secure: false, sameSite: 'none' }
      // @ts-expect-error Partitioned needs Secure
      const chips: CookieOptions = { name: 'a', secure: false, partitioned: true }
      // @ts-expect-error in lower case
      const upper: CookieOptions = { name: 'a', sameSite: 'Lax' }
      // @ts-expect-error always HttpOnly
      const script: CookieOptions = { name: 'a', httpOnly: false }
      return [insecure, path, domain, none, chips, upper, script]
    })
    for (const cookie of good)
      expect(createSessions({ secrets: SECRET, cookie })).toHaveProperty('open')
  })

  test('a schema says what the data is', () => {
    const schema = v.object({ user: v.string(), visits: v.optional(v.number(), 0) })
    const inferred = createSessions({ secrets: SECRET, schema })
    expectTypeOf(inferred).toEqualTypeOf<Sessions<{ user: string; visits: number }>>()
    unchecked(() => {
      // @ts-expect-error the schema is of other data
      createSessions<{ user: number }>({ secrets: SECRET, schema })
    })
    expect(inferred).toHaveProperty('open')
  })

  test('revoked is given a session of the data, and answers now or later', () => {
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
  test('wrap passes on what else a handler takes', () => {
    const plain = sessions.wrap((_request, session) => new Response(session.get('user', 'nobody')))
    expectTypeOf(plain).toEqualTypeOf<(request: Request) => Promise<Response>>()
    const rest = sessions.wrap((_request, _session, env: { KV: string }, count: number) =>
      Response.json([env.KV, count]),
    )
    expectTypeOf(rest).parameters.toEqualTypeOf<
      [request: Request, env: { KV: string }, count: number]
    >()
    const handler: SessionHandler<Data, []> = async (_, session) => Response.json(session)
    expectTypeOf(sessions.wrap(handler)).returns.toEqualTypeOf<Promise<Response>>()
    unchecked(() => {
      // @ts-expect-error a handler answers with a Response
      sessions.wrap(() => 'text')
    })
    expect(plain).toBeInstanceOf(Function)
  })

  test('open takes what a Cookie header can be found in', () => {
    expectTypeOf(sessions.open).toBeCallableWith('a=b')
    expectTypeOf(sessions.open).toBeCallableWith(null)
    expectTypeOf(sessions.open).toBeCallableWith(undefined)
    expectTypeOf(sessions.open).toBeCallableWith(new Headers())
    expectTypeOf(sessions.open).toBeCallableWith(new Request('https://example.test'))
    expectTypeOf(sessions.open).toBeCallableWith({ headers: { cookie: 'a=b' } })
    unchecked(() => {
      // @ts-expect-error a number holds no cookie
      void sessions.open(5)
      // @ts-expect-error nothing that was read is not nothing that came
      void sessions.open()
    })
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
    expect(sessions).toHaveProperty('commit')
  })

  test('codes, reasons and events are unions that a switch can exhaust', () => {
    expectTypeOf<SessionErrorCode>().toExtend<`ERR_SESSION_${string}`>()
    expectTypeOf<'destroyed'>().toExtend<RejectionReason>()
    expectTypeOf<Extract<SessionEvent, { type: 'size' }>['report']>().toEqualTypeOf<SizeReport>()
    expectTypeOf<'opened' | 'rejected' | 'sealed'>().toExtend<SessionEvent['type']>()
    expectTypeOf<SizeReport['level']>().toEqualTypeOf<'ok' | 'warn' | 'over'>()
    const code: SessionErrorCode = 'ERR_SESSION_CONFIG'
    expect(code).toBe('ERR_SESSION_CONFIG')
  })
})
