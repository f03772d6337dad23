// One scenario for every adapter: a real server, and a client with a browser's cookie jar.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ENDPOINT, deviceRequest, sendTo, useServer } from '../support/device-browser.ts'
import { listen, names } from './application.ts'
import { createVisitor } from '../support/visitor.ts'
import type { Visitor } from '../support/visitor.ts'
import { createElysiaShop } from './scenario/elysia.ts'
import { startFastify } from './scenario/fastify.ts'
import { startH3 } from './scenario/h3.ts'
import { startH3One, startH3OneOnMocks } from './scenario/h3-1.ts'
import { startHono } from './scenario/hono.ts'
import { startKoa } from './scenario/koa.ts'
import { startNitroOnBun, startNitroOnLambda, startNitroOnNode } from './scenario/nitro-2.ts'
import { serveFetch } from './scenario/serve.ts'
import { BOUND_USER, CHUNKS, NO_COOKIES, SEVERAL_COOKIES, TOO_LARGE } from './scenario/shop.ts'
import type { RunningShop } from './scenario/shop.ts'

const FRAMEWORKS: readonly (readonly [
  name: string,
  start: (upstream: string) => Promise<RunningShop>,
])[] = [
  ['Hono', startHono],
  ['h3 2', startH3],
  ['h3 1', startH3One],
  ['h3 1 on mocked responses', startH3OneOnMocks],
  ['Nitro 2 on Node', startNitroOnNode],
  ['Nitro 2 on Bun', startNitroOnBun],
  ['Nitro 2 on Lambda', startNitroOnLambda],
  ['Koa', startKoa],
  ['Fastify', startFastify],
  ['Elysia on Bun', startElysiaOnBun],
  ['Elysia on Node', async (upstream) => serveFetch(createElysiaShop(upstream).fetch)],
]

const NAME = '__Host-session'
const POST: RequestInit = { method: 'POST' }

/** A server that allows every cache to store its answers. */
const upstream: Server = createServer((_, response) => {
  response.setHeader('Cache-Control', 'public, max-age=3600')
  response.setHeader('CDN-Cache-Control', 'max-age=3600')
  response.setHeader('Vary', 'Accept-Language')
  response.end('from upstream')
})
let upstreamOrigin = ''

beforeAll(async () => {
  upstreamOrigin = await listen(upstream)
})

afterAll(() => {
  upstream.close().closeAllConnections()
})

/** Elysia's own runtime, which serves static routes itself. */
async function startElysiaOnBun(from: string): Promise<RunningShop> {
  const program = new URL('scenario/elysia-on-bun.ts', import.meta.url).pathname
  const bun = new URL('node_modules/@oven/bun-linux-x64/bin/bun', import.meta.url).pathname
  const child = spawn(bun, [program], {
    env: { ...process.env, UPSTREAM: from },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [origin] = await once(createInterface(child.stdout), 'line')
  return {
    origin: String(origin),
    async stop() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

describe.each(FRAMEWORKS)('%s', (_, start) => {
  let shop: RunningShop
  let browser: Visitor

  beforeAll(async () => {
    shop = await start(upstreamOrigin)
  })

  afterAll(() => shop.stop())

  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    browser = createVisitor(shop.origin)
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  const login = (user = 'ada') => browser.visit(`/login?user=${user}`, POST)
  const read = async () => (await browser.visit('/read')).json()
  const ada = { user: 'ada', visits: 0, big: 0 }

  test('a visitor without a cookie reads an empty session, and gets no cookie', async () => {
    const response = await browser.visit('/read')
    expect(await response.json()).toEqual({ ...ada, user: '' })
    expect(names(response)).toEqual([])
    expect(response.headers.get('vary')).toBe('Cookie')
    expect(response.headers.get('cache-control')).toBe('private')
  })

  test('requests of a device are answered before any handler, and in h3 1 by a route', async () => {
    const response = await fetch(`${shop.origin}${ENDPOINT}`, POST)
    expect([response.status, await response.text()]).toEqual([403, ''])
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('a device registers its key after a login, and proves it', async () => {
    const send = sendTo(shop.origin)
    const paths = { login: `/login?user=${BOUND_USER}`, page: '/read', init: POST }
    const { browser: device, id, registered, seen, statuses } = await useServer(send, paths)
    expect(JSON.parse(seen)).toEqual({ ...ada, user: BOUND_USER, device: 'proven' })
    expect(statuses).toEqual([200, 200])
    expect(registered?.headers.get('content-type')).toBe('application/json')
    const expected = [`${NAME}.d.${id}`, `__Secure-session.k.${id}`]
    expect(registered && names(registered)).toEqual(expected)
    const forged = deviceRequest(device.header(ENDPOINT), { id, proof: 'x' })
    expect((await send(forged)).status).toBe(403)
  })

  test('a login redirects, and its message is shown once', async () => {
    const response = await login()
    await response.text()
    expect([response.status, response.headers.get('location')]).toEqual([303, '/home'])
    expect(names(response)).toEqual([NAME])
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(await (await browser.visit('/home')).text()).toBe('Hello ada|ada')
    expect(await (await browser.visit('/home')).text()).toBe('|ada')
    expect(await read()).toEqual(ada)
  })

  test('a large session takes several cookies, and shrinks to one again', async () => {
    await login()
    const stored = await browser.visit(`/store?bytes=${SEVERAL_COOKIES}`, POST)
    expect([stored.status, await stored.text()]).toEqual([200, 'stored'])
    expect(browser.names()).toEqual([NAME, `${NAME}.1`, `${NAME}.2`])
    expect(await read()).toEqual({ ...ada, big: SEVERAL_COOKIES })
    await browser.visit('/store?bytes=1', POST)
    expect(browser.names()).toEqual([NAME])
    expect(await read()).toEqual({ ...ada, big: 1 })
  })

  test("the error of a session that does not fit goes to the framework's error handling, and no cookie is set", async () => {
    await login()
    const response = await browser.visit(`/store?bytes=${NO_COOKIES}`, POST)
    expect([response.status, await response.text()]).toEqual([TOO_LARGE.status, TOO_LARGE.text])
    expect(names(response)).toEqual([])
    expect(await read()).toEqual(ada)
  })

  test.each([
    ['a handler that throws', '/fail', 500],
    ["the framework's own HTTP error", '/forbidden', 403],
  ])('%s leaves the session unchanged', async (__, path, status) => {
    await login()
    const before = browser.header()
    const response = await browser.visit(path, POST)
    await response.text()
    expect([response.status, names(response)]).toEqual([status, []])
    expect(browser.header()).toBe(before)
    expect(await (await browser.visit('/home')).text()).toBe('Hello ada|ada')
  })

  test('a stream carries the cookies, and all of its chunks', async () => {
    const response = await browser.visit('/stream')
    expect(names(response)).toEqual([NAME])
    expect(await response.text()).toBe(CHUNKS.join(''))
    expect(await read()).toEqual({ ...ada, user: '', visits: 1 })
  })

  test('a cookie of the application is kept beside those of the session', async () => {
    const response = await browser.visit('/theme')
    expect(names(response).toSorted()).toEqual([NAME, 'theme'])
    expect(browser.names()).toEqual([NAME, 'theme'])
  })

  test('a public response of another server becomes private', async () => {
    const response = await browser.visit('/upstream')
    expect(await response.text()).toBe('from upstream')
    expect(names(response)).toEqual([NAME])
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(response.headers.get('cdn-cache-control')).toBeNull()
    expect(response.headers.get('vary')).toBe('Accept-Language, Cookie')
  })

  test('a route that does not access the session stays cacheable', async () => {
    await login()
    const response = await browser.visit('/ping')
    expect([response.status, await response.text()]).toEqual([200, 'pong'])
    const fields = ['vary', 'cache-control', 'set-cookie']
    expect(fields.map((name) => response.headers.get(name))).toEqual([null, null, null])
  })

  test('a missing page is a 404 without cookies, and HEAD has the fields of GET', async () => {
    await login()
    const missing = await browser.visit('/nowhere')
    await missing.text()
    expect([missing.status, names(missing)]).toEqual([404, []])
    const head = await browser.visit('/read', { method: 'HEAD' })
    expect([head.status, await head.text(), head.headers.get('vary')]).toEqual([200, '', 'Cookie'])
  })

  test('a response that is the same object for all carries nothing to the next visitor', async () => {
    const first = await browser.visit('/constant')
    expect([first.status, names(first)]).toEqual([204, [NAME]])
    const other = createVisitor(shop.origin)
    const second = await other.visit('/constant')
    expect(names(second)).toEqual([NAME])
    expect(other.value(NAME)).not.toBe(browser.value(NAME))
  })

  test('two hundred concurrent visitors have their own sessions', async () => {
    const visitors = Array.from({ length: 200 }, (__, n) => ({
      user: `user-${n}`,
      visitor: createVisitor(shop.origin),
    }))
    const seen = await Promise.all(
      visitors.map(async ({ user, visitor }) => {
        await (await visitor.visit(`/login?user=${user}`, POST)).text()
        await (await visitor.visit('/visit')).text()
        return (await visitor.visit('/read')).json()
      }),
    )
    expect(seen).toEqual(visitors.map(({ user }) => ({ user, visits: 1, big: 0 })))
  })

  test('a logout ends the session, and an older cookie does not restore it', async () => {
    await login()
    const kept = browser.value(NAME) ?? ''
    const response = await browser.visit('/logout', POST)
    expect(await response.text()).toBe('bye')
    expect(names(response)).toEqual([NAME, `${NAME}.x`])
    expect(browser.names()).toEqual([`${NAME}.x`])
    browser.put(NAME, kept)
    expect(await read()).toEqual({ ...ada, user: '' })
  })

  test('a forged cookie is an empty session', async () => {
    await login()
    const cookie = browser.value(NAME) ?? ''
    browser.put(NAME, `${cookie.slice(0, -4)}${cookie.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`)
    expect(await read()).toEqual({ ...ada, user: '' })
  })
})
