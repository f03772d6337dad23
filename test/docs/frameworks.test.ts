// The code blocks that need a framework, which only the documentation site installs: they are run and
// type-checked from a folder of that package.

import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  findCodeBlocks,
  isFileOfExample,
  listDocuments,
  moduleName,
  repository,
} from '../support/documents.ts'
import { handlersOf } from '../support/handlers.ts'

const folder = new URL('docs/dist/blocks/', repository)
const blocks = listDocuments()
  .flatMap((file) => findCodeBlocks(file))
  .filter((block) => !isFileOfExample(block))
  .filter(
    ({ file, code }) => file !== 'docs/migrating.md' && /from '(?:express|fastify)'/.test(code),
  )

beforeAll(() => {
  vi.stubEnv('SESSION_SECRETS', randomBytes(32).toString('base64url'))
  mkdirSync(folder, { recursive: true })
  for (const block of blocks) writeFileSync(new URL(moduleName(block), folder), block.code)
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

test('there are blocks for Express and for Fastify', () => {
  const files = new Set(blocks.map(({ file }) => file))
  expect([...files]).toEqual([
    'docs/frameworks/express-session.md',
    'docs/frameworks/express.md',
    'docs/frameworks/fastify.md',
  ])
})

describe.each(blocks)('$file, line $line', (block) => {
  test('answers a request', async () => {
    const exported: unknown = await import(new URL(moduleName(block), folder).href)
    const handlers = handlersOf(exported)
    expect(handlers).toHaveLength(1)
    for (const handler of handlers) {
      const response = await handler(new Request('https://example.com/'))
      expect(response.status).toBe(200)
    }
  })
})

test.each(blocks)('every type holds in $file, line $line', (block) => {
  const name = moduleName(block)
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      paths: {
        'sealed-session': ['../../../src/index.ts'],
        'sealed-session/*': ['../../../src/adapters/*.ts'],
      },
    },
    // One at a time: each declares the session of its own application.
    include: [name],
    exclude: [],
  }
  const place = new URL(`tsconfig.${name}.json`, folder)
  writeFileSync(place, JSON.stringify(config))
  const tsc = new URL('node_modules/.bin/tsc', repository).pathname
  const { stdout } = spawnSync(tsc, ['-p', place.pathname], { encoding: 'utf8' })
  expect(stdout).toBe('')
})
