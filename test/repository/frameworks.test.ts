// The page of all frameworks: its table has a row for each example that is driven, and it leads to each
// page. The run of `test/applications` compares the rows with what it has measured.

import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readPrintedRows } from '../applications/rows.ts'
import { readDocument, repository } from '../support/documents.ts'

const applications = new URL('test/applications/', repository)
const suites = readdirSync(applications)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(new URL(name, applications), 'utf8'))

/** Returns what the suites say of their examples, as in `folder: 'hono'`. */
function findInSuites(key: string): string[] {
  const pattern = new RegExp(`\\b${key}: '([^']+)'`, 'g')
  const values = suites.flatMap((text) => Array.from(text.matchAll(pattern), ([, value]) => value))
  return [...new Set(values.filter((value) => value !== undefined))].toSorted()
}

test('every framework of the table is driven, and every one that is driven is in the table', () => {
  const printed = new Set(readPrintedRows().map(({ row }) => row.framework))
  expect([...printed].toSorted()).toEqual(findInSuites('framework'))
})

test('every example with a page of its own is driven', () => {
  const examples = new URL('examples/', repository)
  const folders = readdirSync(examples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(?:opentelemetry|playground)$/.test(entry.name))
    .map(({ name }) => name)
  expect(folders.toSorted()).toEqual(findInSuites('folder'))
})

test('every page of a framework is linked', () => {
  const text = readDocument('docs/frameworks/index.md')
  const pages = readdirSync(new URL('docs/frameworks/', repository))
    .filter((name) => name !== 'index.md')
    .filter((name) => !text.includes(`](${name})`))
  expect(pages).toEqual([])
})
