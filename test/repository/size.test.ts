// The bytes that the package adds to a bundled application, with a budget, because edge runtimes
// load all of it at each cold start.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const STEP = 250

/**
 * Gzipped bytes of a minified bundle, for each entry point of package.json, rounded up to the next `STEP`.
 * Without `jose` and `cookie`, apart from the last row. Most of an adapter is shared with the core.
 */
const BUDGET = {
  '.': 30_000,
  './node': 9_750,
  './express': 19_250,
  './lambda': 7_000,
  './hono': 5_000,
  './h3': 10_250,
  './koa': 9_500,
  './fastify': 10_000,
  './elysia': 5_250,
  './overflow': 9_250,
  './device': 15_750,
  '. with jose and cookie': 40_250,
} as const

const root = new URL('../../', import.meta.url)

interface Size {
  readonly bytes: number
  /** The files with the largest part of it, with their bytes before compression. */
  readonly largest: string
}

async function measure(row: string): Promise<Size> {
  const [entry = '', ...dependencies] = row.split(' ')
  const { outputFiles, metafile } = await build({
    entryPoints: [sourceOf(entry)],
    external: dependencies.length > 0 ? [] : ['jose', 'cookie'],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  const largest = inputs
    .toSorted(([, one], [, other]) => other.bytesInOutput - one.bytesInOutput)
    .slice(0, 8)
    .map(([file, { bytesInOutput }]) => `${file.split('/').slice(-2).join('/')} ${bytesInOutput}`)
  return { bytes: gzipSync(outputFiles[0]?.contents ?? '').length, largest: largest.join(', ') }
}

/** The source file of an entry point of package.json. */
function sourceOf(entry: string): string {
  const { default: file = '' } = entries()[entry] ?? {}
  return new URL(file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'), root).pathname
}

function entries(): Readonly<Record<string, { readonly default?: string }>> {
  return JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).exports
}

test('every entry point has a budget, in the table of this file', () => {
  const rows = Object.keys(BUDGET).filter((row) => !row.includes(' '))
  const expected = Object.keys(entries()).filter((entry) => entry !== './package.json')
  expect(rows).toEqual(expected)
})

/**
 * Files of this package that importing an entry point opens, before anything of it is called: a cold
 * start pays for each. `jose` is not among what they import but for device-bound sessions, which verify
 * signatures with it.
 */
const FILES: Readonly<Record<string, number>> = {
  '.': 2,
  './node': 4,
  './express': 4,
  './lambda': 2,
  './hono': 3,
  './h3': 4,
  './koa': 4,
  './fastify': 5,
  './elysia': 3,
  './overflow': 2,
  './device': 2,
}

test.each(Object.entries(FILES))('importing %s opens %i files of ours', (entry, expected) => {
  const { default: file = '' } = entries()[entry] ?? {}
  const { own, packages } = importedBy(new URL(file, root).pathname)
  expect(own.size, [...own].join(', ')).toBe(expected)
  const allowed = entry === './device' ? ['cookie', 'jose'] : ['cookie']
  expect([...packages].filter((name) => !allowed.includes(name))).toEqual([])
})

/** Returns the files that a built file imports before it runs, itself included, and the packages. */
function importedBy(path: string): { own: Set<string>; packages: Set<string> } {
  const own = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string) => {
    own.add(file)
    const imports = /^(?:import|export) (?:[^;]* from )?"([^"]+)";$/gm
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(imports)) {
      if (!from.startsWith('.')) packages.add(from.split('/')[0] ?? from)
      else {
        const imported = resolve(dirname(file), from)
        if (!own.has(imported)) visit(imported)
      }
    }
  }
  visit(path)
  return { own, packages }
}

test.each(Object.entries(BUDGET))(
  '%s takes its budget of %i bytes, rounded up',
  async (row, budget) => {
    const { bytes, largest } = await measure(row)
    const message = `${bytes} bytes. Largest files before compression: ${largest}`
    expect(Math.ceil(bytes / STEP) * STEP, message).toBe(budget)
  },
)
