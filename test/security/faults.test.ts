// faults.md and threats.md against the tests: each row has a test, and each test whose title begins
// with an id has a row.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readTitles } from '../support/titles.ts'

/** Returns the cells of every row of a document, without the header lines of tables. */
function rowsOf(document: string): string[][] {
  return readFileSync(new URL(document, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!id |---)/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
}

const faults = rowsOf('faults.md').map(([id = '', fault, outcome, whose, proof = '']) => {
  const [, file = '', title] = /^`([^`]+)`(?:: (.+))?$/.exec(proof) ?? []
  return { id, cells: [fault, outcome, whose, file], file, title }
})
const threats = rowsOf('threats.md').map(([id = '', claim, example]) => ({
  id,
  cells: [id, claim, example],
}))
const ids = [...faults, ...threats].map(({ id }) => id).filter((id) => id !== '')

/** Is checked against a document of its own, by itself. */
const CLASSICS = 'behaviour/classics.test.ts'

/** The files of the titles that begin with an id whose letter is used here, by id. */
const tests = new Map<string, Set<string>>()
const letters = new Set(ids.map((id) => id[0]))
for (const { file, text } of readTitles()) {
  const id = idIn(text)
  if (file === CLASSICS || !letters.has(id[0])) continue
  tests.set(id, (tests.get(id) ?? new Set()).add(file))
}

function idIn(title: string): string {
  return /^([A-Z]\d+): /.exec(title)?.[1] ?? ''
}

test('every row is complete, and has a unique id', () => {
  expect(faults.length).toBeGreaterThan(70)
  expect(threats.length).toBeGreaterThan(50)
  const cells = [...faults, ...threats].flatMap((row) => row.cells)
  expect(cells.filter((cell) => cell === undefined || cell === '')).toEqual([])
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

test('every id has a test whose title begins with it', () => {
  expect(ids.filter((id) => !tests.has(id))).toEqual([])
})

test('every test whose title begins with an id has a row', () => {
  expect([...tests.keys()].filter((id) => !ids.includes(id))).toEqual([])
})

test('the tests of a fault are in the file that its row names, without a title', () => {
  for (const { id, file, title } of faults.filter((row) => row.id !== '')) {
    expect(title, id).toBeUndefined()
    expect(tests.get(id), id).toEqual(new Set([file]))
  }
})

describe('a fault without an id has the one test that its row names', () => {
  test.each(faults.filter(({ id }) => id === ''))('$file: $title', ({ file, title }) => {
    const found = readTitles().filter((known) => known.file === file && known.text === title)
    expect(found).toHaveLength(1)
  })
})
