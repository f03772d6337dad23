// Objects of one visitor must not reach the next: objects of a schema, of a server and of a
// polluted prototype. Rows Y3, Y4 and Y5 of threats.md; Y1 and Y2 are in edges.test.ts, Y6 in
// reading-never-writes.test.ts.

import * as devalue from 'devalue'
import superjson from 'superjson'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import type { Session, SessionOptions, SessionSchema } from 'sealed-session'
import { wrapLambda } from 'sealed-session/lambda'
import { createBrowser } from '../conformance/browser.ts'
import { setUpAttack } from '../support/attacks.ts'
import { ENTRIES } from '../support/entries.ts'
import { deepFreeze } from '../support/framework-objects.ts'
import { untyped } from '../support/mint.ts'
import { pollute } from '../support/pollution.ts'
import { schemaOf } from '../support/schema.ts'
import type { Data } from '../support/set-up.ts'

type Options = Partial<SessionOptions<Data>>

/** Returns a schema whose output is the result of `transform`. */
function returningSchema(transform: (data: Data) => unknown): SessionSchema<Data> {
  return schemaOf((value) => ({ value: transform(untyped<Data>(value)) }))
}

/** Mutates every object below a value that a session has returned. */
function mark(value: unknown, text: string): void {
  if (Array.isArray(value)) value.push(text)
  else if (value instanceof Map) value.set(text, text)
  else if (value instanceof Set) value.add(text)
  else if (value instanceof Date) value.setTime(0)
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) mark(inner, text)
    Reflect.set(value, 'marked', text)
  }
}

describe('an object that a schema returns to every visitor', () => {
  const constant = { cart: { items: [] }, user: 'none' }
  const nested = { user: 'none', cart: { items: [['deep', { list: [] }]] } }
  const frozen = deepFreeze(structuredClone(nested))
  const schemas: readonly (readonly [string, Options])[] = [
    ['a default', { schema: returningSchema((data) => ({ ...constant, ...data })) }],
    [
      'a default with nested arrays',
      { schema: returningSchema((data) => ({ ...nested, ...data })) },
    ],
    ['a frozen default', { schema: returningSchema((data) => ({ ...frozen, ...data })) }],
    ['a default of valibot', { schema: v.looseObject({ cart: v.optional(v.any(), []) }) }],
    [
      'a fallback of valibot',
      { schema: v.looseObject({ user: v.fallback(v.number(), untyped(['none'])) }) },
    ],
    [
      'a default with devalue',
      {
        serializer: devalue,
        schema: returningSchema((data) => ({ ...data, cart: SHARED })),
      },
    ],
    [
      'a default with superjson',
      {
        serializer: superjson,
        schema: returningSchema((data) => ({ ...data, cart: SHARED })),
      },
    ],
  ]
  describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
    test.each(schemas)(
      "Y3: %s does not carry the first visitor's items to the second",
      async (_, options) => {
        const { sessions } = setUpAttack(options)
        const plain = setUpAttack({ serializer: options.serializer })
        const cookies = [
          await plain.cookieWith({ theme: 'a' }),
          await plain.cookieWith({ theme: 'b' }),
        ]
        const unmarked = JSON.stringify(await dataOf(cookies[1]))
        const first = createBrowser()
        first.store(
          await entry(sessions, cookies[0] ?? '', (session) => {
            for (const [, value] of session) mark(value, 'of the first')
            session.set('visited', true)
          }),
        )
        let seen: string | undefined
        const second = createBrowser()
        second.store(
          await entry(sessions, cookies[1] ?? '', (session) => {
            seen = show(session)
            session.set('visited', true)
          }),
        )
        expect(seen).toBe(unmarked)
        expect(show(await sessions.open(second.header()))).not.toContain('of the first')

        async function dataOf(cookie = ''): Promise<Data> {
          return JSON.parse(show(await sessions.open(cookie)))
        }
      },
    )
  })

  test("Y3: the input that a schema keeps is not the session's own object", async () => {
    const kept: unknown[] = []
    const schema = returningSchema((data) => {
      kept.push(data)
      return data
    })
    const { sessions } = setUpAttack({ schema })
    const cookie = await setUpAttack().cookieWith({ cart: { items: ['tea'] } })
    const session = await sessions.open(cookie)
    for (const data of kept) mark(data, 'of the schema')
    expect(session.toJSON()).toEqual({ cart: { items: ['tea'] } })
    mark(session.get('cart'), 'of the handler')
    await sessions.setCookies(session)
    expect(JSON.stringify(kept[0])).not.toContain('of the handler')
  })

  test('Y3: a schema that changes its input at a write does not change the session', async () => {
    const schema = returningSchema((data) => {
      const given = structuredClone(data)
      mark(data, 'of the schema')
      return given
    })
    const { sessions } = setUpAttack({ schema })
    const session = await sessions.open(null)
    session.set('cart', { items: [] })
    const [line = ''] = await sessions.setCookies(session)
    expect(session.toJSON()).toEqual({ cart: { items: [] } })
    expect((await sessions.open(line.split(';', 1).join())).toJSON()).toEqual({
      cart: { items: [] },
    })
  })
})

/** Values that only some serializers support, one object for all visitors. */
const SHARED = new Map<string, unknown>([
  ['seen', new Date(86_400_000)],
  ['items', new Set(['tea'])],
  ['list', [{ deep: [1] }]],
])

function show(session: Session<Data>): string {
  return JSON.stringify(session, (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  )
}

describe('an object that a server reuses for the next request', () => {
  const sources: readonly (readonly [
    string,
    (cookie: string) => object,
    (source: object, cookie: string) => void,
  ])[] = [
    [
      'Headers',
      (cookie) => new Headers({ cookie }),
      (source, cookie) => untyped<Headers>(source).set('cookie', cookie),
    ],
    [
      'an object with headers',
      (cookie) => ({ headers: { cookie } }),
      (source, cookie) => Reflect.set(source, 'headers', { cookie }),
    ],
    [
      'the headers in such an object',
      (cookie) => ({ headers: { cookie } }),
      (source, cookie) => Object.assign(untyped<{ headers: object }>(source).headers, { cookie }),
    ],
    [
      'an event of a load balancer',
      (cookie) => ({ multiValueHeaders: { cookie: [cookie] } }),
      (source, cookie) => Reflect.set(source, 'multiValueHeaders', { cookie: [cookie] }),
    ],
    [
      'an event with cookies',
      (cookie) => ({ headers: {}, cookies: [cookie] }),
      (source, cookie) => Reflect.set(source, 'cookies', [cookie]),
    ],
    [
      'a request of Node',
      (cookie) => ({ method: 'GET', headers: { cookie } }),
      (source, cookie) => Reflect.set(source, 'headers', { cookie }),
    ],
    [
      'a Request',
      (cookie) => new Request('https://example.test/', { headers: { cookie } }),
      (source, cookie) => untyped<Request>(source).headers.set('cookie', cookie),
    ],
  ]
  test.each(sources)(
    "Y4: %s does not return the former visitor's session",
    async (_, make, refill) => {
      const { sessions, cookieWith } = setUpAttack()
      const [ada, eve] = [await cookieWith({ user: 'ada' }), await cookieWith({ user: 'eve' })]
      const source = make(ada)
      expect((await sessions.open(untyped(source))).get('user')).toBe('ada')
      refill(source, eve)
      expect((await sessions.open(untyped(source))).get('user')).toBe('eve')
      refill(source, '')
      expect((await sessions.open(untyped(source))).get('user')).toBeUndefined()
      refill(source, ada)
      expect((await sessions.open(untyped(source))).get('user')).toBe('ada')
    },
  )

  test('Y4: a session of a long connection is checked by verify, not opened again', async () => {
    const ended = new Set<string | undefined>()
    const { sessions, cookieWith, time } = setUpAttack({ revoked: ({ id }) => ended.has(id) })
    const request = new Request('https://example.test/', {
      headers: { cookie: await cookieWith({ user: 'ada' }) },
    })
    const session = await sessions.open(request)
    expect(await sessions.open(request)).toBe(session)
    expect(await sessions.verify(session)).toBeUndefined()
    ended.add(session.id)
    expect(await sessions.open(request)).toBe(session)
    expect(await sessions.verify(session)).toEqual({ reason: 'revoked' })
    ended.clear()
    time.now += 100_000
    expect(await sessions.verify(session)).toEqual({ reason: 'idle' })
  })
})

describe('a polluted Object.prototype', () => {
  const events: readonly (readonly [string, object])[] = [
    ['a load balancer without cookies', { requestContext: { elb: {} }, headers: { host: 'x' } }],
    [
      'a load balancer with multi-value headers',
      { requestContext: { elb: {} }, multiValueHeaders: {} },
    ],
    ['API Gateway 1.0', { headers: {}, multiValueHeaders: {} }],
    ['API Gateway 1.0 without headers', { headers: null, multiValueHeaders: null }],
    ['API Gateway 2.0', { version: '2.0', headers: {} }],
    ['a request of Node', { method: 'GET', headers: {} }],
    ['Headers', { headers: new Headers() }],
  ]
  test.each(events)("Y5: gives no visitor of %s the attacker's session", async (_, event) => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'eve' })
    const handler = wrapLambda(sessions, (_, session) => ({
      statusCode: 200,
      body: String(session.get('user')),
    }))
    const pollution: Readonly<Record<string, unknown>> = {
      headers: { cookie },
      multiValueHeaders: { cookie: [cookie] },
      cookies: [cookie],
      cookie,
      Cookie: cookie,
      method: 'GET',
      0: cookie,
    }
    for (const [name, value] of Object.entries(pollution)) {
      pollute(name, value)
      const session = await sessions.open(untyped(event))
      expect([name, session.get('user'), session.rejection]).toEqual([name, undefined, undefined])
      expect(await handler({ ...event })).toMatchObject({ body: 'undefined' })
      Reflect.deleteProperty(Object.prototype, name)
    }
  })

  test('Y5: turns no other object into a source of cookies', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'eve' })
    for (const [name, value] of Object.entries({
      headers: { cookie },
      multiValueHeaders: { cookie: [cookie] },
      cookies: [cookie],
    })) {
      pollute(name, value)
      for (const source of [{}, { header: 'misspelt' }, []]) {
        await expect(sessions.open(untyped(source))).rejects.toMatchObject({
          code: 'ERR_SESSION_CONFIG',
          option: 'source',
        })
      }
      Reflect.deleteProperty(Object.prototype, name)
    }
  })
})
