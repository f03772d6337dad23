// The documentation's code, run as it is printed. A block is a module of its own; every console.log
// in it says in a comment what it prints.

import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, promisify } from 'node:util'
import { randomBytes } from 'node:crypto'
import { startPlayground } from '../support/playground-server.ts'
import { PRESET_NAMES, resolveLimits } from '../../src/size/limits.ts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

interface Block {
  readonly file: string
  readonly line: number
  readonly language: string
  readonly code: string
}

const folder = new URL('../blocks/', import.meta.url)
const blocks = ['README.md', 'SECURITY.md'].flatMap(blocksOf)
const modules = blocks.filter(({ language }) => language === 'ts')
const commands = blocks.filter(({ language }) => language === 'sh')

beforeAll(() => {
  for (const name of ['SESSION_SECRETS', 'NEW_SECRET', 'OLD_SECRET']) {
    vi.stubEnv(name, randomBytes(32).toString('base64url'))
  }
  mkdirSync(folder, { recursive: true })
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

test('every block is code that is run here', () => {
  const known = new Set(['ts', 'sh'])
  expect(blocks.filter(({ language }) => !known.has(language))).toEqual([])
  expect(modules.length).toBeGreaterThanOrEqual(8)
})

describe.each(modules)('$file, line $line', ({ file, line, code }) => {
  test('prints what its comments say, and its handlers answer', async () => {
    const path = new URL(`${file}-${line}.ts`, folder)
    writeFileSync(path, code)
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const printed = () => log.mock.calls.map((values) => format(...values))
    try {
      const block: unknown = await import(path.href)
      expect(printed()).toEqual(expectedOutput(code))
      for (const handler of handlersOf(block)) {
        const response = await handler(new Request('https://example.com/'))
        expect(response.status).toBeLessThan(400)
      }
    } finally {
      log.mockRestore()
    }
  })
})

test('README says how to install, start and test in commands that stand on lines of their own', () => {
  const lines = commands.flatMap(({ code }) => code.split('\n'))
  expect(lines).toContain('npm ci && npm start')
  expect(lines).toContain('npm ci && npm test')
})

test('what README does with curl logs in, is refused too much, and loses nothing', async () => {
  const { code = '' } = commands.find((block) => block.code.includes('curl')) ?? {}
  const cwd = mkdtempSync(join(tmpdir(), 'readme-'))
  const { url, stop } = await startPlayground({ PORT: '0' })
  try {
    const script = code
      .replaceAll('http://127.0.0.1:3000', url)
      .replaceAll('curl', 'echo; curl -sS')
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd })
    expect(stdout.match(/"user":"Ada"/g)).toHaveLength(2)
    expect(stdout).toContain('limits.responseHeader')
  } finally {
    await stop()
    rmSync(cwd, { recursive: true })
  }
})

test('a round trip can be run by line 20 of README', () => {
  const first = modules.find(({ file }) => file === 'README.md')
  expect(first?.line).toBeLessThan(10)
  const end = (first?.line ?? 0) + (first?.code.split('\n').length ?? 99)
  expect(end).toBeLessThanOrEqual(21)
})

test("README's table of places has every place with the limits it has in the code", async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const cells = readme.matchAll(/`([\w-]+)`\s*\|\s*([\d ]+?)\s*\|\s*([\d ]+?)\s*\|/g)
  const number = (text = '') => Number(text.replaceAll(' ', ''))
  const printed = [...cells].map(
    ([, name = '', request, response]) => [name, [number(request), number(response)]] as const,
  )
  const actual = PRESET_NAMES.map((name) => {
    const { requestHeader, responseHeader } = resolveLimits(name, false)
    return [name, [requestHeader, responseHeader]] as const
  })
  expect(new Map(printed)).toEqual(new Map(actual))
})

test('every type in the blocks holds', () => {
  mkdirSync(folder, { recursive: true })
  for (const { file, line, code } of modules)
    writeFileSync(new URL(`${file}-${line}.ts`, folder), code)
  const config = {
    extends: '../../tsconfig.json',
    // Handlers that are shown take arguments they do not use.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['.'],
    exclude: [],
  }
  writeFileSync(new URL('tsconfig.json', folder), JSON.stringify(config))
  const tsc = new URL('../../node_modules/.bin/tsc', import.meta.url).pathname
  const { stdout } = spawnSync(tsc, ['-p', folder.pathname], { encoding: 'utf8' })
  expect(stdout).toBe('')
})

function blocksOf(file: string): Block[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length
    return { file, line, language: match[1] ?? '', code: match[2] ?? '' }
  })
}

function expectedOutput(code: string): string[] {
  return code
    .split('\n')
    .filter((line) => line.includes('console.log('))
    .map((line) => /\/\/ (.*)$/.exec(line)?.[1] ?? `no comment behind: ${line}`)
}

/** A default export with `fetch`, or exported fetch handlers; a Node server is asked by a real request. */
function handlersOf(block: unknown): ((request: Request) => Promise<Response>)[] {
  if (typeof block !== 'object' || block === null) return []
  return Object.values(block).flatMap((member: unknown) => {
    if (isHandler(member)) return [member]
    if (isFetcher(member)) return [member.fetch]
    return isServer(member) ? [(request: Request) => askServer(member, request)] : []
  })
}

type Handler = (request: Request) => Promise<Response>

interface Server {
  listen(port: number, host: string, ready: () => void): unknown
  address(): unknown
  close(): unknown
}

function isHandler(member: unknown): member is Handler {
  return typeof member === 'function'
}

function isFetcher(member: unknown): member is { fetch: Handler } {
  return typeof member === 'object' && member !== null && 'fetch' in member
}

function isServer(member: unknown): member is Server {
  return typeof member === 'object' && member !== null && 'listen' in member
}

async function askServer(server: Server, request: Request): Promise<Response> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  try {
    const address = server.address()
    const port =
      typeof address === 'object' && address !== null && 'port' in address && address.port
    const response = await fetch(`http://127.0.0.1:${String(port)}/`, { method: request.method })
    expect(response.headers.getSetCookie()).toHaveLength(1)
    return response
  } finally {
    server.close()
  }
}
