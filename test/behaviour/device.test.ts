// Sessions that are bound to a device, together with the other features of sessions.

import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSessions } from 'sealed-session'
import type { CookieOptions, Session } from 'sealed-session'
import { deviceBound, registrationOf } from 'sealed-session/device'
import type { DeviceBoundOptions } from 'sealed-session/device'
import { wrapLambda } from 'sealed-session/lambda'
import { expressSession, sessionOf } from 'sealed-session/express'
import { koaSession } from 'sealed-session/koa'
import { nodeSessions } from 'sealed-session/node'
import { describe, expect, test, vi } from 'vitest'
import {
  ENDPOINT,
  findRegistration,
  challengeOf,
  deviceRequest,
  makeDevice,
  sendTo,
  signProof,
  useServer,
} from '../support/device-browser.ts'
import { namesOf, toCookieHeader } from '../support/cookie-jar.ts'
import {
  INTERVAL,
  NEWLY_BOUND,
  PROVEN,
  TOLERANCE,
  UNPROVEN,
  deviceScene,
} from '../support/device-scene.ts'
import { NAME, OLDER_SECRET, SECRET, START, untyped } from '../support/mint.ts'
import { configError } from '../support/errors.ts'
import type { Data } from '../support/set-up.ts'

describe('a login that binds', () => {
  test('asks for a key, and sets an unproven ticket', async () => {
    const { app, browser } = deviceScene()
    const response = await app(browser.request('/login'))
    expect(findRegistration(response)).toMatchObject({ path: ENDPOINT })
    const names = namesOf(response.headers.getSetCookie())
    expect(names).toEqual([NAME, expect.stringMatching(/^__Host-session\.d\.[\w-]{8}$/)])
  })

  test('asks beside another session that asks, and once for any number of commits', async () => {
    const { sessions } = deviceScene()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.bindToDevice()
    const other = '(ES256);path="/other";challenge="c"'
    const given = new Response('', { headers: { 'Secure-Session-Registration': other } })
    const first = await sessions.commit(session, given)
    const field = first.headers.get('Secure-Session-Registration')
    expect(field).toMatch(/^\(ES256\);path="\/other";challenge="c", \(ES256 RS256\);path=/)
    const second = await sessions.commit(session, first)
    expect(second.headers.get('Secure-Session-Registration')).toBe(field)
    expect(given.headers.get('Secure-Session-Registration')).toBe(other)
  })

  test('binds nothing if the session is empty, discarded or ended', async () => {
    const { sessions } = deviceScene()
    for (const undo of ['discard', 'destroy', 'clear', ''] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const session = await sessions.open(null)
      if (undo !== '') session.set('user', 'ada')
      session.bindToDevice()
      if (undo !== '') session[undo]()
      expect([session.device, registrationOf(session)]).toEqual(['none', undefined])
      // oxlint-disable-next-line no-await-in-loop
      expect(await sessions.setCookies(session)).toEqual([])
      expect(registrationOf(session)).toBeUndefined()
    }
  })

  test('again has a new binding, a new ticket, and a new key', async () => {
    const scene = deviceScene()
    const first = await scene.enrol()
    const second = await scene.enrol()
    expect(second).not.toBe(first)
    expect(await scene.visit('/')).toEqual(PROVEN)
    // The former ticket stays until the next login, because a write in flight may restore its
    // session.
    expect(scene.browser.names()).toEqual(
      [NAME, `${NAME}.d.${first}`, `${NAME}.d.${second}`].toSorted(),
    )
    const third = await scene.enrol()
    expect(scene.browser.names()).toEqual(
      [NAME, `${NAME}.d.${second}`, `${NAME}.d.${third}`].toSorted(),
    )
    expect((await scene.browser.refresh(first, scene.app)).status).toBe(200)
    expect(await scene.visit('/')).toEqual(PROVEN)
  })

  test('deletes the ticket that the session had before it was bound', async () => {
    const scene = deviceScene({ touchInterval: 10 })
    await scene.visit('/plain')
    scene.time.now += 10
    await scene.visit('/')
    expect(scene.browser.names()).toEqual([NAME, `${NAME}.t`])
    const id = await scene.enrol()
    expect(scene.browser.names()).toEqual([NAME, `${NAME}.d.${id}`])
  })
})

describe('a bound session', () => {
  test('keeps its binding, its ticket and its key through regenerate, renewId and every write', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const ticket = scene.browser.value(`${NAME}.d.${id}`)
    for (const path of ['/regenerate', '/renew', '/write', '/regenerate']) {
      // oxlint-disable-next-line no-await-in-loop
      await scene.visit(path)
      // oxlint-disable-next-line no-await-in-loop
      expect(await scene.visit('/')).toEqual(PROVEN)
    }
    expect(scene.browser.value(`${NAME}.d.${id}`)).toBe(ticket)
    scene.time.now += INTERVAL + TOLERANCE
    expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    expect(await scene.visit('/')).toEqual(PROVEN)
  })

  test('without a proof is renewed by use, but not in the first five minutes', async () => {
    const scene = deviceScene({ touchInterval: 1 })
    await scene.visit('/login')
    const name = scene.browser.names().find((each) => each.includes('.d.')) ?? ''
    const first = scene.browser.value(name)
    scene.time.now += 299
    await scene.visit('/touch')
    expect(scene.browser.value(name)).toBe(first)
    scene.time.now += 1
    await scene.visit('/')
    expect(scene.browser.value(name)).not.toBe(first)
    for (let hour = 0; hour < 40; hour++) {
      scene.time.now += 3600
      // oxlint-disable-next-line no-await-in-loop
      expect(await scene.visit('/')).toEqual(NEWLY_BOUND)
    }
    scene.time.now += 86_400 + TOLERANCE
    expect((await scene.visit('/')).reason).toBe('idle')
  })

  test('with a short idle timeout is renewed after half of it', async () => {
    const scene = deviceScene({ touchInterval: 1, idleTimeout: 100 })
    await scene.visit('/login')
    const name = scene.browser.names().find((each) => each.includes('.d.')) ?? ''
    const first = scene.browser.value(name)
    scene.time.now += 49
    await scene.visit('/')
    expect(scene.browser.value(name)).toBe(first)
    scene.time.now += 1
    await scene.visit('/')
    expect(scene.browser.value(name)).not.toBe(first)
  })

  test('idles out after its last proof, not after its last write', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    for (let times = 0; times < 30; times++) {
      scene.time.now += 7200
      // oxlint-disable-next-line no-await-in-loop
      expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    }
    expect(await scene.visit('/')).toEqual(PROVEN)
    scene.time.now += 86_400 + TOLERANCE
    const answer = await scene.browser.refresh(id, scene.app)
    expect(await answer.json()).toMatchObject({ continue: false })
  })

  test('whose idle timeout is shorter than the interval is proven twice within it', async () => {
    const scene = deviceScene({ idleTimeout: 300 })
    const id = await scene.enrol()
    const ticket = () => scene.browser.value(`${NAME}.d.${id}`)
    const first = ticket()
    for (let times = 0; times < 5; times++) {
      scene.time.now += 150
      // oxlint-disable-next-line no-await-in-loop
      expect((await scene.browser.refresh(id, scene.app)).headers.get('Set-Cookie')).toContain(
        'Max-Age=150',
      )
      // oxlint-disable-next-line no-await-in-loop
      expect(await scene.visit('/')).toEqual(PROVEN)
    }
    expect(ticket()).not.toBe(first)
    scene.time.now += 150 + TOLERANCE
    expect(await scene.visit('/')).toEqual(UNPROVEN)
  })

  test('never outlives its absolute end, however often it is proven', async () => {
    const scene = deviceScene({ maxAge: 1000, idleTimeout: false })
    const id = await scene.enrol()
    scene.time.now = START + 900
    expect((await scene.browser.refresh(id, scene.app)).headers.get('Set-Cookie')).toContain(
      'Max-Age=100',
    )
    scene.time.now = START + 1000 + TOLERANCE
    expect((await scene.visit('/')).reason).toBe('expired')
    expect(await (await scene.browser.refresh(id, scene.app)).json()).toMatchObject({
      continue: false,
    })
  })

  test('may be of any size: a session in several cookies is bound as any other', async () => {
    const scene = deviceScene({ limits: 'node' })
    const id = await scene.enrol()
    const session = await scene.sessions.open(scene.browser.request('/'))
    session.set('user', 'ada'.repeat(1500))
    scene.browser.store(await scene.sessions.setCookies(session))
    expect(scene.browser.names()).toContain(`${NAME}.1`)
    scene.time.now += INTERVAL + TOLERANCE
    expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    expect((await scene.visit('/')).device).toBe('proven')
    const { bytes } = await scene.sessions.measure(session)
    const plain = await scene.sessions.open(null)
    plain.set('user', 'ada'.repeat(1500))
    const without = (await scene.sessions.measure(plain)).bytes
    expect(bytes.requestHeader - without.requestHeader).toBeGreaterThan(
      '.d.abcdefgh'.length - '.t'.length,
    )
  })

  test('survives a rotation: token, ticket and key each under their own secret', async () => {
    const scene = deviceScene({ secrets: OLDER_SECRET })
    const id = await scene.enrol()
    const rotated = scene.again({ secrets: [SECRET, OLDER_SECRET] })
    scene.time.now += INTERVAL + TOLERANCE
    expect((await scene.browser.refresh(id, rotated)).status).toBe(200)
    scene.browser.store(await rotated(scene.browser.request('/write')))
    const last = scene.again({ secrets: SECRET })
    scene.time.now += INTERVAL + TOLERANCE
    expect((await scene.browser.refresh(id, last)).status).toBe(200)
    scene.events.length = 0
    await last(scene.browser.request('/'))
    expect(scene.events).toMatchObject([{ type: 'opened' }])
  })

  test('keeps its named lifetime', async () => {
    const scene = deviceScene({
      lifetimes: { short: { maxAge: 60, idleTimeout: 20, persistent: false } },
    })
    const session = await scene.sessions.open(null)
    session.regenerate({ lifetime: 'short' })
    session.set('user', 'ada')
    session.bindToDevice()
    const login = await scene.sessions.commit(session, new Response())
    scene.browser.store(login)
    const answer = await scene.browser.register(login, scene.app)
    const [ticket = '', key = ''] = answer?.headers.getSetCookie() ?? []
    expect(ticket).toContain('Max-Age=10;')
    expect(key).not.toContain('Max-Age')
  })

  test('renews its unproven ticket when it begins anew with a longer lifetime', async () => {
    const scene = deviceScene({
      cookie: { persistent: false },
      maxAge: 3600,
      idleTimeout: false,
      lifetimes: { remembered: { maxAge: 86_400, persistent: true } },
    })
    const { login } = await scene.login()
    expect(agesOf(login.headers.getSetCookie())).toEqual([undefined, '86405'])
    // Not in the minutes in which the registration may be under way, and at any later time.
    for (const [wait, ages] of [
      [60, ['86400']],
      [300, ['86400', '86405']],
    ] as const) {
      scene.time.now += wait
      // oxlint-disable-next-line no-await-in-loop
      const session = await scene.sessions.open(scene.browser.request('/'))
      session.regenerate({ lifetime: 'remembered', keep: ['user'] })
      // oxlint-disable-next-line no-await-in-loop
      const written = await scene.sessions.setCookies(session)
      expect(agesOf(written)).toEqual(ages)
      scene.browser.store(written)
    }
    scene.time.now += 80_000
    expect(await scene.visit('/')).toEqual(NEWLY_BOUND)
  })

  test('writes nothing in responses while it is proven and only read', async () => {
    const scene = deviceScene({ touchInterval: 1 })
    await scene.enrol()
    scene.time.now += 500
    const response = await scene.app(scene.browser.request('/'))
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('is checked by verify: a proof can end during a long connection', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const session = await scene.sessions.open(scene.browser.request('/'))
    scene.time.now += INTERVAL + TOLERANCE - 1
    expect(await scene.sessions.verify(session)).toBeUndefined()
    scene.time.now += 1
    expect(await scene.sessions.verify(session)).toEqual({ reason: 'unproven' })
  })

  test('has an end that touch does not move', async () => {
    const scene = deviceScene()
    await scene.enrol()
    scene.time.now += 100
    const session = await scene.sessions.open(scene.browser.request('/'))
    const end = session.expiresAt
    session.touch()
    expect(session.expiresAt).toEqual(end)
    expect(await scene.sessions.setCookies(session)).toEqual([])
  })
})

describe('a proof that has ended by a lower interval', () => {
  test('is rejected at once, and its ticket deleted, so that the browser proves itself', async () => {
    const scene = deviceScene({}, { interval: 3600 })
    const id = await scene.enrol()
    const lowered = scene.again({ device: deviceBound({ interval: 60 }) })
    scene.time.now += 100
    const response = await lowered(scene.browser.request('/'))
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(new RegExp(`^__Host-session\\.d\\.${id}=; Max-Age=0;`)),
    ])
    scene.browser.store(response)
    expect((await scene.browser.refresh(id, lowered)).headers.get('Set-Cookie')).toContain(
      'Max-Age=60',
    )
    scene.events.length = 0
    await lowered(scene.browser.request('/'))
    expect(scene.events).toMatchObject([{ type: 'opened' }])
  })

  test('deletes no other cookies, and no cookie of a browser without a ticket', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    scene.browser.evict(`${NAME}.d.${id}`)
    const response = await scene.app(scene.browser.request('/'))
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('events', () => {
  test('have the outcome of a device’s request, and never its content', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    await scene.browser.refresh(id, scene.app)
    await scene.sendProof('x.x.x', id)
    const session = await scene.sessions.open(scene.browser.request('/'))
    expect(scene.events.filter(({ type }) => type === 'device')).toEqual([
      { type: 'device', id: session.id, outcome: 'registered' },
      { type: 'device', id: session.id, outcome: 'proven' },
      { type: 'device', id: session.id, outcome: 'refused', reason: 'malformed' },
    ])
  })
})

describe('a cookie with a domain', () => {
  test('is bound for the whole site, or for the origin that answers', async () => {
    for (const site of [true, false]) {
      const cookie = { name: 's', domain: 'example.test' }
      const scene = deviceScene({ cookie }, { site })
      // oxlint-disable-next-line no-await-in-loop
      const { login } = await scene.login()
      // oxlint-disable-next-line no-await-in-loop
      const answer = await scene.browser.register(login, scene.app)
      // oxlint-disable-next-line no-await-in-loop
      expect(await answer?.json()).toMatchObject({
        scope: { include_site: site },
        credentials: [
          {
            name: expect.stringMatching(/^s\.d\./),
            attributes: 'Domain=example.test; Path=/; HttpOnly; Secure; SameSite=Lax',
          },
        ],
      })
      expect(answer?.headers.getSetCookie()[1]).toMatch(/^s\.k\.[\w-]{8}=.*Domain=example\.test/)
    }
  })
})

// The requirements of the Web Platform Tests on a server: docs/requirements.md has the list.
describe('a browser that follows the protocol', () => {
  test.each<[string, CookieOptions, DeviceBoundOptions]>([
    ['__Host-', {}, {}],
    ['strict', { sameSite: 'strict' }, {}],
    ['of other sites, too', { sameSite: 'none' }, {}],
    ['with a priority', { priority: 'high' }, {}],
    ['of the browser’s run', { persistent: false }, {}],
    ['of a path', { name: 's', path: '/app' }, { path: '/app/device' }],
    ['of a domain', { name: 's', domain: 'example.test' }, { site: true }],
  ])('receives the attributes of the cookie, without its age: %s', async (_, cookie, options) => {
    const { path = ENDPOINT } = options
    const scene = deviceScene({ cookie }, options)
    const session = await scene.sessions.open(null)
    session.set('user', 'ada')
    session.bindToDevice()
    const login = await scene.sessions.commit(session, new Response())
    const cookies = toCookieHeader(login.headers.getSetCookie())
    const proof = await signProof(
      await makeDevice(),
      findRegistration(login)?.challenge ?? '',
      true,
    )
    const answer = await scene.app(deviceRequest(cookies, { proof, path }))
    const { credentials, scope } = await answer.json()
    const [{ type, name, attributes }, ...others] = credentials
    expect([type, others, scope]).toEqual([
      'cookie',
      [],
      { include_site: options.site === true, scope_specification: [] },
    ])
    for (const response of [login, answer]) {
      const line = response.headers.getSetCookie().find((each) => each.startsWith(`${name}=`))
      const given = line?.split('; ').filter((part) => !/^(?:Max-Age|Priority)=/.test(part))
      expect(given?.slice(1).join('; ')).toBe(attributes)
    }
  })

  test('receives the current configuration with each proof', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const changed = scene.again({ cookie: { sameSite: 'strict' } })
    const answer = await scene.browser.refresh(id, changed)
    const { session_identifier, credentials } = await answer.json()
    expect([session_identifier, credentials[0].attributes]).toEqual([
      id,
      'Path=/; HttpOnly; Secure; SameSite=Strict',
    ])
    expect(answer.headers.getSetCookie()[0]).toContain('SameSite=Strict')
  })

  test('is asked for every proof, and once for a registration', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const cookies = scene.browser.header(ENDPOINT)
    for (const [parts, hasChallenge] of [
      [{ id }, true],
      [{ id, proof: 'x' }, true],
      [{}, false],
      [{ proof: 'x' }, false],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await scene.app(deviceRequest(cookies, parts))
      const isAsked = challengeOf(answer) !== undefined
      expect([answer.status, isAsked, answer.headers.getSetCookie()]).toEqual([
        403,
        hasChallenge,
        [],
      ])
    }
  })

  test('may answer a challenge that it was given ahead, for any of its sessions', async () => {
    const scenes = [deviceScene(), deviceScene()]
    const ahead = await Promise.all(
      scenes.map(async (scene) => {
        const id = await scene.enrol()
        const challenged = await scene.app(deviceRequest(scene.browser.header(ENDPOINT), { id }))
        return { scene, id, challenge: challengeOf(challenged)?.challenge ?? '' }
      }),
    )
    for (const { scene, id, challenge } of ahead) {
      scene.time.now += 30
      const { device } = scene.browser.known.get(id) ?? {}
      if (device === undefined) throw new Error('not registered')
      // oxlint-disable-next-line no-await-in-loop
      const proof = await signProof(device, challenge, false)
      const request = deviceRequest(scene.browser.header(ENDPOINT), { id, proof })
      // oxlint-disable-next-line no-await-in-loop
      expect((await scene.app(request)).status).toBe(200)
    }
  })

  test('is given no authorization, and may send one', async () => {
    const scene = deviceScene()
    const { login, challenge } = await scene.login()
    expect(login.headers.get('Secure-Session-Registration')).not.toContain('authorization')
    const payload = { authorization: 'code' }
    const proof = await signProof(await makeDevice(), challenge, true, { payload })
    const answer = await scene.sendProof(proof)
    expect(answer.status).toBe(200)
  })
})

describe('another transport', () => {
  test('that sets only cookies asks with registrationOf, after the cookies are made', async () => {
    const { sessions } = deviceScene()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.bindToDevice()
    expect(registrationOf(session)).toBeUndefined()
    const set = new Map<string, string>()
    await sessions.save(session, (name, value) => set.set(name, value))
    expect([...set.keys()]).toEqual([NAME, expect.stringContaining('.d.')])
    const field = registrationOf(session)
    expect(field).toMatch(/^\(ES256 RS256\);path="/)
    session.set('more', 1)
    await sessions.save(session, (name, value) => set.set(name, value))
    expect(registrationOf(session)).toBe(field)
  })

  test('asks again after a store has rejected the cookies', async () => {
    const { sessions } = deviceScene()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.bindToDevice()
    const refused = new Error('read only')
    await expect(
      sessions.save(session, () => {
        throw refused
      }),
    ).rejects.toBe(refused)
    const response = await sessions.commit(session, new Response())
    expect(findRegistration(response)).toBeDefined()
    expect(response.headers.getSetCookie()).toHaveLength(2)
  })

  test('sessions.device answers a Request, and returns undefined without the option', async () => {
    const { sessions } = deviceScene()
    expect((await sessions.device(deviceRequest('', { id: 'AAAAAAAA' })))?.status).toBe(200)
    const plain = createSessions({ secrets: SECRET })
    expect(await plain.device(deviceRequest('', { id: 'AAAAAAAA' }))).toBeUndefined()
  })

  test('Node: the middleware answers, also if it is mounted, and the head carries the field', async () => {
    const { sessions } = deviceScene()
    const { middleware, sessionOf, device } = nodeSessions(sessions)
    const server = await serve((request, response) => {
      const { url = '' } = request
      if (url.startsWith('/open')) {
        void device(request, response).then((answered) => {
          if (!answered) response.end(String(answered))
        })
        return
      }
      Object.assign(request, { originalUrl: url, url: url.replace('/.well-known', '') })
      middleware(request, response, () => {
        const session = sessionOf(request)
        if (url === '/login') {
          session.set('user', 'ada')
          session.bindToDevice()
        }
        response.end(`${String(session.get('user'))} ${session.device}`)
      })
    })
    try {
      const send = sendTo(server.origin)
      const { browser, registered, seen, statuses } = await useServer(send)
      expect([seen, statuses]).toEqual(['ada proven', [200, 200]])
      expect(registered?.headers.get('Content-Type')).toBe('application/json')
      expect(await (await send(browser.request('/open'))).text()).toBe('false')
    } finally {
      server.close()
    }
  })

  test.each<[string, () => RequestListener]>([
    [
      'Express',
      () => {
        const { sessions } = deviceScene()
        const middleware = expressSession(sessions)
        return (request, response) =>
          middleware(request, response, () => {
            response.end(answerPage(request.url, sessionOf(request, sessions)))
          })
      },
    ],
    [
      'Koa',
      () => {
        const { sessions } = deviceScene()
        const middleware = koaSession(sessions)
        return (req, res) => {
          const ctx: Parameters<typeof middleware>[0] & { respond?: boolean } = Object.create({
            onerror: (error: Error) => res.destroy(error),
          })
          const { method, url: originalUrl } = req
          Object.assign(ctx, { req, res, method, originalUrl })
          let page = ''
          void middleware(ctx, async () => {
            page = answerPage(req.url, ctx.session)
          }).then(() => ctx.respond !== false && res.end(page))
        }
      },
    ],
  ])('%s: the middleware answers, and the head carries the field', async (_, create) => {
    const server = await serve(create())
    try {
      const { seen, statuses } = await useServer(sendTo(server.origin))
      expect([seen, statuses]).toEqual(['proven', [200, 200]])
    } finally {
      server.close()
    }
  })

  test.each([
    ['payload 2.0', '2.0'],
    ['payload 1.0', '1.0'],
  ])('Lambda: %s', async (_, version) => {
    const { sessions } = deviceScene()
    const handler = wrapLambda(sessions, (event: object, session) => {
      if (JSON.stringify(event).includes('/login')) {
        session.set('user', 'ada')
        session.bindToDevice()
      }
      return { statusCode: 200, headers: {}, body: session.device }
    })
    const { seen, statuses } = await useServer(async (request) => {
      const result = resultOf(await handler(eventOf(request, version)))
      return new Response(result.body, { status: result.statusCode, headers: result.fields })
    })
    expect([seen, statuses]).toEqual(['proven', [200, 200]])
  })

  test('Lambda: a load balancer that carries one cookie cannot bind, and says so', async () => {
    const { sessions } = deviceScene()
    const handler = wrapLambda(sessions, (_event: object, session) => {
      session.set('user', 'ada')
      session.bindToDevice()
      return { statusCode: 200, headers: {}, body: '' }
    })
    const event = { requestContext: { elb: {} }, httpMethod: 'GET', path: '/', headers: {} }
    await expect(handler(event)).rejects.toMatchObject({ code: 'ERR_SESSION_RESPONSE' })
  })
})

function eventOf(request: Request, version: string): object {
  const { pathname } = new URL(request.url)
  const { cookie = '', ...headers } = Object.fromEntries(request.headers)
  return version === '2.0'
    ? {
        version,
        rawPath: pathname,
        headers,
        cookies: cookie === '' ? [] : cookie.split('; '),
        requestContext: { http: { method: request.method } },
      }
    : {
        version,
        path: pathname,
        httpMethod: request.method,
        headers: { ...headers, Cookie: cookie },
        multiValueHeaders: null,
        requestContext: {},
      }
}

function resultOf(result: object): { statusCode: number; body: string; fields: Headers } {
  const { statusCode, body, headers, multiValueHeaders, cookies } = {
    headers: {},
    multiValueHeaders: {},
    cookies: [],
    ...(result as { statusCode: number; body: string }),
  }
  const fields = new Headers(headers)
  for (const [name, values] of Object.entries<string[]>(multiValueHeaders)) {
    for (const value of values) fields.append(name, value)
  }
  for (const cookie of cookies) fields.append('Set-Cookie', cookie)
  return { statusCode, body, fields }
}

test('a proof for another origin is rejected behind a proxy too, if the option names the origin', async () => {
  const scene = deviceScene({}, { origin: 'https://shop.example' })
  const { challenge } = await scene.login()
  const device = await makeDevice()
  const send = async (aud: string) => {
    const proof = await signProof(device, challenge, true, { payload: { aud } })
    return (await scene.sendProof(proof)).status
  }
  expect(await send(`https://example.test${ENDPOINT}`)).toBe(403)
  expect(await send(`https://shop.example${ENDPOINT}`)).toBe(200)
})

test('session.bindToDevice after the response is an error, as every change is', async () => {
  const { sessions } = deviceScene()
  const session = await sessions.open(null)
  session.set('user', 'ada')
  await sessions.setCookies(session)
  expect(() => session.bindToDevice()).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' }),
  )
  expect(() => createSessions({ secrets: SECRET, device: deviceBound({ path: '/' }) })).toThrow(
    configError('device.path'),
  )
})

test('everything works without node:crypto: with only WebCrypto and jose', async () => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(untyped(undefined))
  try {
    const scene = deviceScene()
    const id = await scene.enrol()
    expect(await scene.visit('/')).toEqual(PROVEN)
    scene.time.now += INTERVAL + TOLERANCE
    expect(await scene.visit('/')).toEqual(UNPROVEN)
    expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    expect(await scene.visit('/')).toEqual(PROVEN)
  } finally {
    vi.restoreAllMocks()
  }
})

function agesOf(lines: readonly string[]): (string | undefined)[] {
  return lines.map((line) => /Max-Age=(\d+)/.exec(line)?.[1])
}

/** Serves on a free port of the loopback interface. */
async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** Logs in at the given path, and returns what is known of the device. */
function answerPage(url: string | undefined, session: Session<Data>): string {
  if (url === '/login') {
    session.set('user', 'ada')
    session.bindToDevice()
  }
  return session.device
}
