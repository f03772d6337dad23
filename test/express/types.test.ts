// The types of `request.session`, with `@types/express-session` and without. Both are global, so
// each is a separate program.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'

const folder = new URL('node_modules/.types/', import.meta.url)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(['merged', 'alone'])('hold in types/%s.ts', (name) => {
  mkdirSync(folder, { recursive: true })
  const place = new URL(`${name}.json`, folder)
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      paths: {
        'sealed-session': ['../../../../src/index.ts'],
        'sealed-session/express': ['../../../../src/adapters/express.ts'],
      },
    },
    include: [`../../types/${name}.ts`],
    exclude: [],
  }
  writeFileSync(place, JSON.stringify(config))
  const tsc = new URL('../../node_modules/.bin/tsc', import.meta.url).pathname
  const { stdout } = spawnSync(tsc, ['-p', place.pathname], { encoding: 'utf8' })
  expect(stdout).toBe('')
})
