// One name has one meaning in `src/`: nothing that is declared at the top level of one file is declared
// at the top level of another.

import { expect, test } from 'vitest'
import { parseSource, readSources } from './sources.ts'
import type { Source } from './sources.ts'

/** Names that several files declare, each with its reason. */
const ALLOWED: Readonly<Record<string, string>> = {}

/** Finds names that more than one file declares, with the files. Overloads in one file count once. */
function findRepeated(sources: readonly Source[]): Map<string, string[]> {
  const files = new Map<string, Set<string>>()
  for (const { path, declarations } of sources) {
    for (const { name } of declarations) files.set(name, (files.get(name) ?? new Set()).add(path))
  }
  const repeated = [...files].filter(([, paths]) => paths.size > 1)
  return new Map(repeated.map(([name, paths]) => [name, [...paths]]))
}

test('no name is declared at the top level of two files', () => {
  const repeated = [...findRepeated(readSources())]
  expect(repeated.filter(([name]) => !Object.hasOwn(ALLOWED, name))).toEqual([])
})

test('every name that is allowed to be repeated is repeated', () => {
  const repeated = findRepeated(readSources())
  expect(Object.keys(ALLOWED).filter((name) => !repeated.has(name))).toEqual([])
})

test('a repeated name is found with its files, whether it is exported or not', () => {
  const one = parseSource(
    'one.ts',
    'export interface Key {}\nfunction a(): void\nfunction a() {}\n',
  )
  const other = parseSource('b/other.ts', 'type Key = 1\nconst inner = () => {\n  const a = 1\n}\n')
  expect(findRepeated([one, other])).toEqual(new Map([['Key', ['one.ts', 'b/other.ts']]]))
})
