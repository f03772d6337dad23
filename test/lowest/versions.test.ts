// The suites of this folder run with the lowest versions that a user can get.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

function read(path: string) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
}

/** `^1.1.1 || ^2.0.0` begins at 1.1.1, and again at 2.0.0. */
function lowest(range: string): string[] {
  return range.split(' || ').map((part) => part.replace(/^\^/, ''))
}

test('the versions installed here are those at which the ranges of the package begin', () => {
  const { dependencies } = read('../../package.json')
  const installed = (name: string) => read(`node_modules/${name}/package.json`).version
  expect([installed('jose')]).toEqual(lowest(dependencies.jose))
  expect(['cookie', 'cookie-2'].map(installed)).toEqual(lowest(dependencies.cookie))
})
