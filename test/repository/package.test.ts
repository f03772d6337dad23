// The package as a user installs it: its files, their imports, and its dependencies.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'

interface Lock {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

interface LockedPackage {
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly inBundle?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = new URL('../..', import.meta.url)
const manifest = JSON.parse(read('package.json'))
const packed = packedFiles()

test('the package has a file for each entry point, chunks, the types, and nothing else', () => {
  const entries = Object.values<Record<string, string> | string>(manifest.exports)
  const built = [
    ...sourcesOf('src').map((path) => `dist/${path}.d.ts`),
    ...entries.flatMap((entry) =>
      typeof entry === 'string' ? [] : (entry['default'] ?? '').slice(2),
    ),
  ]
  const command = sourcesOf('bin').map((path) => `dist/bin/${path}.js`)
  const beside = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
  const isChunk = (path: string) => /^dist\/chunks\/[a-z-]+\.js$/.test(path)
  expect(new Set(packed.filter((path) => !isChunk(path)))).toEqual(
    new Set([...built, ...command, ...beside]),
  )
})

test('a cold start loads two files of ours, and cookie, but jose only if it is needed', () => {
  const loaded = new Set<string>()
  const load = (path: string) => {
    loaded.add(path)
    for (const [, from = ''] of read(path).matchAll(/^(?:import|export) [^;]*from "([^"]+)";$/gm)) {
      const file = from.startsWith('.') ? posix.join(posix.dirname(path), from) : from
      if (file.startsWith('dist/') && !loaded.has(file)) load(file)
      else loaded.add(file)
    }
  }
  load('dist/index.js')
  const expected = ['dist/index.js', 'dist/chunks/create-sessions.js', 'cookie']
  expect(loaded).toEqual(new Set(expected))
})

test('it depends only on jose and cookie', () => {
  expect(Object.keys(manifest.dependencies).toSorted()).toEqual(['cookie', 'jose'])
  expect(manifest.peerDependencies).toBeUndefined()
  const { packages }: Lock = JSON.parse(read('package-lock.json'))
  for (const name of ['cookie', 'jose']) {
    expect(packages[`node_modules/${name}`], name).toMatchObject({ license: 'MIT' })
    expect(packages[`node_modules/${name}`]?.dependencies, name).toBeUndefined()
  }
})

test('no script runs when it is installed', () => {
  const atInstall = /^(pre|post)?(install|prepare)$/
  expect(Object.keys(manifest.scripts).filter((name) => atInstall.test(name))).toEqual([])
})

test('the library imports its own files, jose and cookie; only the command imports Node', () => {
  const isCommand = (path: string) => path.startsWith('dist/bin/')
  const modules = packed.filter((path) => path.endsWith('.js'))
  const imported = (paths: string[]) => new Set(paths.flatMap((path) => importsOf(read(path))))
  expect(imported(modules.filter((path) => !isCommand(path)))).toEqual(new Set(['cookie', 'jose']))
  const command = [...imported(modules.filter(isCommand))]
  expect(command.filter((name) => !name.startsWith('node:'))).toEqual(['sealed-session'])
})

test('every entry point exists, with its types first', () => {
  const entries = Object.entries<Record<string, string> | string>(manifest.exports)
  for (const [name, entry] of entries) {
    if (typeof entry === 'string') continue
    expect(Object.keys(entry), name).toEqual(['types', 'default'])
    for (const path of Object.values(entry)) expect(packed).toContain(path.slice(2))
  }
  expect(packed).toContain(manifest.bin['sealed-session'].slice(2))
})

test('every lock file fixes every package by its hash, and names no host', () => {
  // A fixed list, so that a folder that loses its lock file is noticed.
  expect(lockFiles()).toEqual(manifests().map((path) => path.replace('.json', '-lock.json')))
  for (const path of lockFiles()) {
    const { lockfileVersion, packages }: Lock = JSON.parse(read(path))
    expect(lockfileVersion, path).toBe(3)
    const { '': project, ...installed } = packages
    expect(Object.keys(installed).length, path).toBeGreaterThan(0)
    expect(project, path).toMatchObject(rangesOf(path))
    for (const [name, entry] of Object.entries(installed)) {
      expect(name, path).toMatch(/^node_modules\//)
      // A bundled package is part of the one around it, whose hash covers it.
      if (entry.inBundle === true) continue
      expect(entry.integrity, `${path}: ${name}`).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/)
      expect([entry.resolved, entry.link], `${path}: ${name}`).toEqual([undefined, undefined])
    }
  }
})

test('every folder installs from the registry that the machine is configured for', () => {
  for (const path of manifests()) {
    const { dependencies = {}, devDependencies = {}, overrides = {} } = JSON.parse(read(path))
    const ranges = Object.values<string>({ ...dependencies, ...devDependencies, ...overrides })
    for (const range of ranges) expect(range, path).toMatch(/^(npm:(@[\w-]+\/)?[\w-]+@)?\^?\d/)
    expect(read(path.replace('package.json', '.npmrc')), path).toMatch(
      /^omit-lockfile-registry-resolved=true$/m,
    )
  }
})

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/** Finds the packages that a module imports: of `jose/errors` it is `jose`. */
function importsOf(code: string): string[] {
  const imports = code.matchAll(
    /^(?:import|export) (?:[^'"]*from )?['"]([^.'"][^'"]*)['"]|\bimport\(['"]([^.'"][^'"]*)['"]/gm,
  )
  return Array.from(imports, ([, one, other]) => (one ?? other ?? '').split('/')[0] ?? '')
}

/** The paths of all TypeScript files below a folder, without their extension. */
function sourcesOf(folder: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll('\\', '/').replace(/\.ts$/, ''))
}

/** Every `package.json` of ours: the root's, and those of folders that have an installation of their own. */
function manifests(): string[] {
  return [
    'package.json',
    ...['bench', 'docs', ...foldersBelow('examples'), ...foldersBelow('test')].map(
      (name) => `${name}/package.json`,
    ),
  ]
    .filter((path) => existsSync(new URL(path, root)))
    .toSorted()
}

function lockFiles(): string[] {
  const locks = manifests().map((path) => path.replace('.json', '-lock.json'))
  return locks.filter((path) => existsSync(new URL(path, root)))
}

/** The ranges of a manifest that its lock file repeats. A lock file with others is out of date. */
function rangesOf(lock: string): object {
  const { dependencies, devDependencies } = JSON.parse(read(lock.replace('-lock', '')))
  return {
    ...(dependencies === undefined ? {} : { dependencies }),
    ...(devDependencies === undefined ? {} : { devDependencies }),
  }
}

function foldersBelow(folder: string): string[] {
  const entries = readdirSync(new URL(folder, root), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${folder}/${name}`)
}

function packedFiles(): string[] {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(output)
  return files.map(({ path }: { path: string }) => path)
}
