// What a user does with the package before anything runs: imports it in every way there is, checks
// types against it, and bundles it, within a budget.

import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { BuildOptions } from 'esbuild'
import { root } from './packed.ts'
import type { Workspace } from './packed.ts'
import { bun, deno, node20, node22, node24, node26, run, vite, wrangler } from './programs.ts'
import type { Runtime } from './programs.ts'
import { tally } from './report.ts'
import type { Row } from './report.ts'
import { deployable } from './examples.ts'

type Job = () => Promise<Row>

/** Gzipped bytes of what a bundler makes of the package: what it is, rounded up, so that it cannot grow unseen. */
const BUDGET = { 'own code': 17_500, 'with jose and cookie': 27_500 }

/** A use of every kind of export, with what must not compile. */
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

// @ts-expect-error -- browsers drop a __Host- cookie that has a domain
createSessions({ secrets: '', cookie: { domain: 'example.com' } })
`

/** Seals and opens once; prints what came back. */
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
    () => sizes(workspace),
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
      for (const place of [folder20, folder]) {
        const names = await readdir(join(place, 'node_modules'))
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
        const place = join(folder, `types-${way.replace(/\W+/g, '-')}`)
        await mkdir(place)
        await writeFile(join(place, 'consumer.ts'), CONSUMER)
        const configuration = { compilerOptions, include: ['consumer.ts'] }
        await writeFile(join(place, 'tsconfig.json'), JSON.stringify(configuration))
        await run(tsc, ['-p', place], { cwd: folder })
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
      const place = join(folder, 'vite')
      await mkdir(place)
      await writeFile(
        join(place, 'vite.config.js'),
        `export default { build: { outDir: 'out', lib: { entry: '../import.browser.mjs', formats: ['es'], fileName: 'bundle' } } }`,
      )
      const said = await run(node24.path, [vite.path, 'build'], { cwd: place })
      assert.ok(!/externalized|warn/i.test(said), said)
      const [file = ''] = await readdir(join(place, 'out'))
      await standsAlone(join(place, 'out', file), folder)
    })
    await attempt('wrangler builds a Worker', async () => {
      const code = await readFile(await deployable(join(folder)), 'utf8')
      assert.ok(code.includes('cloudflare:workers'))
    })
  })
}

const MINIFIED = { bundle: true, minify: true, format: 'esm', logLevel: 'error' } as const

/** A bundle that runs in an empty folder, on a Node whose modules the library does not find. */
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

function sizes({ folder }: Workspace): Promise<Row> {
  return tally({ part: 'install', runtime: 'size, gzip', version: '' }, async (attempt) => {
    const entry = join(folder, 'size.mjs')
    await writeFile(entry, `export * from 'sealed-session'\n`)
    const measured: Record<keyof typeof BUDGET, BuildOptions> = {
      'own code': { external: ['jose', 'cookie'] },
      'with jose and cookie': {},
    }
    for (const [what, options] of Object.entries(measured)) {
      const budget = BUDGET[what as keyof typeof BUDGET]
      const { bytes, largest } = await gzipped(entry, options)
      console.log(`\nsize: ${what}: ${bytes} bytes gzipped of ${budget}; largest: ${largest}`)
      await attempt(`${what}: at most ${budget} bytes`, () => {
        assert.ok(
          bytes <= budget,
          `${bytes} bytes, ${bytes - budget} too many; largest: ${largest}`,
        )
      })
    }
  })
}

/** A minified bundle's size, and the files that most of it comes from. */
async function gzipped(
  entry: string,
  options: BuildOptions,
): Promise<{ bytes: number; largest: string }> {
  const { outputFiles, metafile } = await build({
    ...MINIFIED,
    ...options,
    entryPoints: [entry],
    write: false,
    metafile: true,
  })
  const [output] = Object.values(metafile?.outputs ?? {})
  const largest = Object.entries(output?.inputs ?? {})
    .map(
      ([file, { bytesInOutput }]) => [file.split('/').slice(-2).join('/'), bytesInOutput] as const,
    )
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 8)
    .map(([file, size]) => `${file} ${size}`)
    .join(', ')
  return { bytes: gzipSync(outputFiles?.[0]?.contents ?? '').length, largest }
}

async function versionOfCookie(folder: string): Promise<string> {
  const manifest = await readFile(join(folder, 'node_modules/cookie/package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
