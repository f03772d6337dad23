// Nitro 2, as Nuxt uses it, built for production: its responses are Node's with one preset, and
// mocks with the others.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { build, createNitro, prepare } from 'nitropack'
import { freePort } from '../../servers/programs.ts'
import { serveFetch } from './serve.ts'
import type { RunningShop } from './shop.ts'

const START_DEADLINE = 120_000

const folder = new URL('../', import.meta.url).pathname
const source = new URL('../../../src/', import.meta.url).pathname

/** The result of a Lambda function for payload 2.0. */
interface LambdaResult {
  readonly statusCode: number
  readonly headers?: Record<string, string>
  readonly cookies?: readonly string[]
  readonly body?: string
  readonly isBase64Encoded?: boolean
}

export function startNitroOnNode(upstream: string): Promise<RunningShop> {
  return startProcess('node-server', process.execPath, upstream)
}

export function startNitroOnBun(upstream: string): Promise<RunningShop> {
  return startProcess('bun', `${folder}node_modules/@oven/bun-linux-x64/bin/bun`, upstream)
}

/** Serves the function of the preset for Lambda, called as API Gateway does. */
export async function startNitroOnLambda(upstream: string): Promise<RunningShop> {
  process.env['UPSTREAM'] = upstream
  const dir = await buildApplication('aws-lambda')
  const { handler }: { handler: (event: object, context: object) => Promise<LambdaResult> } =
    await import(join(dir, 'server/index.mjs'))
  const server = await serveFetch(async (request) => {
    const { pathname, searchParams, search } = new URL(request.url)
    const result = await handler(
      {
        version: '2.0',
        rawPath: pathname,
        rawQueryString: search.slice(1),
        queryStringParameters: Object.fromEntries(searchParams),
        headers: Object.fromEntries(request.headers),
        cookies: request.headers.get('cookie')?.split('; ') ?? [],
        requestContext: { http: { method: request.method, path: pathname } },
      },
      {},
    )
    return toResponse(request, result)
  })
  return {
    origin: server.origin,
    async stop() {
      await server.stop()
      await rm(dir, { recursive: true })
    },
  }
}

function toResponse({ method }: Request, result: LambdaResult): Response {
  const headers = new Headers(result.headers)
  // API Gateway sends both kinds of cookies.
  for (const line of result.cookies ?? []) headers.append('Set-Cookie', line)
  const { statusCode: status, body = '', isBase64Encoded = false } = result
  const isEmpty = method === 'HEAD' || status === 204
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  return new Response(isEmpty ? null : bytes, { status, headers })
}

async function startProcess(
  preset: string,
  program: string,
  upstream: string,
): Promise<RunningShop> {
  const dir = await buildApplication(preset)
  const port = await freePort()
  const child = spawn(program, [join(dir, 'server/index.mjs')], {
    env: { ...process.env, UPSTREAM: upstream, HOST: '127.0.0.1', PORT: String(port) },
    stdio: 'ignore',
  })
  const origin = `http://127.0.0.1:${port}`
  try {
    await untilAnswered(`${origin}/ping`, child)
  } catch (error) {
    child.kill()
    throw error
  }
  return {
    origin,
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      await rm(dir, { recursive: true })
    },
  }
}

async function buildApplication(preset: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nitro-2-'))
  const nitro = await createNitro({
    rootDir: `${folder}nitro-2`,
    preset,
    buildDir: join(dir, 'build'),
    output: { dir, serverDir: join(dir, 'server'), publicDir: join(dir, 'public') },
    errorHandler: `${folder}nitro-2/error.ts`,
    compatibilityDate: '2026-11-01',
    alias: {
      'sealed-session/device': `${source}device/binding.ts`,
      'sealed-session/h3': `${source}adapters/h3.ts`,
      'sealed-session': `${source}index.ts`,
      // h3 2 is installed beside it under its own name.
      h3: `${folder}node_modules/h3-1`,
    },
    noExternals: true,
    logLevel: 1,
  })
  await prepare(nitro)
  await build(nitro)
  await nitro.close()
  return dir
}

async function untilAnswered(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_DEADLINE
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok === true) return
    await pause(50)
  }
  throw new Error(`nothing answers at ${url}`)
}
