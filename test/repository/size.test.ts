// The bytes that the package adds to a bundled application, with a budget, because edge runtimes
// load all of it at each cold start.

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const STEP = 500

/**
 * Gzipped bytes of a minified bundle, for each entry point of package.json, rounded up to the next `STEP`.
 * Without `jose` and `cookie`, apart from the last row. Most of an adapter is shared with the core.
 */
const BUDGET = {
  '.': 31_000,
  './node': 9_500,
  './express': 19_500,
  './lambda': 6_500,
  './hono': 4_500,
  './h3': 9_500,
  './koa': 9_000,
  './fastify': 9_500,
  './elysia': 5_000,
  './overflow': 9_500,
  './device': 16_000,
  '. with jose and cookie': 41_000,
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

test.each(Object.entries(BUDGET))(
  '%s takes its budget of %i bytes, rounded up',
  async (row, budget) => {
    const { bytes, largest } = await measure(row)
    const message = `${bytes} bytes. Largest files before compression: ${largest}`
    expect(Math.ceil(bytes / STEP) * STEP, message).toBe(budget)
  },
)
