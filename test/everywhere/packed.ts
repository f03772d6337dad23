// The package as users get it: packed, and installed from the tarball in folders outside the
// repository, once by the npm of Node 20 and once by that of a newer Node, which choose their own
// versions of the dependencies.

import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { build, transform } from 'esbuild'
import type { BuildOptions } from 'esbuild'
import { node20, node24, run } from './programs.ts'
import type { Runtime } from './programs.ts'

export const root = new URL('../../', import.meta.url).pathname
const here = new URL('.', import.meta.url).pathname

/** A user's folder, with the package installed. */
export interface Workspace {
  /** By the npm of Node 20. */
  readonly folder20: string
  /** By the npm of Node 24. Everything but Node 20 runs here. */
  readonly folder: string
  /** The value of SESSION_SECRETS. */
  readonly secret: string
  remove(): Promise<void>
}

export async function prepare(tarball: string | undefined): Promise<Workspace> {
  const base = await mkdtemp(join(tmpdir(), 'sealed-session-'))
  const remove = () => rm(base, { recursive: true, force: true })
  try {
    const packed = tarball === undefined ? await pack(base) : resolve(tarball)
    const [folder20, folder] = [join(base, 'node20'), join(base, 'current')]
    await Promise.all([install(packed, folder20, node20), install(packed, folder, node24)])
    await Promise.all([copySuite(folder20), copySuite(folder)])
    return { folder20, folder, secret: randomBytes(32).toString('base64url'), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Bundles `entry` with all that it imports from the package, as users do. */
export async function bundle(
  entry: string,
  outfile: string,
  more: BuildOptions = {},
): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2023',
    logLevel: 'error',
    ...more,
  })
}

/** Writes a TypeScript file as JavaScript, for Node 20, which reads no types. */
export async function withoutTypes(from: string, to: string): Promise<void> {
  const { code } = await transform(await readFile(from, 'utf8'), { loader: 'ts', target: 'es2023' })
  await writeFile(to, code)
}

/** Returns the application that the documentation shows for Workers, Deno and Bun. */
async function documentedHandler(): Promise<string> {
  const page = await readFile(join(root, 'docs/frameworks/fetch.md'), 'utf8')
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
  const found = blocks.find((code) => code.includes('export default {'))
  if (found === undefined) throw new Error('fetch.md has no block with `export default {`')
  return found
}

async function pack(folder: string): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: root,
  })
  const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'))
  if (name === undefined) throw new Error('npm pack left no tarball')
  return join(folder, name)
}

async function install(tarball: string, folder: string, node: Runtime): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  // npm's shebang looks for `node` on the path.
  const PATH = [dirname(node.path), process.env['PATH']].join(delimiter)
  const values = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    tarball,
  ]
  await run('npm', values, { cwd: folder, env: { PATH } })
}

/** Puts the suite, the runners, the application and the examples beside the installed package. */
async function copySuite(folder: string): Promise<void> {
  const external = ['sealed-session', 'node:*']
  await bundle(join(here, 'examine.ts'), join(folder, 'suite.mjs'), { external })
  await bundle(join(here, 'apps/app.ts'), join(folder, 'app.mjs'), { external })
  await cp(join(here, 'runners'), folder, { recursive: true })
  await cp(join(here, 'apps'), folder, { recursive: true, filter: (file) => !file.endsWith('.ts') })
  for (const name of ['workers', 'bun', 'deno', 'node', 'vercel', 'lambda']) {
    await copyFile(join(root, `examples/${name}.ts`), join(folder, `${name}.ts`))
  }
  await writeFile(join(folder, 'documented.ts'), await documentedHandler())
  // Servers for Node, which an application would install beside the package.
  await mkdir(join(folder, 'node_modules/@hono'))
  for (const name of ['hono', '@hono/node-server']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  for (const name of ['node', 'lambda', 'documented']) {
    await withoutTypes(join(folder, `${name}.ts`), join(folder, `${name}.mjs`))
  }
}
