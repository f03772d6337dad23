// What browsers load where a component imports, from the module with the sessions, something else. Bundlers
// that heed `@__NO_SIDE_EFFECTS__` leave the library out; in Next.js, `server-only` fails the build.
// Where the sessions are used in a browser, they fail, and say what to do.

import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { close, listen } from '../servers/programs.ts'
import { describeInChromium, launch, openContext } from '../support/chromium.ts'
import { installLibrary } from './library.ts'
import { copyApplication, removeCopies, run } from './programs.ts'

/** Stands in the module of `createSessions`, and nowhere else. */
const CORE = 'npx sealed-session secret'
/** Stands in what seals and opens. */
const CIPHER = 'A256GCM'

const APPLICATIONS = {
  Vite: {
    folder: 'client-vite',
    output: 'dist',
    session: 'session.js',
    component: 'page.js',
  },
  'TanStack Start': {
    folder: 'client-tanstack-start',
    output: 'dist/client',
    session: 'src/session.js',
    component: 'src/routes/index.jsx',
  },
} as const

type Framework = keyof typeof APPLICATIONS

interface Variant {
  /** `secrets` is the value itself, not a function. */
  readonly isValue?: boolean
  /** The component uses the sessions. */
  readonly isUsed?: boolean
}

beforeAll(installLibrary)

afterAll(removeCopies)

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replace(from, to))
}

/** Builds an application, and returns the folder of what browsers load. */
async function build(framework: Framework, variant: Variant): Promise<string> {
  const { folder: name, output, session, component } = APPLICATIONS[framework]
  const folder = copyApplication(name)
  if (variant.isValue === true) edit(join(folder, session), '() => process.env', 'process.env')
  if (variant.isUsed === true) {
    edit(join(folder, component), 'title }', 'title, sessions }')
    const path = join(folder, component)
    writeFileSync(path, readFileSync(path, 'utf8') + USE)
  }
  await run(folder, 'vite build')
  return join(folder, output)
}

/** Seals a session where it is loaded. */
const USE = `
const session = await sessions.open(null)
session.set('user', 'ada')
await sessions.setCookies(session)
`

/** Returns all the code of a folder. */
function readCode(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n')
}

/** Returns which of some strings the code has. Chunks would be too long for a message. */
const findIn = (code: string) => ['Shop', CORE, CIPHER].filter((text) => code.includes(text))

describe.each(['Vite', 'TanStack Start'] as const)('the client bundle of %s', (framework) => {
  test('has nothing of the library where the sessions are not used', async () => {
    expect(findIn(readCode(await build(framework, {})))).toEqual(['Shop'])
  })

  test('has no createSessions either where the secret is no function', async () => {
    expect(findIn(readCode(await build(framework, { isValue: true })))).not.toContain(CORE)
  })

  test('has all of it where they are used', async () => {
    expect(findIn(readCode(await build(framework, { isUsed: true })))).toContain(CORE)
  })
})

describe('a client component that imports the module from where servers have their own', () => {
  test('does not build in TanStack Start', async () => {
    const folder = copyApplication('client-tanstack-start')
    renameSync(join(folder, 'src/session.js'), join(folder, 'src/session.server.js'))
    edit(join(folder, 'src/routes/index.jsx'), '../session', '../session.server')
    await expect(run(folder, 'vite build')).rejects.toThrow(/session\.server/)
  })

  test('does not build in SvelteKit', async () => {
    const folder = copyApplication('sveltekit')
    const script = `<script>\nimport { sessions } from '../../lib/server/session'\n</script>\n{sessions}`
    writeFileSync(join(folder, 'src/routes/about/+page.svelte'), script)
    await expect(run(folder, 'vite build')).rejects.toThrow(/lib\/server\/session/)
  })
})

describe('Next.js', () => {
  test('with server-only, does not build a client component that imports the module', async () => {
    const folder = copyApplication('client-nextjs')
    const path = join(folder, 'session.js')
    writeFileSync(path, `import 'server-only'\n${readFileSync(path, 'utf8')}`)
    await expect(run(folder, 'next build')).rejects.toThrow(/server-only/)
  })

  // The page on secrets says so: Turbopack takes a call for a side effect, whatever the function says.
  test('without it, brings the library into the client bundle', async () => {
    const folder = copyApplication('client-nextjs')
    await run(folder, 'next build')
    expect(findIn(readCode(join(folder, '.next/static')))).toContain(CORE)
  })
})

describeInChromium('in a browser', () => {
  /** Returns the title of a page and what it throws. */
  async function open(folder: string): Promise<{ title: string; errors: string[] }> {
    const server = createServer(({ url = '/' }, response) => {
      const type = url === '/' ? 'text/html' : 'text/javascript'
      response.setHeader('content-type', type)
      response.end(readFileSync(join(folder, url === '/' ? 'index.html' : url)))
    })
    const browser = await launch()
    try {
      const page = await (await openContext(browser)).newPage()
      const errors: string[] = []
      page.on('pageerror', ({ message }) => errors.push(message))
      await page.goto(`http://127.0.0.1:${await listen(server)}/`, { waitUntil: 'networkidle' })
      return { title: await page.title(), errors }
    } finally {
      await browser.close()
      await close(server)
    }
  }

  const sentence = 'secrets is undefined: import this on the server'

  test.each([
    ['are not used do no harm', { isValue: true }, { title: 'Shop', errors: [] }],
    [
      'are created say what to do',
      { isValue: true, isUsed: true },
      { title: '', errors: [sentence] },
    ],
    ['are used say what to do', { isUsed: true }, { title: 'Shop', errors: [sentence] }],
  ])('sessions that %s', async (_, variant, expected) => {
    expect(await open(await build('Vite', variant))).toEqual(expected)
  })
})
