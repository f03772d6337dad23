// (b) A whole request: a real `Request` with a `Cookie` header in, a real `Response` out. Each kind is
// run with the session and, with the same cookie and the same answer, without it.

import assert from 'node:assert/strict'
import { createSessions } from '../dist/index.js'
import { altered } from './check.mjs'
import { cookieOf } from './contenders/cookies.mjs'
import { SIZES, login, noise, sessionOf } from './payloads.mjs'
import { takeTurns } from './timing.mjs'

const URL = 'https://shop.example/cart'

/** Half a day: longer than a tenth of the idle timeout, so the session is due for its renewal. */
const LATER = 43_200

/**
 * @returns `requests`: kind -> { with, without }, and `opens`: kind of cookie -> times, all by round
 */
export async function measureRequests(secret, effort) {
  const time = { now: Date.now() }
  const sessions = createSessions({ secrets: secret, limits: 'node', clock: () => time.now })
  const cookie = cookieOf(await written(sessions, login))
  const large = cookieOf(await written(sessions, sessionOf(8500)))
  time.now -= LATER * 1000
  const aged = cookieOf(await written(sessions, login))
  time.now += LATER * 1000

  const read = (_, session) => new Response(session.get('userId', 'nobody'))
  const write = (_, session) => {
    session.set('lastSeen', session.get('lastSeen') + 1)
    return new Response('changed')
  }
  const ignore = () => new Response('hello')
  const kinds = {
    'anonymous, session not used': { cookie: '', handler: ignore, lines: 0 },
    'anonymous, session read': { cookie: '', handler: read, lines: 0 },
    'read only': { cookie, handler: read, lines: 0 },
    write: { cookie, handler: write, lines: 1 },
    renewal: { cookie: aged, handler: read, lines: 1 },
    'read only, three cookies': { cookie: large, handler: read, lines: 0 },
    'write, three cookies': { cookie: large, handler: write, lines: 3 },
    'junk cookie': { cookie: `__Host-session=${noise(400)}`, handler: read, lines: 0 },
    'altered cookie': { cookie: altered(cookie), handler: read, lines: 0 },
  }

  const operations = {}
  for (const [kind, { cookie: sent, handler, lines }] of Object.entries(kinds)) {
    const headers = sent === '' ? {} : { cookie: sent }
    const handle = sessions.wrap(handler)
    // oxlint-disable-next-line no-await-in-loop
    const response = await handle(new Request(URL, { headers }))
    const setCookies = response.headers.getSetCookie()
    assert.equal(setCookies.length, lines, `${kind} sets ${lines} cookies`)
    operations[`${kind}, with`] = () => handle(new Request(URL, { headers }))
    operations[`${kind}, without`] = async () => {
      const request = new Request(URL, { headers })
      return new Response(request.method)
    }
  }
  // The time of opening alone, beside that of cookies that do not open.
  const opens = {
    'a valid cookie': cookie,
    junk: kinds['junk cookie'].cookie,
    'one character altered': kinds['altered cookie'].cookie,
  }
  for (const [kind, sent] of Object.entries(opens)) {
    operations[`open: ${kind}`] = () => sessions.open(sent)
  }
  const results = await takeTurns(operations, effort)
  return {
    requests: Object.fromEntries(
      Object.keys(kinds).map((kind) => [
        kind,
        { with: results[`${kind}, with`], without: results[`${kind}, without`] },
      ]),
    ),
    opens: Object.fromEntries(Object.keys(opens).map((kind) => [kind, results[`open: ${kind}`]])),
  }
}

/**
 * Measures what a read-only request adds, compared with the objects around it: one `Request` with
 * the cookie and one `Response` that sets it.
 *
 * @returns JSON size -> { added, built }, each microseconds by round
 */
export async function measureAdded(secret, effort) {
  const sessions = createSessions({ secrets: secret, limits: 'node' })
  const handle = sessions.wrap((_, session) => new Response(session.get('userId')))
  const operations = {}
  const sizes = { login, ...Object.fromEntries(SIZES.map((size) => [size, sessionOf(size)])) }
  for (const [size, data] of Object.entries(sizes)) {
    // oxlint-disable-next-line no-await-in-loop
    const lines = await written(sessions, data)
    const headers = { cookie: cookieOf(lines) }
    const setting = lines.map((line) => ['set-cookie', line])
    operations[`${size}, read`] = () => handle(new Request(URL, { headers }))
    operations[`${size}, plain`] = async () => {
      const request = new Request(URL, { headers })
      return new Response(request.method)
    }
    operations[`${size}, built`] = async () => {
      const request = new Request(URL, { headers })
      return new Response(request.method, { headers: setting })
    }
  }
  const results = await takeTurns(operations, effort)
  return Object.fromEntries(
    Object.keys(sizes).map((size) => {
      const plain = results[`${size}, plain`]
      const added = results[`${size}, read`].map((time, round) => time - plain[round])
      return [size, { added, built: results[`${size}, built`] }]
    }),
  )
}

async function written(sessions, data) {
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  return sessions.setCookies(session)
}
