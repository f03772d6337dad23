// The code of the pages whose frameworks handle a `Request`, or run in a Node server. It is run as
// it is printed.

import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { fastifySession } from 'sealed-session/fastify'
import { nodeSessions } from 'sealed-session/node'
import type { Sessions } from 'sealed-session'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { fileOfBlock, findCodeBlocks } from '../support/documents.ts'

const folder = new URL('blocks/run/', import.meta.url)

type Handler = (request: Request) => Response | Promise<Response>

beforeAll(() => {
  vi.stubEnv('SESSION_SECRETS', randomBytes(32).toString('base64url'))
  // Nest's own decorators are the older ones.
  mkdirSync(folder, { recursive: true })
  const config = { compilerOptions: { experimentalDecorators: true } }
  writeFileSync(new URL('tsconfig.json', folder), JSON.stringify(config))
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes the blocks of a page, and returns the module of the first one or of a named one. */
async function load(page: string, file?: string): Promise<Record<string, unknown>> {
  const here = new URL(`${page}/`, folder)
  const blocks = findCodeBlocks(`docs/frameworks/${page}.md`)
  for (const block of blocks) {
    const path = new URL(fileOfBlock(block), here)
    mkdirSync(new URL('.', path), { recursive: true })
    writeFileSync(path, block.code)
  }
  const [first] = blocks
  const name = file ?? (first && fileOfBlock(first)) ?? ''
  return import(new URL(name, here).href)
}

/** Sends a request as a browser, and stores the cookies of the response. */
async function ask(handler: Handler, browser: Browser, path: string, init?: RequestInit) {
  const response = await handler(browser.request(path, init))
  browser.store(response)
  return response
}

function fetchOf(member: unknown): Handler {
  const fetch: unknown = Reflect.get(Object(member), 'fetch')
  expect(fetch).toBeTypeOf('function')
  return (request) => Reflect.apply(fetch as Handler, member, [request])
}

/** Serves a listener of Node for one handler. */
async function serve(listener: RequestListener): Promise<{ handler: Handler; close: () => void }> {
  const server = createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    handler: ({ url, method, headers }) =>
      fetch(`http://127.0.0.1:${port}${new URL(url).pathname}`, { method, headers }),
    close: () => void server.close(),
  }
}

describe.each([
  ['hono', 'app'],
  ['h3', 'app'],
  ['elysia', 'app'],
  ['remix', 'router'],
])('the page on %s', (page, name) => {
  test('counts the visits of a browser', async () => {
    const handler = fetchOf((await load(page))[name])
    const browser = createJar()
    for (const visits of [1, 2, 3]) {
      expect(await (await ask(handler, browser, '/')).text()).toBe(`Visit ${visits}`)
    }
  })
})

test('the page on koa counts the visits of a browser', async () => {
  const { app } = await load('koa')
  const listener: unknown = Reflect.apply(Reflect.get(Object(app), 'callback'), app, [])
  const { handler, close } = await serve(listener as RequestListener)
  const browser = createJar()
  for (const visits of [1, 2]) {
    expect(await (await ask(handler, browser, '/')).text()).toBe(`Visit ${visits}`)
  }
  close()
})

test('the page on trpc reads the session, and ends it', async () => {
  const { handler } = (await load('trpc')) as { handler: Handler }
  const browser = createJar()
  const read = await ask(handler, browser, '/trpc/user')
  expect([read.status, await read.json()]).toEqual([200, { result: { data: 'you' } }])
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
  expect((await ask(handler, browser, '/trpc/logout', init)).status).toBe(200)
})

test('the page on yoga logs in', async () => {
  const { handler } = (await load('yoga')) as { handler: Handler }
  const browser = createJar()
  const run = async (query: string) => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify({ query }) }
    return (await ask(handler, browser, '/graphql', init)).json()
  }
  expect(await run('mutation { login(user: "ada") }')).toEqual({ data: { login: true } })
  expect(await run('{ user }')).toEqual({ data: { user: 'ada' } })
})

describe('the page on nest', () => {
  async function modules() {
    const [{ AppModule }, { sessions }] = await Promise.all([
      load('nest', 'src/app.module.ts'),
      load('nest', 'src/session.ts'),
    ])
    return {
      AppModule: AppModule as new () => object,
      sessions: sessions as Sessions<{ user: string }>,
    }
  }

  async function expectLogout(origin: string, sessions: Sessions<{ user: string }>) {
    const handler: Handler = ({ url, method, headers }) =>
      fetch(origin + new URL(url).pathname, { method, headers })
    const browser = createJar()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    browser.store(await sessions.setCookies(session))
    expect(await (await ask(handler, browser, '/')).text()).toBe('Hello ada')
    await (await ask(handler, browser, '/logout', { method: 'POST' })).text()
    expect(browser.names()).toEqual(['__Host-session.x'])
    expect(await (await ask(handler, browser, '/')).text()).toBe('Hello you')
  }

  test('serves the session on Express', async () => {
    const { AppModule, sessions } = await modules()
    const app = await NestFactory.create(AppModule, { logger: false })
    app.use(nodeSessions(sessions).middleware)
    await app.listen(0, '127.0.0.1')
    await expectLogout(await app.getUrl(), sessions)
    await app.close()
  })

  test('serves the session on Fastify', async () => {
    const { AppModule, sessions } = await modules()
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
      logger: false,
    })
    await app.register(fastifySession, { sessions })
    await app.listen(0, '127.0.0.1')
    await expectLogout(await app.getUrl(), sessions)
    await app.close()
  })
})
