// docs/recipes/secrets.md, row by row: each tool reads the secret from where the page says, and its build
// needs none. Each application counts visits at `/visits`, where a status stands for a secret that is missing.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVisitor } from '../support/visitor.ts'
import { installLibrary } from './library.ts'
import { copyApplication, countVisits, removeCopies, run, start, writeEnv } from './programs.ts'
import type { Environment } from './programs.ts'

const SECRET = 'SqJ1v9YkqLwQ0eXUoZ7H3mRrT5cDnB8fGpKaVtWxYz0'
const OTHER = 'Zt4GdMhQn2VbYk8LxWc6RfJp0SaEu9ToIrNwXvCqBm1'

const COUNTED = [1, 2]
const FAILED = [500, 500]

beforeAll(installLibrary)

afterAll(removeCopies)

/** Starts a server, visits it twice and stops it. */
async function visit(folder: string, command: string, env: Environment = {}): Promise<number[]> {
  const server = await start(folder, command, { env })
  try {
    return await countVisits(server)
  } finally {
    await server.stop()
  }
}

/** Replaces words of a file, which must be there. */
function edit(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replaceAll(from, to))
}

/** Returns the files below a folder that hold a string. */
function findFilesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text))
}

describe('Node', () => {
  test('reads the file of --env-file, and nothing without it', async () => {
    const folder = copyApplication('node')
    writeEnv(folder, '.env', SECRET)
    expect(await visit(folder, 'node --env-file=.env server.js')).toEqual(COUNTED)
    await expect(run(folder, 'node server.js')).rejects.toThrow(/secrets is undefined/)
  })
})

describe('Bun', () => {
  test('reads .env by itself', async () => {
    const folder = copyApplication('bun')
    const command = '../../node_modules/@oven/bun-linux-x64/bin/bun server.js'
    await expect(run(folder, command)).rejects.toThrow(/secrets is undefined/)
    writeEnv(folder, '.env', SECRET)
    expect(await visit(folder, command)).toEqual(COUNTED)
  })
})

describe('Deno', () => {
  const deno = '../../node_modules/@deno/linux-x64-glibc/deno'

  test('reads .env with --env-file, and needs no other permission', async () => {
    const folder = copyApplication('deno')
    writeEnv(folder, '.env', SECRET)
    const options = '--env-file --allow-env=SESSION_SECRETS'
    const command = `${deno} serve --host 127.0.0.1 --port $PORT ${options} server.ts`
    expect(await visit(folder, command)).toEqual(COUNTED)
  })
})

describe('Next.js', () => {
  const next = (command: string) => `next ${command} -H 127.0.0.1 -p $PORT`

  test('builds without the secret, and reads .env.local where it serves and develops', async () => {
    const folder = copyApplication('nextjs')
    expect(await run(folder, 'next build')).toContain('/about')
    writeEnv(folder, '.env.local', SECRET)
    expect(await visit(folder, next('start'))).toEqual(COUNTED)
    expect(await visit(folder, next('dev'))).toEqual(COUNTED)
  })

  test('does not build without it where it is no function', async () => {
    const folder = copyApplication('nextjs')
    edit(folder, 'app/visits/route.js', '() => process.env', 'process.env')
    await expect(run(folder, 'next build')).rejects.toThrow(/secrets is undefined/)
  })
})

describe('SvelteKit', () => {
  test.each([
    ['3', 'sveltekit', 'src/env.js', 'SESSION_SECRETS: {', 'SESSION_SECRETS: { static: true,'],
    ['2', 'sveltekit-2', 'src/lib/server/session.js', '{ env }', '* as env'],
  ])(
    'version %s: a page is prerendered without the secret, which is read where it is served',
    async (version, name, file, dynamic, fixed) => {
      const folder = copyApplication(name)
      if (version === '2') await run(folder, 'npm ci')
      const bin = version === '2' ? 'PATH="$PWD/node_modules/.bin:$PATH" ' : ''
      await run(folder, `${bin} vite build`)
      expect(readdirSync(join(folder, 'build/prerendered'))).toContain('about.html')
      writeEnv(folder, '.env', SECRET)
      expect(await visit(folder, 'node build')).toEqual(FAILED)
      expect(await visit(folder, 'node --env-file=.env build')).toEqual(COUNTED)
      const develop = `${bin} vite dev --host 127.0.0.1 --port $PORT --strictPort`
      expect(await visit(folder, develop)).toEqual(COUNTED)
      await run(folder, `${bin} vite build`)
      expect(findFilesWith(join(folder, 'build'), SECRET)).toEqual([])
      // What is static is put into the build.
      edit(folder, file, dynamic, fixed)
      if (version === '2') edit(folder, file, '$env/dynamic/private', '$env/static/private')
      await run(folder, `${bin} vite build`)
      expect(findFilesWith(join(folder, 'build'), SECRET)).not.toEqual([])
    },
  )
})

describe('Astro', () => {
  const built = 'node dist/server/entry.mjs'
  const develop = 'astro dev --host 127.0.0.1 --port $PORT'

  test('prerenders without the secret, and has process.env where it is served', async () => {
    const folder = copyApplication('astro')
    await run(folder, 'astro build')
    expect(readdirSync(join(folder, 'dist/client/about'))).toEqual(['index.html'])
    writeEnv(folder, '.env', SECRET)
    expect(await visit(folder, built)).toEqual(FAILED)
    expect(await visit(folder, built, { SESSION_SECRETS: SECRET })).toEqual(COUNTED)
  })

  test('has nothing of .env in process.env in development, unless Node reads it', async () => {
    const folder = copyApplication('astro')
    writeEnv(folder, '.env', SECRET)
    expect(await visit(folder, develop)).toEqual(FAILED)
    const withFile = `node --env-file=.env ../../node_modules/astro/bin/${develop.replace('astro', 'astro.mjs')}`
    expect(await visit(folder, withFile)).toEqual(COUNTED)
  })

  test('has it by astro:env/server in both', async () => {
    const folder = copyApplication('astro')
    const own = "import { getSecret } from 'astro:env/server'\nimport { createSessions }"
    edit(folder, 'src/middleware.js', 'import { createSessions }', own)
    edit(folder, 'src/middleware.js', 'process.env.SESSION_SECRETS', "getSecret('SESSION_SECRETS')")
    await run(folder, 'astro build')
    expect(await visit(folder, built, { SESSION_SECRETS: SECRET })).toEqual(COUNTED)
    writeEnv(folder, '.env', SECRET)
    expect(await visit(folder, develop)).toEqual(COUNTED)
  })
})

describe('Vite in general', () => {
  const develop = 'vite.js --host 127.0.0.1 --port $PORT --strictPort'

  test('has nothing of .env in process.env in development, unless Node reads it', async () => {
    const folder = copyApplication('vite')
    writeEnv(folder, '.env', SECRET)
    const bin = '../../node_modules/vite/bin/'
    expect(await visit(folder, `node ${bin}${develop}`)).toEqual(FAILED)
    expect(await visit(folder, `node --env-file=.env ${bin}${develop}`)).toEqual(COUNTED)
  })

  test('puts what begins with VITE_ into what browsers load', async () => {
    const folder = copyApplication('vite')
    writeFileSync(join(folder, '.env'), `VITE_NAME=${SECRET}\nSESSION_SECRETS=${OTHER}\n`)
    await run(folder, 'vite build')
    expect(findFilesWith(join(folder, 'dist'), SECRET)).toHaveLength(1)
    expect(findFilesWith(join(folder, 'dist'), OTHER)).toEqual([])
  })
})

describe('Nuxt and Nitro', () => {
  test('Nuxt prerenders without the secret, and reads .env in development alone', async () => {
    const folder = copyApplication('nuxt')
    await run(folder, 'nuxt build')
    expect(readdirSync(join(folder, '.output/public/about'))).toContain('index.html')
    writeEnv(folder, '.env', SECRET)
    expect(await visit(folder, 'node .output/server/index.mjs')).toEqual(FAILED)
    expect(await visit(folder, 'node --env-file=.env .output/server/index.mjs')).toEqual(COUNTED)
    expect(await visit(folder, 'nuxt dev --host 127.0.0.1 --port $PORT')).toEqual(COUNTED)
  })
})

describe('Workers', () => {
  const develop =
    'wrangler dev --local --ip 127.0.0.1 --port $PORT --persist-to state --show-interactive-dev-session=false'

  test.each([
    ['2026-08-04', '[]', COUNTED],
    ['2026-08-03', '[]', FAILED],
    ['2025-04-01', '["nodejs_compat"]', COUNTED],
    ['2025-03-31', '["nodejs_compat"]', FAILED],
  ])('read .dev.vars under wrangler dev, of the date %s with %s', async (date, flags, counts) => {
    const folder = copyApplication('wrangler')
    writeEnv(folder, '.dev.vars', SECRET)
    edit(folder, 'wrangler.json', '"2026-08-04"', JSON.stringify(date))
    edit(folder, 'wrangler.json', '[]', flags)
    expect(await visit(folder, develop)).toEqual(counts)
  })
})

describe('Docker', () => {
  test('a mounted file is read again, so that a rotation needs no restart', async () => {
    const folder = copyApplication('node')
    const file = join(folder, 'secret')
    writeFileSync(file, `${SECRET}\n`)
    const server = await start(folder, 'node mounted.js', { env: { SECRET_FILE: file } })
    try {
      const visitor = createVisitor(server.origin)
      const sealedBy = async () => {
        await visitor.visit('/visits')
        return visitor.value('__Host-session')?.split('.', 1).join()
      }
      const before = await sealedBy()
      writeFileSync(file, `${OTHER},${SECRET}\n`)
      let visits = 1
      const deadline = Date.now() + 60_000
      for (; Date.now() < deadline && (await sealedBy()) === before; visits++) await pause(50)
      const answer = await visitor.visit('/visits')
      expect(await answer.json()).toEqual({ visits: visits + 2 })
    } finally {
      await server.stop()
    }
  })
})
