// Third-party middleware, in released versions, on `sealed-session/express`, in real servers.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import flash from 'connect-flash'
import { ensureLoggedIn } from 'connect-ensure-login'
import cookieParser from 'cookie-parser'
import { doubleCsrf } from 'csrf-csrf'
import { csrfSync } from 'csrf-sync'
import express from 'express'
import type { ErrorRequestHandler, Express, Request } from 'express'
import openid from 'express-openid-connect'
import grant from 'grant'
import * as oidc from 'openid-client'
import { Strategy as OpenidStrategy } from 'openid-client/passport'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { Server as SocketServer } from 'socket.io'
import { io } from 'socket.io-client'
import { afterEach, describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'
import { SECRET } from '../support/mint.ts'
import { CLIENT, SUBJECT, startProvider } from './provider.ts'
import { createVisitor, listen } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const onError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error)
  return response.status(error.statusCode ?? error.status ?? 500).send(String(error))
}

/** Starts an Express application behind `expressSession`, and a browser for it. */
async function start(
  configure: (app: Express, origin: () => string) => unknown,
): Promise<Visitor & { readonly origin: string }> {
  const sessions = createSessions({ secrets: SECRET })
  const app = express()
  let origin = ''
  app.use(expressSession(sessions))
  app.use(express.urlencoded())
  const running = await listen(createServer(app))
  origin = running.origin
  closing.push(() => running.close())
  await configure(app, () => origin)
  app.use(onError)
  return { ...createVisitor(origin), origin }
}

/** Returns the keys of the session, as JSON. */
const showSession = (app: Express) =>
  app.get('/session', (request, response) => void response.json(request.session))

const text = async (response: Promise<Response>) => (await response).text()
const json = async (response: Promise<Response>): Promise<unknown> => (await response).json()

function usePassport(app: Express, options: passport.AuthenticateOptions = {}) {
  const authenticator = new passport.Passport()
  authenticator.use(
    new LocalStrategy((name, password, done) =>
      password === 'secret'
        ? done(null, { name })
        : done(null, false, { message: 'Wrong password' }),
    ),
  )
  authenticator.serializeUser((user, done) => done(null, (user as { name: string }).name))
  authenticator.deserializeUser((name: string, done) => done(null, { name }))
  app.use(authenticator.session())
  app.get('/user', (request, response) => void response.json(request.user ?? null))
  app.post('/login', authenticator.authenticate('local', options), (_, response) => {
    response.send('in')
  })
  return authenticator
}

describe('passport', () => {
  const LOGIN = { username: 'ada', password: 'secret' }

  test('logs in and out, each with a new session', async () => {
    const { visit, post, value } = await start((app) => {
      usePassport(app)
      app.post('/cart', (request, response) => {
        Object.assign(request.session, { cart: ['a'] })
        response.send(request.session.id)
      })
      app.get('/id', (request, response) => void response.send(request.session.id))
      app.post('/logout', (request, response, next) => {
        request.logout((error) => (error ? next(error) : response.send('out')))
      })
      showSession(app)
    })
    const before = await text(post('/cart'))
    const anonymous = value('__Host-session')
    expect(await text(post('/login', LOGIN))).toBe('in')
    expect(await json(visit('/user'))).toEqual({ name: 'ada' })
    expect(await json(visit('/session'))).toEqual({ passport: { user: 'ada' } })
    expect(value('__Host-session')).not.toBe(anonymous)
    expect(await text(visit('/id'))).not.toBe(before)
    expect(await text(post('/logout'))).toBe('out')
    expect(await json(visit('/user'))).toBe(null)
    expect(await json(visit('/session'))).toEqual({})
  })

  test('keeps the data of the session with keepSessionInfo, at login and at logout', async () => {
    const { visit, post } = await start((app) => {
      usePassport(app, { keepSessionInfo: true })
      app.post('/cart', (request, response) => {
        Object.assign(request.session, { cart: [{ sku: 'a' }] })
        response.end()
      })
      app.post('/logout', (request, response, next) => {
        request.logout({ keepSessionInfo: true }, (error) =>
          error ? next(error) : response.send('out'),
        )
      })
      showSession(app)
    })
    await post('/cart')
    await post('/login', LOGIN)
    expect(await json(visit('/session'))).toEqual({
      cart: [{ sku: 'a' }],
      passport: { user: 'ada' },
    })
    await post('/logout')
    expect(await json(visit('/session'))).toEqual({ cart: [{ sku: 'a' }], passport: {} })
    expect(await json(visit('/user'))).toBe(null)
  })

  test('leaves a message with failureFlash, failureMessage and successFlash', async () => {
    const { visit, post } = await start((app) => {
      app.use(flash())
      usePassport(app, { failureFlash: true, failureMessage: true, failureRedirect: '/login' })
      app.get('/login', (request, response) => void response.json(request.flash('error')))
      showSession(app)
    })
    const failed = await post('/login', { username: 'ada', password: 'wrong' })
    expect([failed.status, failed.headers.get('location')]).toEqual([302, '/login'])
    expect(await json(visit('/login'))).toEqual(['Wrong password'])
    expect(await json(visit('/login'))).toEqual([])
    expect(await json(visit('/session'))).toEqual({ flash: {}, messages: ['Wrong password'] })
  })

  test('passes its callback the error of a value that cannot be stored', async () => {
    const { post, visit } = await start((app) => {
      const authenticator = new passport.Passport()
      authenticator.serializeUser((_, done) => done(null, 'x'.repeat(20_000)))
      app.use(authenticator.session())
      app.post('/login', (request, response) => {
        request.login({}, (error: { code: string }) => {
          delete (request.session as { passport?: unknown }).passport
          response.send(error.code)
        })
      })
      showSession(app)
    })
    expect(await text(post('/login'))).toBe('ERR_SESSION_TOO_LARGE')
    expect(await json(visit('/session'))).toEqual({})
  })

  test('returns to the requested page, with connect-ensure-login', async () => {
    const { visit, post } = await start((app) => {
      usePassport(app, { successReturnToOrRedirect: '/', keepSessionInfo: true })
      app.get('/account', ensureLoggedIn('/login'), (_, response) => void response.send('account'))
      showSession(app)
    })
    const asked = await visit('/account?tab=2')
    expect([asked.status, asked.headers.get('location')]).toEqual([302, '/login'])
    const back = await post('/login', LOGIN)
    expect([back.status, back.headers.get('location')]).toEqual([302, '/account?tab=2'])
    expect(await text(visit('/account'))).toBe('account')
    expect(await json(visit('/session'))).toEqual({ passport: { user: 'ada' } })
  })
})

describe('connect-flash', () => {
  test('shows messages once, after a redirect', async () => {
    const { visit, post } = await start((app) => {
      app.use(flash())
      app.post('/save', (request, response) => {
        request.flash('info', 'saved %s', 'twice')
        request.flash('info', ['one', 'two'])
        response.redirect('/')
      })
      app.get('/', (request, response) => void response.json(request.flash()))
    })
    await post('/save')
    expect(await json(visit('/'))).toEqual({ info: ['saved twice', 'one', 'two'] })
    expect(await json(visit('/'))).toEqual({})
  })
})

describe('CSRF', () => {
  test('csrf-sync accepts only its own token', async () => {
    const { csrfSynchronisedProtection, generateToken } = csrfSync({
      getTokenFromRequest: ({ body }) => body.token,
    })
    const { visit, post } = await start((app) => {
      app.use(csrfSynchronisedProtection)
      app.get('/form', (request, response) => void response.send(generateToken(request)))
      app.post('/form', (_, response) => void response.send('taken'))
    })
    const token = await text(visit('/form'))
    expect(await text(post('/form', { token }))).toBe('taken')
    expect((await post('/form', { token: `${token}x` })).status).toBe(403)
    expect((await post('/form')).status).toBe(403)
  })

  test('csrf-csrf binds its token to the id of a session with data', async () => {
    const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
      getSecret: () => SECRET,
      getSessionIdentifier: ({ session }) => session.id,
      getCsrfTokenFromRequest: ({ body }: Request) => body.token,
      cookieName: '__Host-csrf',
    })
    const { visit, post } = await start((app) => {
      app.use(cookieParser())
      app.use((request, _, next) => {
        Object.assign(request.session, { began: true })
        next()
      })
      app.use(doubleCsrfProtection)
      app.get('/form', (request, response) => {
        response.send(generateCsrfToken(request, response))
      })
      app.post('/form', (_, response) => void response.send('taken'))
      app.post('/new', (request, response, next) => {
        request.session.regenerate((error: unknown) => (error ? next(error) : response.send('new')))
      })
    })
    const token = await text(visit('/form'))
    expect(await text(post('/form', { token }))).toBe('taken')
    expect((await post('/form', { token: 'x' })).status).toBe(403)
    expect(await text(post('/new', { token }))).toBe('new')
    expect((await post('/form', { token })).status).toBe(403)
  })
})

describe('OpenID Connect', () => {
  async function provider(origin: () => string) {
    const running = await startProvider(() => [origin()])
    closing.push(() => running.close())
    return running.origin
  }

  test('express-openid-connect signs in beside the session, and can write to it', async () => {
    const { follow, visit } = await start(async (app, origin) => {
      app.use(
        openid.auth({
          issuerBaseURL: await provider(origin),
          baseURL: origin(),
          clientID: CLIENT.id,
          clientSecret: CLIENT.secret,
          secret: SECRET,
          authRequired: false,
          authorizationParams: { response_type: 'code' },
          afterCallback: (request, _response, session) => {
            Object.assign(request.session, { user: request.oidc.user?.['sub'] ?? 'later' })
            return session
          },
        }),
      )
      app.get('/', (request, response) => {
        response.json([request.oidc.isAuthenticated(), request.oidc.user?.['sub']])
      })
      showSession(app)
    })
    expect(await json(visit('/'))).toEqual([false, null])
    expect(await json(follow('/login'))).toEqual([true, SUBJECT])
    expect(await json(visit('/session'))).toEqual({ user: expect.any(String) })
  })

  test('openid-client keeps its state and its verifier in the session', async () => {
    const { follow, visit } = await start(async (app, origin) => {
      const configuration = await oidc.discovery(
        new URL(await provider(origin)),
        CLIENT.id,
        CLIENT.secret,
        undefined,
        { execute: [oidc.allowInsecureRequests] },
      )
      // Express 5 handles what a handler rejects with.
      // oxlint-disable-next-line oxc/no-async-endpoint-handlers
      app.get('/login', async (request, response) => {
        const verifier = oidc.randomPKCECodeVerifier()
        const state = oidc.randomState()
        Object.assign(request.session, { oidc: { verifier, state } })
        const url = oidc.buildAuthorizationUrl(configuration, {
          redirect_uri: `${origin()}/callback`,
          scope: 'openid',
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state,
        })
        response.redirect(url.href)
      })
      // oxlint-disable-next-line oxc/no-async-endpoint-handlers
      app.get('/callback', async (request, response) => {
        const { verifier, state } = (
          request.session as unknown as { oidc: { verifier: string; state: string } }
        ).oidc
        const tokens = await oidc.authorizationCodeGrant(
          configuration,
          new URL(request.url, origin()),
          { pkceCodeVerifier: verifier, expectedState: state },
        )
        await request.session.regenerate()
        Object.assign(request.session, { user: tokens.claims()?.sub })
        response.redirect('/session')
      })
      showSession(app)
    })
    expect(await json(follow('/login'))).toEqual({ user: SUBJECT })
    expect((await visit('/callback?code=code-0&state=x')).status).toBe(500)
  })

  test("openid-client's strategy for passport signs in", async () => {
    const { follow, visit } = await start(async (app, origin) => {
      const config = await oidc.discovery(
        new URL(await provider(origin)),
        CLIENT.id,
        CLIENT.secret,
        undefined,
        { execute: [oidc.allowInsecureRequests] },
      )
      const authenticator = new passport.Passport()
      authenticator.serializeUser((user, done) => done(null, user))
      authenticator.deserializeUser((user: Express.User, done) => done(null, user))
      authenticator.use(
        'oidc',
        new OpenidStrategy(
          { config, scope: 'openid', callbackURL: `${origin()}/callback` },
          (tokens, done) => done(null, { name: tokens.claims()?.sub }),
        ),
      )
      app.use(authenticator.session())
      app.get('/login', authenticator.authenticate('oidc'))
      app.get('/callback', authenticator.authenticate('oidc', { successRedirect: '/user' }))
      app.get('/user', (request, response) => void response.json(request.user ?? null))
      showSession(app)
    })
    expect(await json(follow('/login'))).toEqual({ name: SUBJECT })
    expect(await json(visit('/session'))).toEqual({ passport: { user: { name: SUBJECT } } })
  })

  test('grant keeps its flow in the session, and its answer', async () => {
    const { follow, visit } = await start(async (app, origin) => {
      const issuer = await provider(origin)
      app.use(
        grant.default.express({
          defaults: { origin: origin(), transport: 'session', state: true, nonce: true },
          shop: {
            authorize_url: `${issuer}/authorize`,
            access_url: `${issuer}/token`,
            oauth: 2,
            key: CLIENT.id,
            secret: CLIENT.secret,
            scope: ['openid'],
            pkce: true,
            callback: '/done',
          },
        }),
      )
      app.get('/done', (request, response) => {
        const { grant: kept } = request.session as unknown as {
          grant: { response: { access_token: string; id_token: string } }
        }
        response.send(kept.response.access_token)
      })
      showSession(app)
    })
    expect(await text(follow('/connect/shop'))).toBe('access')
    const kept = await json(visit('/session'))
    expect(kept).toMatchObject({
      grant: { provider: 'shop', response: { access_token: 'access' } },
    })
  })

  test('grant without a state stores members that are undefined', async () => {
    const { follow } = await start(async (app, origin) => {
      const issuer = await provider(origin)
      app.use(
        grant.default.express({
          defaults: { origin: origin(), transport: 'session' },
          shop: {
            authorize_url: `${issuer}/authorize`,
            access_url: `${issuer}/token`,
            oauth: 2,
            key: CLIENT.id,
            secret: CLIENT.secret,
            callback: '/session',
          },
        }),
      )
      showSession(app)
    })
    expect(await json(follow('/connect/shop'))).toMatchObject({ grant: { provider: 'shop' } })
  })
})

test('docs/frameworks/express-session.md lists these packages, at the versions that are installed', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  const page = read('../../docs/frameworks/express-session.md')
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    read('package.json'),
  )
  const rows = Array.from(
    page.matchAll(/^\| ([\w.-]+)\s*\| ([\d.]+)\s*\|/gm),
    ([, name = '', version = '']) => [name, version] as const,
  )
  const others = new Set(['express', 'cookie-parser', 'socket.io-client'])
  const installed = Object.entries(dependencies).filter(([name]) => !others.has(name))
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(installed))
})

describe('socket.io', () => {
  test.each(['websocket', 'polling'] as const)(
    'reads the session of its handshake through io.engine.use, over %s',
    async (transport) => {
      const sessions = createSessions<{ user: string }>({ secrets: SECRET })
      const app = express()
      app.use(expressSession(sessions))
      app.get('/login', (request, response) => {
        sessionOf(request, sessions).set('user', 'ada')
        response.send('in')
      })
      const server = createServer(app)
      const sockets = new SocketServer(server)
      sockets.engine.use(expressSession(sessions))
      const running = await listen(server)
      closing.push(() => running.close())
      closing.push(() => sockets.close())
      sockets.on('connection', (socket) => {
        socket.on('ask', async (answer: (...values: unknown[]) => void) => {
          const { session } = socket.request as Request
          let code: unknown
          try {
            Object.assign(session, { user: 'grace' })
          } catch (error) {
            code = (error as { code: string }).code
          }
          await session.reload()
          const rejection = await sessions.verify(sessionOf(socket.request, sessions))
          answer(session, session.id === sessionOf(socket.request).id, code, rejection ?? 'valid')
        })
      })

      const visitor = createVisitor(running.origin)
      await visitor.visit('/login')
      const client = io(running.origin, {
        transports: [transport],
        extraHeaders: { cookie: visitor.header() },
        forceNew: true,
      })
      closing.push(() => client.close())
      const seen = await new Promise((resolve) => {
        client.emit('ask', (...values: unknown[]) => resolve(values))
      })
      expect(seen).toEqual([{ user: 'ada' }, true, 'ERR_SESSION_COMMITTED', 'valid'])
    },
  )
})
