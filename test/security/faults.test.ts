// faults.md against the tests: neither says anything that the other does not.

import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

const here = (name: string) => new URL(name, import.meta.url)
const read = (name: string) => readFileSync(here(name), 'utf8')

/** The cells of every row: id, fault, what happens, whose error, test. */
const rows = read('faults.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| id ') && !line.startsWith('| ---'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, id = '', fault = '', outcome = '', whose = '', proof = '']) => {
    const [, file = '', title] = /^`([^`]+)`(?:: (.+))?$/.exec(proof) ?? []
    return { id, fault, outcome, whose, file, title }
  })

/** The ids that titles in this folder begin with, each with its file. */
const tested = readdirSync(here('.'))
  .filter((name) => name.endsWith('.test.ts'))
  .flatMap((file) =>
    [...read(file).matchAll(/^\s*(?:test\(|test\.each.*\(|\]\)\()?\s*['"`](X\d+): /gm)].map(
      ([, id = '']) => `${id} ${file}`,
    ),
  )

test('every row of faults.md is whole', () => {
  expect(rows.length).toBeGreaterThan(70)
  for (const row of rows) {
    expect([row.fault, row.outcome, row.whose, row.file]).not.toContain('')
  }
})

test('every row with an id has a test whose title begins with it, and every such test a row', () => {
  const named = rows.filter(({ id }) => id !== '')
  expect(new Set(named.map(({ id }) => id)).size).toBe(named.length)
  expect(named.map(({ title }) => title)).toEqual(named.map(() => undefined))
  expect(new Set(tested)).toEqual(new Set(named.map(({ id, file }) => `${id} ${file}`)))
})

test.each(rows.filter(({ id }) => id === ''))(
  'the row without an id points to a test that is there: $file, $title',
  ({ file, title }) => {
    expect(title).toMatch(/./)
    const quoted = ["'", '"', '`'].map((quote) => quote + title + quote)
    const text = read(file)
    expect(quoted.filter((spelling) => text.includes(spelling))).toHaveLength(1)
  },
)
