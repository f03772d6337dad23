// The steps of a user before the package runs: imports it in every possible way, checks types
// against it, and bundles it.

import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './packed.ts'
import type { Workspace } from './packed.ts'
import { bun, deno, node20, node22, node24, node26, run, vite, wrangler } from './programs.ts'
import type { Runtime } from './programs.ts'
import { tally } from './report.ts'
import type { Row } from './report.ts'
import { deployable } from './examples.ts'

type Job = () => Promise<Row>

/** An application that uses every kind of export, with lines that must not compile. */
const CONSUMER = `import { createSessions, SessionTooLargeError } from 'sealed-session'
import type { Session, SessionOptions, Sessions, SizeReport } from 'sealed-session'

interface Data {
  user: string
  visits: number
}

const options: SessionOptions<Data> = { secrets: 'unused', limits: ['cloudflare', 'vercel'] }
export const sessions: Sessions<Data> = createSessions<Data>(options)

export const handler: (request: Request) => Promise<Response> = sessions.wrap(
  async (request, session) => {
    const visits: number = session.get('visits', 0) + 1
    const user: string | undefined = session.get('user')
    session.set('visits', visits)
    // @ts-expect-error -- no key of Data
    session.set('vists', 1)
    // @ts-expect-error -- no value of it
    session.set('visits', '1')
    return new Response(\`\${user} \${request.url}\`)
  },
)

export async function report(session: Session<Data>): Promise<SizeReport | undefined> {
  try {
    await sessions.setCookies(session)
    return undefined
  } catch (error) {
    return error instanceof SessionTooLargeError ? error.report : undefined
  }
}

// A variable of type boolean is checked when the program runs.
const isProduction: boolean = options.limits === 'vercel'
createSessions({ secrets: '', cookie: { name: 'session', secure: isProduction } })
// @ts-expect-error -- no option
createSessions({ secrets: '', secure: true })
`

/** Seals and opens a session, and prints its data. */
const ROUND_TRIP = `
const sessions = createSessions({ secrets: 'gpdjWSQZucre34yVYZRgQxfjGlP3-o-Q6aX2REPMb1g' })
const session = await sessions.open(null)
session.set('user', 'ada')
const [line] = await sessions.setCookies(session)
console.log((await sessions.open(line.split(';')[0])).get('user'))
`

export function installJobs(workspace: Workspace): Job[] {
  return [
    () => contents(workspace),
    ...[node20, node22, node24, node26, bun, deno].map(
      (runtime) => () => imports(runtime, workspace),
    ),
    () => types(workspace),
    () => bundles(workspace),
  ]
}

async function contents({ folder20, folder }: Workspace): Promise<Row> {
  return tally({ part: 'install', runtime: 'npm', version: '' }, async (attempt) => {
    await attempt('the package holds what it needs and nothing else', async () => {
      const files = await readdir(join(folder, 'node_modules/sealed-session'), { recursive: true })
      const strange = files.filter(
        (file) =>
          !/^(?:dist(?:\/.*)?|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/.test(
            file,
          ),
      )
      assert.deepEqual(strange, [])
      assert.deepEqual(
        files.filter((file) => /\.test\.|(?<!\.d)\.ts$/.test(file)),
        [],
      )
    })
    await attempt('it brings jose and cookie, and nothing else', async () => {
      for (const target of [folder20, folder]) {
        const names = await readdir(join(target, 'node_modules'))
        const installed = names.filter((name) => !name.startsWith('.') && !name.includes('hono'))
        assert.deepEqual(installed.toSorted(), ['cookie', 'jose', 'sealed-session'])
      }
    })
    const cookies = await Promise.all([folder20, folder].map(versionOfCookie))
    await attempt('one of the folders has cookie 1, the other cookie 2', () => {
      assert.deepEqual(
        cookies.map((version) => version.split('.')[0]),
        ['1', '2'],
      )
    })
  })
}

function imports(runtime: Runtime, { folder20, folder }: Workspace): Promise<Row> {
  const cwd = runtime === node20 ? folder20 : folder
  const { name, version, path } = runtime
  const ways = {
    'import.mjs': `import { createSessions } from 'sealed-session'${ROUND_TRIP}`,
    'dynamic.mjs': `const { createSessions } = await import('sealed-session')${ROUND_TRIP}`,
    'require.cjs': `const { createSessions } = require('sealed-session')
async function main() {${ROUND_TRIP}}
main()
`,
  }
  return tally({ part: 'install', runtime: name, version }, async (attempt) => {
    for (const [file, code] of Object.entries(ways)) {
      await attempt(`${file} seals and opens`, async () => {
        await writeFile(join(cwd, file), code)
        const values = runtime === deno ? ['run', '-A', file] : [file]
        assert.equal((await run(path, values, { cwd })).trim(), 'ada')
      })
    }
  })
}

function types({ folder }: Workspace): Promise<Row> {
  const shared = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, target: 'es2022' }
  const web = { lib: ['es2022', 'dom', 'dom.iterable'], types: [] }
  const onNode = {
    lib: ['es2022'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const ways = {
    'nodenext, DOM': { ...shared, ...web, module: 'nodenext' },
    'bundler, DOM': { ...shared, ...web, module: 'esnext', moduleResolution: 'bundler' },
    'node20, DOM': { ...shared, ...web, module: 'node20' },
    'nodenext, types of Node alone': { ...shared, ...onNode, module: 'nodenext' },
  }
  const tsc = join(root, 'node_modules/.bin/tsc')
  return tally({ part: 'install', runtime: 'TypeScript', version: '7' }, async (attempt) => {
    for (const [way, compilerOptions] of Object.entries(ways)) {
      await attempt(way, async () => {
        const target = join(folder, `types-${way.replace(/\W+/g, '-')}`)
        await mkdir(target)
        await writeFile(join(target, 'consumer.ts'), CONSUMER)
        const configuration = { compilerOptions, include: ['consumer.ts'] }
        await writeFile(join(target, 'tsconfig.json'), JSON.stringify(configuration))
        await run(tsc, ['-p', target], { cwd: folder })
      })
    }
  })
}

function bundles({ folder }: Workspace): Promise<Row> {
  const version = [vite, wrangler].map((tool) => `${tool.name} ${tool.version}`).join(', ')
  return tally({ part: 'install', runtime: 'bundles', version }, async (attempt) => {
    const entry = join(folder, 'import.browser.mjs')
    await writeFile(entry, `import { createSessions } from 'sealed-session'${ROUND_TRIP}`)

    await attempt('esbuild for browsers needs nothing of Node', async () => {
      const outfile = join(folder, 'browser.mjs')
      await build({ ...MINIFIED, platform: 'browser', entryPoints: [entry], outfile })
      await standsAlone(outfile, folder)
    })
    await attempt('vite builds it for browsers', async () => {
      const target = join(folder, 'vite')
      await mkdir(target)
      await writeFile(
        join(target, 'vite.config.js'),
        `export default { build: { outDir: 'out', lib: { entry: '../import.browser.mjs', formats: ['es'], fileName: 'bundle' } } }`,
      )
      const said = await run(node24.path, [vite.path, 'build'], { cwd: target })
      assert.ok(!/externalized|warn/i.test(said), said)
      const [file = ''] = await readdir(join(target, 'out'))
      await standsAlone(join(target, 'out', file), folder)
    })
    await attempt('wrangler builds a Worker', async () => {
      const code = await readFile(await deployable(join(folder)), 'utf8')
      assert.ok(code.includes('cloudflare:workers'))
    })
  })
}

const MINIFIED = { bundle: true, minify: true, format: 'esm', logLevel: 'error' } as const

/** Checks that a bundle runs without any other module, and uses none of Node's. */
async function standsAlone(file: string, cwd: string): Promise<void> {
  const code = await readFile(file, 'utf8')
  const needed = [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)]
  const modules = needed.map(([, name = '']) => name)
  assert.deepEqual(
    modules.filter((name) => builtinModules.includes(name.replace('node:', ''))),
    [],
  )
  assert.equal((await run(node20.path, [file], { cwd })).trim(), 'ada')
}

async function versionOfCookie(folder: string): Promise<string> {
  const manifest = await readFile(join(folder, 'node_modules/cookie/package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
