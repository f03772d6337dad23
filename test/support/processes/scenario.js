// Runs everything that can happen to a session, and returns the results. They are the same each time, because the
// clock stands still and the random bytes are counted. For processes whose globals have been
// changed.

import { createSessions } from '../../../dist/index.js'
import { wrapLambda } from '../../../dist/adapters/lambda.js'
import { nodeSessions } from '../../../dist/adapters/node.js'

export const SECRET = 'TpO1kDOzKxnFtTFl3N3ViTQuWqhZTTjjMMXdMJHwyJ4'
const REMOVED_SECRET = 'Zv2mPqYd7uTNrc8AgW0sLkXhJf4eB9iOnVQyH3KtE6M'
const START = 1_768_478_400_000
const NAME = '__Host-session'

const { getBuiltinModule } = process

/** @param {'node:crypto' | 'webcrypto'} engine */
export function selectEngine(engine) {
  process.getBuiltinModule = engine === 'webcrypto' ? undefined : getBuiltinModule
}

export function createRecorded(options) {
  const events = []
  const sessions = createSessions({
    secrets: SECRET,
    clock: () => START,
    observe: (event) => void events.push({ ...event }),
    lifetimes: { remembered: { maxAge: 2_592_000, persistent: false } },
    ...options,
  })
  return { sessions, events }
}

/** Makes cookies of all kinds, as browsers send them. */
export async function createCookies() {
  const { sessions } = createRecorded()
  const cookieOf = async (maker, fill) => {
    const session = await maker.open(null)
    fill(session)
    const lines = await maker.setCookies(session)
    return lines.map((line) => line.split(';', 1)[0]).join('; ')
  }
  const user = (session) => session.set('user', 'ada')
  const good = await cookieOf(sessions, (session) => {
    user(session)
    session.set('cart', [{ id: 1, tags: ['a', 'b'] }])
    session.scope('shop').set('open', true)
    session.flash('note', 'hello')
  })
  const long = await cookieOf(createRecorded({ limits: { cookie: 700 } }).sessions, (session) => {
    session.set('text', 'x'.repeat(1000))
  })
  const removed = await cookieOf(createRecorded({ secrets: REMOVED_SECRET }).sessions, user)
  const idle = await cookieOf(createRecorded({ clock: () => START - 100_000_000 }).sessions, user)
  const remembered = await cookieOf(sessions, (session) => {
    session.regenerate({ lifetime: 'remembered' })
    user(session)
  })
  const later = createRecorded({ clock: () => START + 60_000 }).sessions
  const touched = await later.open(good)
  touched.touch()
  const ticket = (await later.setCookies(touched)).map((line) => line.split(';', 1)[0]).join('; ')
  const token = await sessions.open(good).then((session) => sessions.seal(session))
  return {
    cookies: {
      none: '',
      good,
      ended: `${NAME}.x=AbCd; ${good}; theme=dark`,
      ticketed: `${good}; ${ticket}`,
      remembered,
      altered: good.replace(/.{5}$/, 'AAAAA'),
      long,
      incomplete: long.split('; ')[0],
      removed,
      idle,
      nonsense: `${NAME}=nonsense`,
    },
    token,
  }
}

/**
 * Creates the requests and responses of one run, before the platform's own objects are changed.
 */
export function createMessages({ cookies, token }) {
  const url = 'https://example.test/'
  const visits = Object.entries(cookies).map(([kind, cookie]) => ({
    kind,
    cookie,
    headers: new Headers({ cookie }),
    request: new Request(url, { headers: { cookie } }),
    page: new Response('text'),
    redirect: Response.redirect(url, 303),
  }))
  const login = { request: new Request(url), page: new Response(null, { status: 204 }) }
  return { visits, login, token, good: cookies.good }
}

/** Returns the results of all of them. */
export async function runScenario({ sessions, events }, { visits, login, token, good }) {
  const results = []
  const record = (...what) => results.push(what)
  const fail = (error) => ({ failed: error.code ?? String(error) })
  const headersOf = (response) => [...response.headers, response.status]
  const data = (session) => ({
    id: session.id,
    expiresAt: session.expiresAt?.getTime(),
    rejection: session.rejection?.reason,
    isNew: session.isNew,
    entries: session.entries(),
  })

  for (const { kind, cookie, headers, request, page, redirect } of visits) {
    const session = await sessions.open(request)
    record(kind, data(session), session.scope('shop').entries(), session.flash('note'))
    record(kind, headersOf(await sessions.commit(request, page)))

    const changed = await sessions.open(cookie)
    changed.set('visits', 1)
    changed.flash('note', 'again')
    record(kind, changed.peekFlash('note'))
    const form = changed.csrfToken()
    record(kind, changed.verifyCsrfToken(form), changed.verifyCsrfToken('x'))
    record(kind, headersOf(await sessions.commit(changed, redirect)))

    const risen = await sessions.open({ headers: { cookie } })
    risen.set('admin', true)
    risen.regenerate()
    record(kind, risen.entries())
    risen.set('user', 'eve')
    risen.regenerate({ keep: ['user'] })
    record(kind, data(risen), await sessions.setCookies(risen))

    const renamed = await sessions.open(cookie)
    renamed.set('role', 'admin')
    renamed.renewId()
    record(kind, data(renamed), await sessions.verify(renamed), await sessions.setCookies(renamed))

    const undone = await sessions.open(cookie)
    undone.set('role', 'admin')
    undone.discard()
    record(kind, data(undone), await sessions.setCookies(undone))

    const pairs = cookie.split('; ').map((pair) => pair.split('='))
    const stored = []
    const store = {
      getAll: () => pairs.map(([name, value]) => ({ name, value })),
      set: (...values) => void stored.push(values),
    }
    const kept = await sessions.open(store)
    kept.touch()
    await sessions.save(kept, store).catch((error) => record(kind, fail(error)))
    record(kind, data(kept), stored)

    const over = await sessions.open(headers)
    over.destroy()
    record(kind, await sessions.setCookies(over))
    for (const event of [
      { version: '2.0', cookies: cookie.split('; ') },
      { version: '1.0', headers: { Cookie: cookie }, multiValueHeaders: null },
      { requestContext: { elb: {} }, headers: { cookie } },
    ]) {
      const handle = wrapLambda(sessions, (_, own) => ({ statusCode: own.set('n', 1) ?? 200 }))
      record(kind, await handle(event).catch(fail))
    }
  }

  const bare = await sessions.unseal(token)
  record(data(bare), await sessions.seal(bare), await sessions.measure(bare))
  const link = await sessions.seal(bare, 'reset')
  record(data(await sessions.unseal(link, 'reset')), data(await sessions.unseal(link)))
  record(data(await sessions.unseal('x')))
  const handler = sessions.wrap((_, session) => {
    session.set('user', 'ada')
    throw login.page
  })
  record(headersOf(await handler(login.request)))
  const big = await sessions.open(null)
  big.set('text', 'x'.repeat(70_000))
  record(await sessions.setCookies(big).catch(fail))
  for (const value of [
    new Date(0),
    { deep: [undefined] },
    Array(1),
    {
      get a() {
        return 1
      },
    },
  ]) {
    try {
      record(big.set('value', value))
    } catch (error) {
      record(fail(error), error.path)
    }
  }
  record(await throughNode(sessions, good))
  record(events.splice(0))
  return results
}

/**
 * Sends a request through the middleware, with the members of a request and a response that it
 * uses.
 */
async function throughNode(sessions, cookie) {
  const headers = new Map()
  const response = {
    // An accessor, as in Node.js: a plain property marks a mock, which is not held back.
    get headersSent() {
      return false
    },
    writableEnded: false,
    statusCode: 200,
    getHeader: (name) => headers.get(name.toLowerCase()),
    setHeader: (name, value) => headers.set(name.toLowerCase(), value),
    removeHeader: (name) => headers.delete(name.toLowerCase()),
    getHeaderNames: () => [...headers.keys()],
  }
  const request = { headers: { cookie } }
  const { middleware, sessionOf } = nodeSessions(sessions)
  return new Promise((resolve) => {
    Object.assign(response, {
      writeHead: () => response,
      write: () => true,
      end: () => resolve([...headers]),
      flushHeaders: () => {},
    })
    middleware(request, response, (error) => {
      if (error) return resolve(error.code ?? String(error))
      sessionOf(request).set('visits', 1)
      return response.end('text')
    })
  })
}
