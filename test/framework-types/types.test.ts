// Runs the compiler: on the files beside this one, and on the code blocks of the framework pages.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  fileOfBlock,
  findCodeBlocks,
  isCheckedWithTypes,
  listDocuments,
} from '../support/documents.ts'

const here = new URL('.', import.meta.url)
const folder = new URL('blocks/', here)
const tsc = new URL('../../node_modules/.bin/tsc', here).pathname

/** The build of this page's example compiles its code, with routes that the framework generates. */
const BUILT = 'docs/frameworks/tanstack-start.md'

const pages = listDocuments()
  .filter((file) => file !== BUILT)
  .map((file) => ({ file, blocks: findCodeBlocks(file).filter(isCheckedWithTypes) }))
  .filter(({ blocks }) => blocks.length > 0)

/** Returns the errors of the compiler; the empty string if there are none. */
function compile(project: string): string {
  return spawnSync(tsc, ['-p', project], { encoding: 'utf8' }).stdout
}

beforeAll(() => mkdirSync(folder, { recursive: true }))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("cookie stores and adapters fit the frameworks' own types", () => {
  expect(compile(here.pathname)).toBe('')
})

describe.each(pages)('$file', ({ file, blocks }) => {
  test('has no type errors', () => {
    // One folder for a page: its blocks import each other, and declare one session.
    const page = new URL(`${basename(file, '.md')}/`, folder)
    for (const block of blocks) {
      const path = new URL(fileOfBlock(block), page)
      mkdirSync(new URL('.', path), { recursive: true })
      writeFileSync(path, block.code)
    }
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions: {
        // Bundlers resolve `./session` and have no extensions; handlers take arguments they do not use.
        module: 'preserve',
        noUnusedLocals: false,
        noUnusedParameters: false,
        experimentalDecorators: file.endsWith('/nest.md'),
        paths: {
          'sealed-session': ['../../../../src/index.ts'],
          'sealed-session/*': ['../../../../src/adapters/*.ts'],
          ...(file.endsWith('/nuxt.md') ? { h3: ['../../node_modules/h3-1'] } : {}),
        },
      },
      include: ['.', '../../surroundings.d.ts'],
      exclude: [],
    }
    writeFileSync(new URL('tsconfig.json', page), JSON.stringify(config))
    expect(compile(page.pathname)).toBe('')
  })
})
