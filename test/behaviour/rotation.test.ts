// The change from one secret to the next: which one seals, which open, and that no time of a
// session moves.

import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SecretEntry, SecretsOption, SessionEvent, SessionOptions } from 'sealed-session'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { NAME, START, base64url, secretId } from '../support/mint.ts'
import { configError } from '../support/errors.ts'
import { permutations } from '../support/permutations.ts'

const A = 'GlMBXgo_YZhmvdR3G21Qzh3MCHOxWGbCbbOCPRhIRss'
const B = 'NDKBDCChkqmVKy265BsrAIl0z_2fb780dfYveSNn_og'
const C = 'Gwd1ZuavUOAaj1DU7fS3zETnMY9Kko6XoZWFgRBYFn0'
const D = 'QNsxiFBx27cLgiXztKPmJkaqfC501IryzCz9bKv-IIg'
const DAY = 86_400
const WEEK = 7 * DAY
const TOLERANCE = 5

type Options = Partial<SessionOptions<{ user: string }>>

/** Creates a server with secrets, and a clock in seconds that a test sets. */
function instance(secrets: SecretsOption, options: Options = {}, time = { now: START }) {
  const events: SessionEvent[] = []
  const sessions = createSessions<{ user: string }>({
    secrets,
    clock: () => time.now * 1000,
    observe: (event) => void events.push(event),
    ...options,
  })

  /** Returns the `Set-Cookie` lines of a new session. */
  async function start(): Promise<string[]> {
    const session = await sessions.open(null)
    session.set('user', 'ada')
    return sessions.setCookies(session)
  }

  /** Returns the `Cookie` header that a browser sends after these lines. */
  async function begin(): Promise<string> {
    return pairsOf(await start())
  }

  /** Returns the reason for which this server rejects a cookie, or else its user. */
  async function verdict(cookie: string): Promise<string> {
    const session = await sessions.open(cookie)
    return session.rejection?.reason ?? session.get('user', 'empty')
  }

  return { sessions, events, time, start, begin, verdict }
}

/** Returns the id of the secret that the session in a `Cookie` header was sealed under. */
function idOf(cookie: string): string | undefined {
  return new RegExp(`^${NAME}=([\\w-]+)\\.`).exec(cookie)?.[1]
}

describe('the secret that seals', () => {
  test.each<[string, SecretsOption, string]>([
    ['a string', `${B},${A}`, secretId(B)],
    ['an array of strings', [B, A], secretId(B)],
    ['an array with names', [{ secret: B, id: 'next' }, A], 'next'],
    ['an array with a staged one', [{ secret: B, activeFrom: START + 1 }, A], secretId(A)],
    [
      'an array with a Date that has come',
      [{ secret: B, activeFrom: new Date(START * 1000) }, A],
      secretId(B),
    ],
    [
      'an array with an ISO string',
      [{ secret: B, activeFrom: '2026-01-15T12:00:01Z' }, A],
      secretId(A),
    ],
    [
      'a JWK Set',
      {
        keys: [
          { kty: 'oct', k: base64url(B), kid: 'b' },
          { kty: 'oct', k: base64url(A) },
        ],
      },
      'b',
    ],
    [
      'the JSON of a JWK Set',
      JSON.stringify({
        keys: [
          { kty: 'oct', k: base64url(B), activeFrom: '2026-01-15T12:00:00Z' },
          { kty: 'oct', k: base64url(A) },
        ],
      }),
      secretId(B),
    ],
    [
      'a file with a byte order mark',
      `\uFEFF{"keys":[{"kty":"oct","k":"${base64url(B)}"},{"kty":"oct","k":"${base64url(A)}"}]}`,
      secretId(B),
    ],
    ['a function', async () => [B, A], secretId(B)],
  ])('is the newest active one of %s, and the older one still opens', async (_, secrets, id) => {
    const now = instance(secrets)
    expect(idOf(await now.begin())).toBe(id)
    expect(await now.verdict(await instance(A).begin())).toBe('ada')
  })

  test('is the first active one, for every order of every ring', async () => {
    let rings = 0
    for (const order of permutations([A, B, C, D])) {
      for (let active = 1; active < 16; active++) {
        const isActive = (_: unknown, at: number) => ((active >> at) & 1) === 1
        const ring: SecretEntry[] = order.map((secret, at) => ({
          secret,
          activeFrom: isActive(secret, at) ? START : START + 1,
        }))
        expect(idOf(await instance(ring).begin())).toBe(secretId(order.find(isActive)))
        rings++
      }
    }
    expect(rings).toBe(24 * 15)
  })

  test('changes in the second of activeFrom, and never back', async () => {
    const from = START + 100
    const { begin, time } = instance([{ secret: B, activeFrom: from }, A])
    const ids = []
    for (time.now = from - 2; time.now < from + 3; time.now++) ids.push(idOf(await begin()))
    const [a, b] = [secretId(A), secretId(B)]
    expect(ids).toEqual([a, a, b, b, b])
  })

  test('changes to each of several staged ones in turn', async () => {
    const staged = [
      { secret: C, activeFrom: START + 200 },
      { secret: B, activeFrom: START + 100 },
      A,
    ]
    const { begin, time } = instance(staged)
    const ids = []
    for (time.now = START; time.now <= START + 200; time.now += 100) ids.push(idOf(await begin()))
    expect(ids).toEqual([secretId(A), secretId(B), secretId(C)])
  })
})

describe('a rolling deploy', () => {
  /**
   * Gives the instances their new secrets one after another. In between, each opens the sessions of
   * all.
   */
  async function deploy(before: SecretsOption, after: SecretsOption, order: number[]) {
    const time = { now: START }
    const instances = order.map(() => instance(before, {}, time))
    const verdicts = new Set<string>()
    for (const next of order) {
      instances[next] = instance(after, {}, time)
      time.now += 10
      const cookies = await Promise.all(instances.map(({ begin }) => begin()))
      for (const { verdict } of instances) {
        for (const cookie of cookies) verdicts.add(await verdict(cookie))
      }
    }
    time.now = START + 100
    const cookies = await Promise.all(instances.map(({ begin }) => begin()))
    for (const { verdict } of instances) {
      for (const cookie of cookies) verdicts.add(await verdict(cookie))
    }
    return { verdicts, ids: new Set(cookies.map(idOf)) }
  }

  const ORDERS = permutations([0, 1, 2])

  test.each(ORDERS)('with a staged secret logs no user out: %i, %i, %i', async (...order) => {
    const after = [{ secret: B, activeFrom: START + 100 }, A]
    const { verdicts, ids } = await deploy(A, after, order)
    expect(verdicts).toEqual(new Set(['ada']))
    expect(ids).toEqual(new Set([secretId(B)]))
  })

  test.each(ORDERS)('without a staged secret logs users out: %i, %i, %i', async (...order) => {
    const { verdicts } = await deploy(A, [B, A], order)
    expect(verdicts).toEqual(new Set(['ada', 'unknown-key']))
  })

  test('with clocks that differ by the tolerance logs no user out when the secret becomes active', async () => {
    const ring = [{ secret: B, activeFrom: START + 10 }, A]
    const fast = instance(ring, {}, { now: START + 10 })
    const slow = instance(ring, {}, { now: START + 10 - TOLERANCE })
    const [early, late] = [await fast.begin(), await slow.begin()]
    expect([idOf(early), idOf(late)]).toEqual([secretId(B), secretId(A)])
    expect(await slow.verdict(early)).toBe('ada')
    expect(await fast.verdict(late)).toBe('ada')
  })

  test('rejects exactly the sessions of a removed secret, as unknown-key', async () => {
    const old = await instance(A).begin()
    const { verdict, begin } = instance([C, B])
    expect(await verdict(old)).toBe('unknown-key')
    expect(await verdict(await instance(B).begin())).toBe('ada')
    expect(await verdict(await begin())).toBe('ada')
  })
})

describe('a session under an older secret', () => {
  /** Returns a browser with a session under A, and a server with B first, some time later. */
  async function visitor(seconds: number, options: Options = {}) {
    const jar = createJar()
    const old = instance(A, options)
    const first = await old.sessions.open(null)
    first.set('user', 'ada')
    jar.store(await old.sessions.setCookies(first))
    const { id, startedAt, expiresAt } = first
    const now = instance([B, A], options, old.time)
    now.time.now += seconds
    return { jar, now, time: now.time, id, startedAt, expiresAt }
  }

  test('is not written when it is only read', async () => {
    const { jar, now, expiresAt } = await visitor(60)
    const session = await now.sessions.open(jar.header())
    expect([session.get('user'), session.expiresAt]).toEqual(['ada', expiresAt])
    expect(await now.sessions.setCookies(session)).toEqual([])
  })

  test('is sealed under the newest at a write, and keeps its id and start', async () => {
    const { jar, now, id, startedAt } = await visitor(60)
    const session = await now.sessions.open(jar.header())
    session.set('user', 'eve')
    jar.store(await now.sessions.setCookies(session))
    expect(idOf(jar.header())).toBe(secretId(B))
    const again = await now.sessions.open(jar.header())
    expect([again.id, again.startedAt]).toEqual([id, startedAt])
    expect(now.events).toContainEqual(
      expect.objectContaining({ type: 'sealed', cause: 'changed', secretId: secretId(B), id }),
    )
  })

  test('stays under it when it is used, and its ticket is sealed under the newest', async () => {
    const { jar, now, id } = await visitor(DAY / 10)
    const session = await now.sessions.open(jar.header())
    session.get('user')
    jar.store(await now.sessions.setCookies(session))
    expect(jar.names()).toEqual([NAME, `${NAME}.t`])
    expect(idOf(jar.header())).toBe(secretId(A))
    expect(jar.value(`${NAME}.t`)).toMatch(new RegExp(`^${secretId(B)}\\.`))
    expect(now.events.at(-1)).toMatchObject({ cause: 'renewed', secretId: secretId(B), id })
    now.time.now += DAY
    expect(await now.verdict(jar.header())).toBe('ada')
  })

  test('opens with a ticket of an older secret, or without one whose secret was removed', async () => {
    const { jar, now, time } = await visitor(DAY / 10)
    const session = await now.sessions.open(jar.header())
    session.get('user')
    jar.store(await now.sessions.setCookies(session))
    time.now = START + DAY + TOLERANCE
    expect(await instance([C, B, A], {}, time).verdict(jar.header())).toBe('ada')
    expect(await instance([C, A], {}, time).verdict(jar.header())).toBe('idle')
  })

  test('keeps its end, to the second, however often secrets change', async () => {
    const ring = [A]
    const { sessions, time, start } = instance(() => [...ring], { secretsRefresh: 1 })
    const jar = createJar()
    jar.store(await start())
    const end = START + WEEK
    const names = [B, C, D]
    let visits = 0
    for (time.now = START + DAY / 2; time.now < end; time.now += DAY / 2) {
      if (time.now % (2 * DAY) < DAY) ring.unshift(...names.splice(0, 1))
      for (const isWrite of [false, true]) {
        const session = await sessions.open(jar.header())
        expect(session.startedAt).toEqual(new Date(START * 1000))
        expect(session.expiresAt?.getTime()).toBeLessThanOrEqual(end * 1000)
        if (isWrite) session.set('user', `ada ${++visits}`)
        jar.store(await sessions.setCookies(session))
      }
    }
    expect(names).toEqual([])
    expect(idOf(jar.header())).toBe(secretId(D))
    time.now = end + TOLERANCE - 1
    const last = await sessions.open(jar.header())
    expect(last.expiresAt).toEqual(new Date(end * 1000))
    time.now = end + TOLERANCE
    expect((await sessions.open(jar.header())).rejection).toEqual({ reason: 'expired' })
  })

  test('is not written by a response that did not use it', async () => {
    const { jar, now } = await visitor(DAY / 2)
    const ignoring = now.sessions.wrap(() => new Response('hello'))
    expect((await ignoring(jar.request())).headers.getSetCookie()).toEqual([])
  })

  test('is sealed under it again while the newest is only staged', async () => {
    const cookie = await instance(A).begin()
    const { sessions, time } = instance([{ secret: B, activeFrom: START + 10 }, A])
    const write = async () => {
      const session = await sessions.open(cookie)
      session.set('user', 'eve')
      return idOf(pairsOf(await sessions.setCookies(session)))
    }
    time.now = START + 9
    expect(await write()).toBe(secretId(A))
    time.now = START + 10
    expect(await write()).toBe(secretId(B))
  })

  test('is not deleted by an instance without its secret, and opens on the others', async () => {
    const { jar, now, time } = await visitor(DAY / 2)
    const lacking = instance(B, {}, time)
    const handler = lacking.sessions.wrap((_, session) => Response.json(session.rejection))
    const response = await handler(jar.request())
    expect(await response.json()).toEqual({ reason: 'unknown-key' })
    expect(response.headers.getSetCookie()).toEqual([])
    jar.store(response)
    expect(await now.verdict(jar.header())).toBe('ada')
  })
})

describe('time', () => {
  test.each([
    ['a day', Date.UTC(2026, 4, 6) / 1000],
    ['a month', Date.UTC(2028, 2, 1) / 1000],
    ['a year', Date.UTC(2027, 0, 1) / 1000],
  ])(
    'across the end of %s a session opens, gets a ticket and changes to a staged secret',
    async (_, edge) => {
      const ring = [{ secret: B, activeFrom: edge }, A]
      const { sessions, begin, verdict, time, events } = instance(
        ring,
        { touchInterval: 1 },
        { now: edge - 1 },
      )
      const cookie = await begin()
      expect(idOf(cookie)).toBe(secretId(A))
      time.now = edge
      expect(await verdict(cookie)).toBe('ada')
      expect(events.at(-1)).toMatchObject({ type: 'opened', secretId: secretId(A), age: 1 })
      const session = await sessions.open(cookie)
      const ticket = pairsOf(await sessions.setCookies(session))
      expect(ticket).toMatch(new RegExp(`^${NAME}\\.t=${secretId(B)}\\.`))
      const writer = await sessions.open(`${cookie}; ${ticket}`)
      writer.set('user', 'eve')
      const written = pairsOf(await sessions.setCookies(writer))
      expect(idOf(written)).toBe(secretId(B))
      expect(writer.startedAt).toEqual(new Date((edge - 1) * 1000))
      // A server whose clock is still before the end.
      time.now = edge - TOLERANCE
      expect(await verdict(`${written}; ${ticket}`)).toBe('eve')
    },
  )

  test('sessions of a server whose clock is ahead open on others only within the tolerance', async () => {
    const here = instance(A, { clockTolerance: 60 })
    const ahead = (seconds: number) => instance(A, {}, { now: START + seconds }).begin()
    expect(await here.verdict(await ahead(60))).toBe('ada')
    expect(await here.verdict(await ahead(61))).toBe('not-yet-valid')
    expect(await here.verdict(await ahead(3600))).toBe('not-yet-valid')
  })

  test('sessions of a server whose clock is an hour behind are an hour old', async () => {
    const { verdict, events } = instance(A)
    expect(await verdict(await instance(A, {}, { now: START - 3600 }).begin())).toBe('ada')
    expect(events).toMatchObject([{ type: 'opened', secretId: secretId(A), age: 3600 }])
  })
})

describe('several secrets', () => {
  test('are named in events by their chosen or derived ids, with the age of the seal', async () => {
    const named = [B, { secret: A, id: 'spring' }]
    const { verdict, events, begin, time } = instance(named)
    const [own, old] = [await begin(), await instance([{ secret: A, id: 'spring' }]).begin()]
    events.length = 0
    time.now += 90
    await verdict(own)
    await verdict(old)
    expect(events).toMatchObject([
      { type: 'opened', secretId: secretId(B), age: 90 },
      { type: 'opened', secretId: 'spring', age: 90 },
    ])
  })

  test.each<[string, SecretsOption, string]>([
    [
      'two secrets with one id',
      [
        { secret: B, id: 'x' },
        { secret: A, id: 'x' },
      ],
      'secrets[1]',
    ],
    ['one secret twice', `${A},${A}`, 'secrets[1]'],
    [
      'none that is active',
      [
        { secret: B, activeFrom: START + 1 },
        { secret: A, activeFrom: START + 2 },
      ],
      'secrets',
    ],
    ['quotes around it, as some files of variables keep them', `"${B},${A}"`, 'secrets'],
    ['single quotes around it', ` '${A}' `, 'secrets'],
    ['the brackets of a JSON array', JSON.stringify([B, A]), 'secrets'],
  ])('with %s are refused', (_, secrets, option) => {
    expect(() => instance(secrets)).toThrow(configError(option))
  })

  test('with an id that another secret derives are rejected at the first use', async () => {
    const { begin } = instance([{ secret: B, id: secretId(A) }, A])
    await expect(begin()).rejects.toEqual(configError('secrets'))
  })

  test('of which none is active are rejected at a use, if no clock ran when they were configured', async () => {
    const time = { now: 0 }
    const { begin } = instance([{ secret: B, activeFrom: START + 1 }], {}, time)
    time.now = START
    await expect(begin()).rejects.toEqual(configError('secrets'))
    time.now = START + 1
    expect(idOf(await begin())).toBe(secretId(B))
  })

  test('may be one with two ids, while it is renamed', async () => {
    const cookie = await instance([{ secret: A, id: 'one' }]).begin()
    const { verdict, begin } = instance([
      { secret: A, id: 'two' },
      { secret: A, id: 'one' },
    ])
    expect(await verdict(cookie)).toBe('ada')
    expect(idOf(await begin())).toBe('two')
  })
})

const SEALS = process.env['SLOW'] === '1' ? 1_000_000 : 20_000

test(
  `${SEALS} seals under one key have ${SEALS} different IVs`,
  { timeout: 1_800_000 },
  async () => {
    const { sessions } = instance(A)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const ivs = new Set<string>()
    const headers = new Set<string>()
    for (let made = 0; made < SEALS; made++) {
      const [header = '', , iv = ''] = (await sessions.seal(session)).split('.')
      headers.add(header)
      ivs.add(iv)
    }
    expect(ivs.size).toBe(SEALS)
    expect(headers.size).toBe(1)
  },
)
