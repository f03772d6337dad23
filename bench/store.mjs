// The calls of Redis for a session, as Redis counts them: this library with `overflow`, beside
// express-session with connect-redis, on the same server. Counts and bytes do not depend on the
// machine; nothing is timed.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { RedisStore } from 'connect-redis'
import express from 'express'
import expressSession from 'express-session'
import { createClient } from 'redis'
import { nodeSessions } from '../dist/adapters/node.js'
import { createSessions } from '../dist/index.js'
import { overflow } from '../dist/overflow/overflow.js'
import { cookieOf } from './contenders/cookies.mjs'
import { login, noise } from './payloads.mjs'

/** Requests of each kind. */
const REQUESTS = 20

const cart = noise(20_000)

/** The data of the session, and the action of a request. */
const SCENARIOS = {
  'a login session, read': [{}, '/read'],
  'a login session, changed': [{}, '/visit'],
  'with a cart of 20 kB, read': [{ cart }, '/read'],
  'with a cart of 20 kB, the rest changed': [{ cart }, '/visit'],
  'with a cart of 20 kB, the cart changed': [{ cart }, '/cart'],
}

/** Measures each contender: calls of Redis and bytes to and from it, for one request. */
export async function measureStore(secret) {
  const { client, stop } = await startRedis()
  try {
    const measured = {}
    for (const [name, serve] of Object.entries({
      'sealed-session, overflow': serveOurs,
      'express-session, connect-redis': serveExpress,
    })) {
      measured[name] = {}
      const { url, close } = await listen(serve(secret, client))
      for (const [scenario, [more, path]] of Object.entries(SCENARIOS)) {
        measured[name][scenario] = await measureScenario(url, more, path, client)
      }
      await close()
    }
    return measured
  } finally {
    await client.close()
    await stop()
  }
}

async function measureScenario(url, more, path, client) {
  const response = await fetch(`${url}/start`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...login, ...more }),
  })
  let cookie = cookieOf(response.headers.getSetCookie())
  // Subtracts the cost of asking for the counts.
  const idle = await statistics(client)
  const before = await statistics(client)
  for (let count = 0; count < REQUESTS; count++) {
    const answer = await fetch(url + path, { headers: { cookie } })
    if ((await answer.text()) !== login.userId) throw new Error(`${path} lost its session`)
    const lines = answer.headers.getSetCookie()
    if (lines.length > 0) cookie = cookieOf(lines)
  }
  const after = await statistics(client)
  const at = (found, name) => found[name] ?? 0
  const difference = (name) => (at(after, name) - 2 * at(before, name) + at(idle, name)) / REQUESTS
  return {
    reads: difference('get'),
    writes: difference('set') + difference('expire'),
    received: Math.round(difference('total_net_input_bytes')),
    sent: Math.round(difference('total_net_output_bytes')),
    cookie: cookie.length,
  }
}

/** The calls of each command, and the bytes, without those of asking for them. */
async function statistics(client) {
  const found = {}
  const commands = await client.info('commandstats')
  for (const [, name, calls] of commands.matchAll(/cmdstat_(\w+):calls=(\d+)/g)) {
    found[name] = Number(calls)
  }
  const stats = await client.info('stats')
  for (const [, name, bytes] of stats.matchAll(/(total_net_\w+put_bytes):(\d+)/g)) {
    found[name] = Number(bytes)
  }
  return found
}

function serveOurs(secret, client) {
  const storage = {
    getItem: (key) => client.get(key),
    setItem: (key, value, { ttl }) => client.set(key, value, { EX: ttl }),
    removeItem: (key) => client.del(key),
  }
  const sessions = createSessions({ secrets: secret, overflow: overflow({ storage }) })
  const { middleware, sessionOf } = nodeSessions(sessions)
  const app = express().use(express.json({ limit: '100kb' }), middleware)
  app.use((request, response) => {
    const session = sessionOf(request)
    const get = (key) => session.get(key)
    act(request, { get, set: (key, value) => session.set(key, value) })
    response.end(get('userId'))
  })
  return app
}

function serveExpress(secret, client) {
  const app = express().use(express.json({ limit: '100kb' }))
  const store = new RedisStore({ client })
  app.use(expressSession({ store, secret, resave: false, saveUninitialized: false }))
  app.use((request, response) => {
    const { session } = request
    act(request, { get: (key) => session[key], set: (key, value) => (session[key] = value) })
    response.end(session.userId)
  })
  return app
}

/** Performs the action of the path. */
function act({ path, body }, session) {
  if (path === '/start') for (const [key, value] of Object.entries(body)) session.set(key, value)
  if (path === '/visit') session.set('lastSeen', session.get('lastSeen') + 7)
  if (path === '/cart') {
    // Of the same length as before, and different.
    const former = session.get('cart')
    session.set('cart', former.slice(1) + former[0])
  }
}

async function listen(app) {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function startRedis() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args.map(String), { stdio: 'ignore' })
  await pause(500)
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  await client.connect()
  return {
    client,
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
