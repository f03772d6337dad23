// What a user installs: the files, what they import, and what they bring with them.

import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('..', import.meta.url)
const manifest = JSON.parse(read('package.json'))
const packed = packedFiles()

test('the package has the built files of every source and nothing else', () => {
  const built = sourcesOf('src').flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`])
  const command = sourcesOf('bin').map((name) => `dist/bin/${name}.js`)
  const beside = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
  expect(new Set(packed)).toEqual(new Set([...built, ...command, ...beside]))
})

test('it brings jose and cookie, and no other package', () => {
  expect(Object.keys(manifest.dependencies).toSorted()).toEqual(['cookie', 'jose'])
  expect(manifest.peerDependencies).toBeUndefined()
  expect(manifest.scripts.postinstall).toBeUndefined()
})

test('the library imports its own files, jose and cookie; only the command imports Node', () => {
  const imported = (prefix: string) =>
    packed
      .filter((file) => file.startsWith(prefix) && file.endsWith('.js'))
      .flatMap((file) => importsOf(read(file)))
  const command = new Set(imported('dist/bin/'))
  const library = imported('dist/').filter((name) => !command.has(name))
  expect(new Set(library)).toEqual(new Set(['cookie', 'jose']))
  expect([...command].filter((name) => !name.startsWith('node:'))).toEqual(['sealed-session'])
})

test('every entry point is there, with its types first', () => {
  const entries = Object.entries<Record<string, string> | string>(manifest.exports)
  for (const [name, entry] of entries) {
    if (typeof entry === 'string') continue
    expect(Object.keys(entry), name).toEqual(['types', 'default'])
    for (const path of Object.values(entry)) expect(packed).toContain(path.slice(2))
  }
  expect(packed).toContain(manifest.bin['sealed-session'].slice(2))
})

test('lock files name no host', () => {
  const locks = [
    'bench/package-lock.json',
    'package-lock.json',
    ...packagesBelow('test').map((name) => `test/${name}/package-lock.json`),
  ]
  for (const lock of locks) expect(read(lock), lock).not.toMatch(/https?:\/\/[^"]*\.tgz/)
})

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/** What a module imports that is no file beside it. */
function importsOf(code: string): string[] {
  const imports = code.matchAll(/^(?:import|export) [^'"]*from '([^.'][^']*)'/gm)
  // Of `jose/errors` the package; `node:` names have no path that matters.
  return Array.from(imports, ([, name = '']) => name.split('/')[0] ?? name)
}

function sourcesOf(folder: string): string[] {
  const names = readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.ts'))
  return names.map((name) => name.replace(/\.ts$/, ''))
}

function packagesBelow(folder: string): string[] {
  const entries = readdirSync(new URL(folder, root), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return folders.filter((name) =>
    readdirSync(new URL(`${folder}/${name}`, root)).includes('package-lock.json'),
  )
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
