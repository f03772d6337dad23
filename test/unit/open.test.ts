// Opening: which session, or which rejection, follows from the cookies that a browser or another
// client sends.

import { inspect } from 'node:util'
import * as devalue from 'devalue'
import superjson from 'superjson'
import * as v from 'valibot'
import { describe, expect, test, vi } from 'vitest'
import type { RejectionReason, SessionOptions } from 'sealed-session'
import { overflow } from 'sealed-session/overflow'
import { parseRequestCookies } from '../../src/cookies/request-cookies.ts'
import { MAX_TOKEN, openCookies } from '../../src/open.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { run } from '../../src/steps.ts'
import { alter } from '../support/alterations.ts'
import { createJar, toCookieHeader } from '../support/cookie-jar.ts'
import { configError } from '../support/errors.ts'
import { createFaultyStore } from '../support/faulty-store.ts'
import {
  DAY,
  ID,
  NAME,
  SECRET,
  START,
  WEEK,
  dateAt,
  dayOf,
  formatParts,
  mint,
  mintAt,
  mintTicket,
  mintToken,
  payload,
  secretId,
  split,
  untyped,
} from '../support/mint.ts'
import { schemaOf } from '../support/schema.ts'
import { setAll, setUp, setUser } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

/** No sessions of this process ever seal with it, so `same-name` is never reported. */
const FOREIGN_SECRET = 'Yu9QTXUCsVgVmYU2NFCnjnEyo667bk4RvwlYC-OBISc'

const MARKER = 'marker-5e0a1c'
const OTHER_ID = 'BBECAwQFBgcICQoLDA0ODw'

type Options = Partial<SessionOptions<Data>>

/**
 * Returns the reason of a cookie's rejection after some seconds; `undefined` if it is accepted.
 */
async function reasonOf(
  cookie: string,
  seconds = 0,
  options: Options = {},
): Promise<RejectionReason | undefined> {
  const { sessions, time } = setUp(options)
  time.now += seconds
  return (await sessions.open(cookie)).rejection?.reason
}

describe('a cookie that is accepted', () => {
  test('opens as the sealed session: data, id, start and end', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}`)
    expect(session.toJSON()).toEqual({ user: 'ada' })
    expect([session.id, session.startedAt, session.isNew]).toEqual([ID, dateAt(START), false])
    expect(session.expiresAt).toEqual(dateAt(START + DAY))
    expect(events).toEqual([{ type: 'opened', id: ID, secretId: secretId(), age: 0 }])
  })

  test('may come in parts, in any order, beside other cookies', async () => {
    const { sessions } = setUp()
    const value = mint(payload({ data: { text: 'x'.repeat(500) } }))
    const pairs = formatParts(split(value, 3)).split('; ')
    const header = ['theme=dark', ...pairs.toReversed(), 'lang=en'].join('; ')
    expect((await sessions.open(header)).get('text')).toBe('x'.repeat(500))
  })

  test('of several is the newest, in any order', async () => {
    const { sessions } = setUp()
    const [old, recent] = [mintAt({}, { data: { n: 1 } }), mintAt({ sealedAt: START + 5 })]
    for (const values of [
      [old, recent],
      [recent, old],
    ]) {
      const header = values.map((value) => `${NAME}=${value}`).join('; ')
      expect((await sessions.open(header)).toJSON()).toEqual({ user: 'ada' })
    }
  })

  test('of two from the same second is the first', async () => {
    const { sessions } = setUp()
    const [one, other] = [mint(payload({ data: { n: 1 } })), mint(payload({ data: { n: 2 } }))]
    for (const [values, n] of [
      [[one, other], 1],
      [[other, one], 2],
    ] as const) {
      const header = values.map((value) => `${NAME}=${value}`).join('; ')
      expect((await sessions.open(header)).toJSON()).toEqual({ n })
    }
  })

  test('opens beside a rejected one, in any order, without a rejection', async () => {
    const { sessions, events } = setUp()
    for (const values of [
      ['junk', mint()],
      [mint(), 'junk'],
    ]) {
      const header = values.map((value) => `${NAME}=${value}`).join('; ')
      const session = await sessions.open(header)
      expect([session.get('user'), session.rejection]).toEqual(['ada', undefined])
    }
    expect(events.map(({ type }) => type)).toEqual(['opened', 'opened'])
  })
})

/** Returns a `Cookie` header for each reason, and the options under which it is rejected. */
async function refusedCookies(): Promise<[RejectionReason, string, Options][]> {
  const { cookieOf } = setUp()
  const cookie = await cookieOf(setUser)
  const parts = split(mint(payload({ data: { text: 'x'.repeat(500) } })), 3)
  const lists: Options = { revoked: () => true }
  return [
    ['malformed', `${NAME}=junk`, {}],
    ['incomplete', formatParts(parts.with(1, untyped(undefined))), {}],
    ['unknown-key', `${NAME}=${mint(payload(), { secret: FOREIGN_SECRET })}`, {}],
    ['undecryptable', `${NAME}=${alter(mint())}`, {}],
    ['expired', `${NAME}=${mintAt({ startedAt: START - WEEK - 5 })}`, {}],
    ['idle', `${NAME}=${mintAt({ startedAt: START - DAY - 5 })}`, {}],
    ['not-yet-valid', `${NAME}=${mintAt({ startedAt: START + 6 })}`, {}],
    ['revoked', cookie, lists],
    ['invalid-data', `${NAME}=${mint(payload({ data: [] }))}`, {}],
    ['too-large', `${NAME}=${'e'.repeat(4097)}`, {}],
    ['destroyed', `${NAME}=${mint()}; ${NAME}.x=aaaa`, {}],
  ]
}

describe('a cookie that is rejected', () => {
  test('is an empty session with the reason, and the event has the same', async () => {
    for (const [reason, cookie, options] of await refusedCookies()) {
      const { sessions, events } = setUp(options)
      const session = await sessions.open(cookie)
      expect(session.rejection).toEqual({ reason })
      expect([session.isEmpty, session.id, session.isNew]).toEqual([true, undefined, true])
      expect(events).toEqual([expect.objectContaining({ type: 'rejected', reason })])
    }
  })

  test('is not deleted by reading it, unless a logout ended it', async () => {
    for (const [reason, cookie, options] of await refusedCookies()) {
      const { sessions } = setUp(options)
      const handler = sessions.wrap((_, session) => Response.json(session.rejection))
      const request = new Request('https://example.test/', { headers: { cookie } })
      const lines = (await handler(request)).headers.getSetCookie()
      const isDeleted = lines.length > 0 && lines.every((line) => line.includes('Max-Age=0'))
      expect([reason, isDeleted]).toEqual([reason, reason === 'destroyed'])
      expect([reason, lines.length]).toEqual([reason, reason === 'destroyed' ? 1 : 0])
    }
  })

  test('is replaced, with all its parts, by the next write', async () => {
    for (const [reason, cookie, options] of await refusedCookies()) {
      const { sessions } = setUp(options)
      const browser = createJar()
      for (const pair of cookie.split('; ')) {
        const [name = '', value = ''] = pair.split('=')
        if (value.length < 4000) browser.put(name, value)
      }
      const session = await sessions.open(cookie)
      session.set('user', 'eve')
      browser.store(await sessions.setCookies(session))
      const stamps = reason === 'destroyed' ? [`${NAME}.x`] : []
      expect(browser.names()).toEqual([NAME, ...stamps])
      const { sessions: sound } = setUp()
      expect((await sound.open(browser.header())).get('user')).toBe('eve')
    }
  })

  test('may have up to 65 536 characters, and is too-large beyond', async () => {
    const { sessions } = setUp()
    expect(MAX_TOKEN).toBe(65_536)
    const fits = await sessions.unseal('e'.repeat(MAX_TOKEN))
    const over = await sessions.unseal('e'.repeat(MAX_TOKEN + 1))
    expect([fits.rejection, over.rejection]).toEqual([
      { reason: 'malformed' },
      { reason: 'too-large' },
    ])
  })

  test('has the reason of the first if there are several', async () => {
    const { sessions, events } = setUp()
    const foreign = mint(payload(), { secret: FOREIGN_SECRET })
    const session = await sessions.open(`${NAME}=${foreign}; ${NAME}=junk`)
    expect(session.rejection).toEqual({ reason: 'unknown-key' })
    expect(events).toHaveLength(1)
  })
})

describe('a cookie without its end', () => {
  test.each([
    ['is warned of', mint().slice(0, -1), ['cut']],
    ['of another library is not', 'another-library', []],
  ])('%s', async (_, value, causes) => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}=${value}`)
    expect(session.rejection).toEqual({ reason: 'malformed' })
    expect(events.flatMap((event) => (event.type === 'warning' ? [event.cause] : []))).toEqual(
      causes,
    )
  })
})

describe('the option revoked', () => {
  test.each([true, false])('that returns %s decides whether a session opens', async (isRevoked) => {
    const { sessions } = setUp({ revoked: () => isRevoked })
    const session = await sessions.open(`${NAME}=${mint()}`)
    expect(session.toJSON()).toEqual(isRevoked ? {} : { user: 'ada' })
    expect(session.rejection).toEqual(isRevoked ? { reason: 'revoked' } : undefined)
  })

  test.each<[string, Options]>([
    ['at once', {}],
    [
      'later, after a schema',
      {
        schema: v.pipeAsync(
          v.object({ user: v.string() }),
          v.checkAsync(async () => true),
        ),
      },
    ],
  ])('is given its own error if it opens the request, %s', async (_, options) => {
    const request = new Request('https://example.test/', {
      headers: { cookie: `${NAME}=${mint()}` },
    })
    const revoked = vi.fn(async (): Promise<boolean> =>
      (await sessions.open(request)).has('banned'),
    )
    const { sessions, events } = setUp({ ...options, revoked })
    const session = await sessions.open(request)
    expect(session.rejection).toEqual({ reason: 'revoked' })
    expect(revoked).toHaveBeenCalledTimes(1)
    expect(events).toEqual([
      expect.objectContaining({ reason: 'revoked', error: configError('revoked') }),
    ])
  })

  test('may open sessions before it and after it, whether it returns or throws', async () => {
    const { sessions } = setUp({
      revoked() {
        throw new Error('the list is gone')
      },
    })
    for (const visit of [1, 2]) {
      const session = await sessions.open(`${NAME}=${mint()}`)
      expect([visit, session.rejection]).toEqual([visit, { reason: 'revoked' }])
    }
  })
})

describe('a session of which a store holds a part', () => {
  const TEXT = 'x'.repeat(5000)

  test('opens with that part, as the schema returns it', async () => {
    const schema = v.object({ user: v.pipe(v.string(), v.toUpperCase()), text: v.string() })
    const storage = createFaultyStore(() => START)
    const { make, cookieOf } = setUp<{ user: string; text: string }>({
      overflow: overflow({ storage }),
    })
    const cookie = await cookieOf((session) => {
      session.set('user', 'ada')
      session.set('text', TEXT)
    })
    expect((await make().open(cookie)).toJSON()).toEqual({ user: 'ada', text: TEXT })
    expect((await make({ schema }).open(cookie)).toJSON()).toEqual({ user: 'ADA', text: TEXT })
  })

  test.each([
    ['the store has lost it', overflow({ storage: createFaultyStore(() => START) })],
    ['there is no store any more', undefined],
  ])('is incomplete if %s', async (_, option) => {
    const { sessions } = setUp({ overflow: option })
    const session = await sessions.open(`${NAME}=${mint(payload({ more: { p: ID } }))}`)
    expect(session.rejection).toEqual({ reason: 'incomplete' })
    expect(session.isEmpty).toBe(true)
  })
})

describe('opening', () => {
  const openNow = (value: string, pipeline: ReturnType<typeof createPipeline>) =>
    run(openCookies(parseRequestCookies(`${NAME}=${value}`, NAME), pipeline))

  test('waits for nothing once the key is derived', async () => {
    const pipeline = createPipeline({ secrets: SECRET, clock: () => START * 1000 })
    await openNow(mint(), pipeline)
    expect(openNow(mint(), pipeline)).toMatchObject({ body: '{"user":"ada"}', claims: { id: ID } })
  })
})

describe('the event of a rejection', () => {
  const events = async (cookie: string, options: Options = {}) => {
    const all = setUp(options)
    await all.sessions.open(cookie)
    return all.events
  }
  const known = { secretId: secretId(), day: dayOf(START) }

  test('has no details of a malformed token', async () => {
    expect(await events(`${NAME}=${mint()}=`)).toEqual([{ type: 'rejected', reason: 'malformed' }])
  })

  test('has the secret id and the day of a well-formed token', async () => {
    expect(await events(`${NAME}=${alter(mint())}`)).toEqual([
      { type: 'rejected', reason: 'undecryptable', ...known },
    ])
    const foreign = await events(`${NAME}=${mint(payload(), { secret: FOREIGN_SECRET })}`)
    expect(foreign).toEqual([
      { type: 'rejected', reason: 'unknown-key', ...known, secretId: secretId(FOREIGN_SECRET) },
    ])
  })

  test('has the id and the times of an authentic token', async () => {
    const startedAt = START - 100
    const sealedAt = START - 50
    const value = mintAt({ startedAt, sealedAt })
    const authentic = { ...known, id: ID, startedAt, sealedAt, usedAt: sealedAt }
    expect(await events(`${NAME}=${value}`, { validAfter: START - 99 })).toEqual([
      { type: 'rejected', reason: 'revoked', limit: 'validAfter', ...authentic },
    ])
    expect(await events(`${NAME}=${value}; ${NAME}.x=aaaa`)).toEqual([
      { type: 'rejected', reason: 'destroyed', ...authentic },
    ])
    const data = mintAt({ startedAt, sealedAt }, { data: [] })
    expect(await events(`${NAME}=${data}`)).toEqual([
      { type: 'rejected', reason: 'invalid-data', ...authentic },
    ])
  })

  test('has no claims of an authentic token whose payload is not ours', async () => {
    expect(await events(`${NAME}=${mint('{"user":"ada"}')}`)).toEqual([
      { type: 'rejected', reason: 'malformed', ...known },
    ])
  })
})

describe('the end of a session', () => {
  const value = mint()

  test('without use is at idleTimeout plus the tolerance, not a second earlier', async () => {
    const options = { idleTimeout: 3600 }
    expect(await reasonOf(`${NAME}=${value}`, 3604, options)).toBeUndefined()
    expect(await reasonOf(`${NAME}=${value}`, 3605, options)).toBe('idle')
  })

  test('with any use is at maxAge plus the tolerance, not a second earlier', async () => {
    const options = { idleTimeout: false, maxAge: 100_000 } as const
    expect(await reasonOf(`${NAME}=${value}`, 100_004, options)).toBeUndefined()
    expect(await reasonOf(`${NAME}=${value}`, 100_005, options)).toBe('expired')
  })

  test('in the token applies if it is before the configured one', async () => {
    const brief = mint(payload({ life: 60 }))
    expect(await reasonOf(`${NAME}=${brief}`, 64)).toBeUndefined()
    expect(await reasonOf(`${NAME}=${brief}`, 65)).toBe('expired')
  })

  test('is the configured one for existing sessions after it was lowered', async () => {
    const seconds = 4000
    expect(await reasonOf(`${NAME}=${value}`, seconds)).toBeUndefined()
    const shorter = { maxAge: 3600, idleTimeout: 3600 }
    expect(await reasonOf(`${NAME}=${value}`, seconds, shorter)).toBe('expired')
    expect(await reasonOf(`${NAME}=${value}`, seconds, { idleTimeout: 3600 })).toBe('idle')
  })

  test('is not deferred by a raised maxAge', async () => {
    const options = { maxAge: 2 * WEEK, idleTimeout: false } as const
    expect(await reasonOf(`${NAME}=${value}`, WEEK + 5, options)).toBe('expired')
  })
})

describe('the end of a session of a named lifetime', () => {
  const lifetimes = {
    remembered: { maxAge: 30 * DAY, idleTimeout: 10 * DAY },
    brief: { maxAge: 1800, idleTimeout: 600, persistent: false },
  }
  const of = (lifetime: string, life: number) =>
    `${NAME}=${mint(payload({ life, more: { l: lifetime } }))}`
  const remembered = of('remembered', 30 * DAY)
  const brief = of('brief', 1800)

  test('is that of its own idleTimeout and maxAge', async () => {
    expect(await reasonOf(remembered, 10 * DAY + 4, { lifetimes })).toBeUndefined()
    expect(await reasonOf(remembered, 10 * DAY + 5, { lifetimes })).toBe('idle')
    expect(await reasonOf(brief, 604, { lifetimes })).toBeUndefined()
    expect(await reasonOf(brief, 605, { lifetimes })).toBe('idle')
    expect(await reasonOf(brief, 1805, { lifetimes })).toBe('expired')
    expect(await reasonOf(remembered, 30 * DAY + 5, { lifetimes })).toBe('expired')
  })

  test('does not change the default lifetime, whose keys are kept as long as the longest one needs', async () => {
    expect(await reasonOf(`${NAME}=${mint()}`, DAY + 5, { lifetimes })).toBe('idle')
    expect(await reasonOf(`${NAME}=${mint()}`, 20 * DAY, { lifetimes })).toBe('expired')
  })

  test('follows the current configuration of that name', async () => {
    const lowered = { lifetimes: { remembered: { maxAge: DAY, idleTimeout: 3600 } } }
    expect(await reasonOf(remembered, 3604, lowered)).toBeUndefined()
    expect(await reasonOf(remembered, 3605, lowered)).toBe('idle')
    const raised = { lifetimes: { brief: { maxAge: DAY, idleTimeout: 3600 } } }
    expect(await reasonOf(brief, 1804, raised)).toBeUndefined()
    expect(await reasonOf(brief, 1805, raised)).toBe('expired')
  })

  test('follows the default lifetime if none of that name is configured any more', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(remembered)
    expect([session.get('user'), session.expiresAt]).toEqual(['ada', dateAt(START + DAY)])
    expect(await reasonOf(remembered, DAY + 4)).toBeUndefined()
    expect(await reasonOf(remembered, DAY + 5)).toBe('idle')
    expect(await reasonOf(remembered, WEEK + 5, { idleTimeout: false })).toBe('expired')
    expect(await reasonOf(brief, 1805)).toBe('expired')
  })
})

describe('a ticket', () => {
  const sent = (usedAt: number, id = ID, binding = {}) =>
    `${NAME}=${mint()}; ${NAME}.t=${mintTicket(usedAt, id, binding)}`

  test('states when the session was last used', async () => {
    const { sessions, time } = setUp()
    time.now += 2000
    const session = await sessions.open(sent(START + 1000))
    expect(session.expiresAt).toEqual(dateAt(START + 1000 + DAY))
    expect(await reasonOf(sent(START + 1000), DAY + 1004)).toBeUndefined()
    expect(await reasonOf(sent(START + 1000), DAY + 1005)).toBe('idle')
  })

  test('of another day is sealed under the key of that day', async () => {
    expect(await reasonOf(sent(START + DAY), 2 * DAY + 4)).toBeUndefined()
    expect(await reasonOf(sent(START + DAY), 2 * DAY + 5)).toBe('idle')
  })

  test('that is older than the seal has no effect', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(sent(START - 1000))
    expect(session.expiresAt).toEqual(dateAt(START + DAY))
  })

  test('never moves the absolute end', async () => {
    expect(await reasonOf(sent(START + WEEK), WEEK + 4)).toBeUndefined()
    expect(await reasonOf(sent(START + WEEK), WEEK + 5)).toBe('expired')
  })

  test('of another session is ignored', async () => {
    expect(await reasonOf(sent(START + 1000, OTHER_ID), DAY + 5)).toBe('idle')
  })

  test('from the future, beyond the tolerance, is ignored', async () => {
    const { sessions } = setUp()
    const within = await sessions.open(sent(START + 5))
    const beyond = await sessions.open(sent(START + 6))
    expect([within.expiresAt, beyond.expiresAt]).toEqual([
      dateAt(START + 5 + DAY),
      dateAt(START + DAY),
    ])
  })

  test.each<[string, string]>([
    ['sealed for another purpose', mintTicket(START + 1000, ID, { purpose: 'cookie' })],
    ['of another secret', mintTicket(START + 1000, ID, { secret: FOREIGN_SECRET })],
    ['of another cookie name', mintTicket(START + 1000, ID, { name: '__Host-other' })],
    ['altered', alter(mintTicket(START + 1000))],
    ['that is the session itself', mint()],
    ['with another payload', mint('[]', { purpose: 'ticket' })],
    ['that is malformed', 'junk'],
    ['that is empty', ''],
    ['that is too long', 'e'.repeat(70_000)],
  ])('%s is ignored, and the session opens as without it', async (_, ticket) => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}; ${NAME}.t=${ticket}`)
    expect([session.get('user'), session.expiresAt]).toEqual(['ada', dateAt(START + DAY)])
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('is the latest one of this session, among at most four', async () => {
    const { sessions, time } = setUp()
    time.now += 2000
    const tickets = [
      mintTicket(START + 1900, OTHER_ID),
      mintTicket(START + 500),
      mintTicket(START + 1000),
      'junk',
      mintTicket(START + 1500),
    ]
    const header = [`${NAME}=${mint()}`, ...tickets.map((value) => `${NAME}.t=${value}`)]
    const session = await sessions.open(header.join('; '))
    expect(session.expiresAt).toEqual(dateAt(START + 1000 + DAY))
  })

  test('without a session has no effect', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}.t=${mintTicket(START)}`)
    expect([session.isEmpty, session.rejection, events]).toEqual([true, undefined, []])
  })

  test('beside a bare token is ignored', async () => {
    const { sessions, time } = setUp()
    time.now += DAY + 5
    expect((await sessions.unseal(mintToken())).rejection).toEqual({ reason: 'idle' })
  })

  test('is not accepted as a session, nor a session as a ticket', async () => {
    expect(await reasonOf(`${NAME}=${mintTicket(START)}`)).toBe('undecryptable')
  })
})

describe('logout stamps', () => {
  const sent = (known: string | undefined, ...stamps: readonly string[]) => {
    const more = known === undefined ? undefined : { o: known }
    const pairs = stamps.map((stamp) => `${NAME}.x=${stamp}`)
    return [`${NAME}=${mint(payload({ more }))}`, ...pairs].join('; ')
  }

  test.each([
    ['none is sent', undefined, []],
    ['none is sent to a session that knows some', 'aaaabbbb', []],
    ['it knows the one that is sent', 'aaaa', ['aaaa']],
    ['it knows all that are sent, in any order', 'aaaabbbbcccc', ['cccc', 'aaaa']],
    ['what is sent is no stamp', undefined, ['aaa', 'aaaaa', 'aa.a', '']],
  ])('end no session if %s', async (_, known, stamps) => {
    expect(await reasonOf(sent(known, ...stamps))).toBeUndefined()
  })

  test.each([
    ['it knows none', undefined, ['aaaa']],
    ['it knows another', 'aaaa', ['bbbb']],
    ['it does not know one of several', 'aaaabbbb', ['aaaa', 'cccc', 'bbbb']],
    ['it knows one that only overlaps', 'aabbccdd', ['bbcc']],
    ['the case differs', 'aaaa', ['AAAA']],
  ])('end the session if %s', async (_, known, stamps) => {
    expect(await reasonOf(sent(known, ...stamps))).toBe('destroyed')
  })

  test('are read up to four', async () => {
    const all = ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']
    expect(await reasonOf(sent(all.slice(0, 4).join(''), ...all))).toBeUndefined()
    expect(await reasonOf(sent(all.slice(0, 3).join(''), ...all))).toBe('destroyed')
  })

  test('of the browser are known to a session that begins then', async () => {
    const { sessions } = setUp()
    const header = `${NAME}.x=aaaa; ${NAME}.x=bbbb`
    const session = await sessions.open(header)
    setUser(session)
    const cookie = toCookieHeader(await sessions.setCookies(session))
    expect((await sessions.open(`${cookie}; ${header}`)).get('user')).toBe('ada')
    expect((await sessions.open(`${cookie}; ${NAME}.x=cccc`)).rejection).toEqual({
      reason: 'destroyed',
    })
  })

  test('do not apply to bare tokens', async () => {
    const { sessions } = setUp()
    expect((await sessions.unseal(mintToken())).get('user')).toBe('ada')
  })
})

describe('validAfter', () => {
  test.each([dateAt(START + 1), dateAt(START + 1).toISOString(), START + 1])(
    'rejects sessions that began before it (%s), and none that began at it',
    async (validAfter) => {
      const { time, make, cookieOf } = setUp()
      const before = await cookieOf(setUser)
      time.now += 1
      const sessions = make({ validAfter })
      const since = await cookieOf(setUser, sessions)
      expect((await sessions.open(before)).rejection).toEqual({ reason: 'revoked' })
      expect((await sessions.open(since)).get('user')).toBe('ada')
    },
  )

  test('applies to the start of the session: no write, ticket or renewed id changes that', async () => {
    const { time, make, received, next } = setUp()
    const session = await received(setUser)
    time.now += 100
    session.renewId()
    session.set('visits', 1)
    const strict = make({ validAfter: START + 50 })
    expect((await next(session, strict)).rejection).toEqual({ reason: 'revoked' })
  })
})

describe('a schema', () => {
  const Shape = v.object({
    user: v.pipe(v.string(), v.toUpperCase()),
    visits: v.optional(v.number()),
  })

  test('gives the session its output', async () => {
    const { make, cookieOf } = setUp<{ user: string; visits?: number | undefined }>()
    const cookie = await cookieOf((session) => session.set('user', 'ada'))
    const session = await make({ schema: Shape }).open(cookie)
    expect(session.get('user')).toBe('ADA')
  })

  test('rejects data that does not fit, without an error of its own', async () => {
    const { sessions, events } = setUp({ schema: Shape })
    await sessions.open(`${NAME}=${mint(payload({ data: { user: 5 } }))}`)
    expect(events).toEqual([expect.not.objectContaining({ error: expect.anything() })])
    expect(events).toEqual([expect.objectContaining({ reason: 'invalid-data' })])
  })

  test('rejects data that does not fit, and no event shows the value', async () => {
    const { make, events, cookieOf } = setUp()
    const cookie = await cookieOf((session) => session.set('user', { [MARKER]: MARKER }))
    const session = await make({ schema: Shape }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
    expect(session.isEmpty).toBe(true)
    expect(inspect([session, events], { depth: 10 })).not.toContain(MARKER)
  })

  test('may be asynchronous', async () => {
    const schema = v.pipeAsync(
      v.object({ user: v.string() }),
      v.checkAsync(({ user }) => Promise.resolve(user !== 'eve')),
    )
    const { make, cookieOf } = setUp<{ user: string }>()
    const sessions = make({ schema })
    const fits = await sessions.open(await cookieOf((session) => session.set('user', 'ada')))
    const other = await sessions.open(await cookieOf((session) => session.set('user', 'eve')))
    expect([fits.get('user'), other.rejection]).toEqual(['ada', { reason: 'invalid-data' }])
  })

  test('that throws for an older session rejects it, and the event has the error', async () => {
    const error = new TypeError('cannot read')
    const fail = () => {
      throw error
    }
    for (const validate of [fail, () => Promise.reject(error)]) {
      const { sessions, events } = setUp({ schema: schemaOf(validate) })
      const session = await sessions.open(`${NAME}=${mint()}`)
      expect(session.rejection).toEqual({ reason: 'invalid-data' })
      expect(events).toEqual([
        expect.objectContaining({ type: 'rejected', reason: 'invalid-data', error, id: ID }),
      ])
      session.destroy()
      expect(await sessions.setCookies(session)).toHaveLength(2)
    }
  })

  test('is not called for a session without data', async () => {
    const seen: unknown[] = []
    const schema = schemaOf((value) => {
      seen.push(value)
      return { issues: [{}] }
    })
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf((session) => session.flash('notice', 'hello'))
    const session = await make({ schema }).open(cookie)
    expect([session.flash('notice'), seen]).toEqual([['hello'], []])
  })

  test('that adds a default or drops a key causes no write', async () => {
    const schema = v.object({ user: v.string(), visits: v.optional(v.number(), 0) })
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf((session) => {
      setUser(session)
      session.set('tenant', 't1')
    })
    const sessions = make({ schema })
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual({ user: 'ada', visits: 0 })
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('that drops all data does not delete the session', async () => {
    const schema = v.object({ user: v.optional(v.string()) })
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf((session) => session.set('tenant', 't1'))
    const sessions = make({ schema })
    const session = await sessions.open(cookie)
    expect(session.get('user')).toBeUndefined()
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('returns new values for each request, even if it has one default for all', async () => {
    const schema = v.object({
      cart: v.optional(v.object({ items: v.array(v.string()) }), { items: [] }),
      user: v.optional(v.string()),
    })
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const sessions = make({ schema })
    const first = await sessions.open(cookie)
    untyped<{ items: string[] }>(first.get('cart')).items.push('tea')
    const second = await sessions.open(cookie)
    expect(second.get('cart')).toEqual({ items: [] })
  })
})

/** Returns data that JSON would change. */
function rich(): Data {
  return { at: new Date(5), tags: new Map([['a', new Set([1n])]]), nothing: undefined }
}

describe('values that strict JSON cannot write again, by another writer', () => {
  test.each([
    ['-0 in the data', '{"n":[-0]}'],
    ['a number that is infinite', '{"n":1e999}'],
    ['half of a surrogate pair', '{"text":"\\ud83e"}'],
    ['-0 in a message', '{},{"f":[["notice",-0]]}'],
  ])('reject the session: %s', async (_, body) => {
    const { sessions } = setUp()
    const session = await sessions.open(
      `${NAME}=${mint(`["${ID}",${START % DAY},${WEEK},0,${body}]`)}`,
    )
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
  })
})

describe('a serializer', () => {
  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('%s reads what JSON cannot hold', async (_, serializer) => {
    const { sessions, cookieOf } = setUp({ serializer })
    const cookie = await cookieOf((session) => {
      setAll(session, rich())
    })
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual(rich())
    expect(session.has('nothing')).toBe(true)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('reads sessions from before it was configured, and then writes them', async () => {
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf((session) => {
      setUser(session)
      session.scope('cart').set('items', [1])
      session.flash('notice', 'hello')
    })
    const sessions = make({ serializer: devalue })
    const session = await sessions.open(cookie)
    expect([session.get('user'), session.scope('cart').get('items')]).toEqual(['ada', [1]])
    expect(session.peekFlash('notice')).toEqual(['hello'])
    session.set('visits', 1)
    const next = await sessions.open(toCookieHeader(await sessions.setCookies(session)))
    expect(next.toJSON()).toEqual({ user: 'ada', visits: 1 })
    expect(
      (await make().open(toCookieHeader(await sessions.setCookies(session)))).rejection,
    ).toEqual({
      reason: 'invalid-data',
    })
  })

  test('causes no write of a session from before it', async () => {
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf((session) => session.set('list', [1]))
    const sessions = make({ serializer: devalue })
    const session = await sessions.open(cookie)
    session.get('list')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('is required to open a session that was written with one', async () => {
    const { make, sessions, cookieOf } = setUp()
    const cookie = await cookieOf(setUser, make({ serializer: devalue }))
    expect((await sessions.open(cookie)).rejection).toEqual({ reason: 'invalid-data' })
  })

  test('may spell values with half of a surrogate pair, which JSON cannot write again', async () => {
    const serializer = {
      stringify: (value: object) => `\ud83e${JSON.stringify(value)}`,
      parse: (text: string): unknown => JSON.parse(text.slice(1)),
    }
    const { sessions, cookieOf } = setUp({ serializer })
    expect((await sessions.open(await cookieOf(setUser))).toJSON()).toEqual({ user: 'ada' })
  })

  test('rejects a session that it cannot parse, whatever it throws', async () => {
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf(setUser, make({ serializer: superjson }))
    const parse = () => {
      throw new RangeError(MARKER)
    }
    const session = await make({ serializer: { stringify: JSON.stringify, parse } }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
  })
})

test('opens the same contents in another spelling, without a write', async () => {
  const data = { b: [1, 2], a: { x: null } }
  const body = JSON.stringify(data, undefined, 2)
  const spelled = `[ "${ID}", ${START % DAY}, ${WEEK}, 0, ${body} ]`
  const { sessions, time } = setUp()
  const session = await sessions.open(`${NAME}=${mint(spelled)}`)
  expect(session.get('b')).toEqual([1, 2])
  expect(await sessions.setCookies(session)).toEqual([])
  time.now += DAY / 2
  const later = await sessions.open(`${NAME}=${mint(spelled)}`)
  later.get('b')
  expect(await sessions.setCookies(later)).toEqual([expect.stringMatching(/^[^=]+\.t=/)])
})
