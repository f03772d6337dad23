// The error handlers of the framework pages, as they are printed, where no session could be opened.

import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { Module } from '@nestjs/common'
import type { ExceptionFilter } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { afterEach, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { toCookieHeader } from '../support/cookie-jar.ts'
import { fileOfBlock, findCodeBlocks, isFile } from '../support/documents.ts'
import { SECRET } from '../support/mint.ts'

const folder = new URL('blocks/error-handlers/', import.meta.url)

/** Takes the place of the pages' own sessions. */
const FAILING_SESSIONS = `
import { createSessions } from 'sealed-session'
export interface Data { user: string; notes: string; visits: number }
export const sessions = createSessions<Data>({
  secrets() {
    throw new Error('the vault is down')
  },
})
`

const closing: (() => unknown)[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) await close()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes the files of a page, with sessions that cannot be opened, and imports one of them. */
async function importFile(page: string, file: string): Promise<Record<string, unknown>> {
  const root = new URL(`${page}/`, folder)
  for (const block of findCodeBlocks(`docs/frameworks/${page}.md`).filter(isFile)) {
    const path = fileOfBlock(block)
    mkdirSync(new URL('.', new URL(path, root)), { recursive: true })
    writeFileSync(new URL(path, root), block.code)
  }
  writeFileSync(new URL('src/session.ts', root), FAILING_SESSIONS)
  const compilerOptions = { target: 'es2022', experimentalDecorators: true }
  writeFileSync(new URL('tsconfig.json', root), JSON.stringify({ compilerOptions }))
  return (await import(new URL(file, root).href)) as Record<string, unknown>
}

/** Returns a `Cookie` header that no server can open without its secrets. */
async function loggedIn(): Promise<string> {
  const sessions = createSessions<{ user: string }>({ secrets: SECRET })
  const session = await sessions.open(null)
  session.set('user', 'ada')
  return toCookieHeader(await sessions.setCookies(session))
}

async function get(listener: RequestListener): Promise<Response> {
  const server = createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  closing.push(() => server.close().closeAllConnections())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: await loggedIn() } })
}

test('that of Express answers, and does not fail itself', async () => {
  const { app } = await importFile('express', 'src/app.ts')
  const response = await get(app as RequestListener)
  expect([response.status, await response.text()]).toEqual([500, 'failed'])
})

test('that of Nest receives the error, and does not fail itself', async () => {
  const { SessionFilter } = (await importFile('nest', 'src/session.filter.ts')) as {
    SessionFilter: new (adapter: object) => ExceptionFilter
  }
  const seen: unknown[] = []
  const { middleware } = nodeSessions(
    createSessions({
      secrets() {
        throw new Error('the vault is down')
      },
    }),
  )
  const root = class {
    readonly name = 'application'
  }
  Module({})(root)
  const app = await NestFactory.create(root, { logger: false })
  const filter = new SessionFilter(app.getHttpAdapter())
  app.useGlobalFilters({
    catch(error, host) {
      seen.push(error)
      return filter.catch(error, host) as unknown
    },
  })
  app.use(middleware)
  await app.init()
  closing.push(() => app.close())
  const response = await get(app.getHttpAdapter().getInstance() as RequestListener)
  expect(await response.json()).toEqual({ statusCode: 500, message: 'Internal server error' })
  expect(seen).toEqual([expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })])
})
