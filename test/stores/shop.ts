// One instance of a shop, as a separate process: carts of any size in sessions, with Redis for what
// does not fit. The secrets come from a file that changes meanwhile.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createStorage } from 'unstorage'
import redisDriver from 'unstorage/drivers/redis'
import { SessionError, createSessions } from '../../src/index.ts'
import { overflow } from '../../src/overflow/overflow.ts'
import { clock, observe, serve } from '../drill/instance.ts'
import { cartOf } from './cart.ts'

interface Shop {
  user: string
  visits: number
  version: number
  cart: string
}

const { SECRETS_FILE = '', REDIS_PORT = '' } = process.env

// Without a queue a request fails immediately while Redis is down, instead of waiting.
const driver = redisDriver({
  host: '127.0.0.1',
  port: Number(REDIS_PORT),
  enableOfflineQueue: false,
  retryStrategy: () => 100,
})
const redis = driver.getInstance?.()
redis.on('error', () => {})

const sessions = createSessions<Shop>({
  secrets: () => readFile(SECRETS_FILE, 'utf8'),
  secretsRefresh: 1,
  clock,
  observe,
  // An unavailable Redis fails immediately. A slow machine is not a failure.
  overflow: overflow({ storage: createStorage({ driver }), keys: ['cart'], timeout: 60 }),
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<object> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1')
  const session = await sessions.open(request)
  if (pathname === '/login') {
    session.regenerate()
    session.set('user', searchParams.get('user') ?? '')
  }
  if (pathname === '/cart') {
    const version = session.get('version', 0) + 1
    session.set('version', version)
    session.set('cart', cartOf(session.get('user', ''), version, Number(searchParams.get('size'))))
  }
  if (pathname === '/visit') session.set('visits', session.get('visits', 0) + 1)
  if (pathname === '/logout') session.destroy()
  response.setHeader('Set-Cookie', await sessions.setCookies(session))
  const { user, visits = 0, version = 0, cart = '' } = session.toJSON()
  const hash = createHash('sha256').update(cart).digest('base64url')
  return { user, visits, version, cart: hash, reason: session.rejection?.reason }
}

const server = createServer(async (request, response) => {
  try {
    const body = await answer(request, response)
    response.end(JSON.stringify(body))
  } catch (error) {
    const isOurs = error instanceof SessionError
    response.statusCode = isOurs ? 503 : 500
    response.end(JSON.stringify({ code: isOurs ? error.code : String(error) }))
  }
})

// Takes no requests before Redis is connected: without a queue they would fail.
if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve))

serve(server)
