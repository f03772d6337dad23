// suites.md is correct: every test that it names exists, and its counts are those of its rows.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readTitles } from '../support/titles.ts'

const text = readFileSync(new URL('suites.md', import.meta.url), 'utf8')

interface Row {
  readonly theirs: string
  readonly ours: string
  readonly reason: string
}

const sections = text
  .split('\n## ')
  .slice(1)
  .map((section) => ({
    title: section.split('\n', 1).join(),
    counts: /(\d+) of (\d+) are taken over/.exec(section)?.slice(1).map(Number),
    rows: Array.from(
      section.matchAll(/^\| (.*?)\s*\| (.*?)\s*\| (.*?)\s*\|$/gm),
      ([, theirs = '', ours = '', reason = '']): Row => ({ theirs, ours, reason }),
    ).slice(2),
  }))

test('every behaviour has a test of ours or a reason, and not both', () => {
  for (const { rows } of sections) {
    expect(rows.filter(({ ours, reason }) => (ours === '') === (reason === ''))).toEqual([])
  }
})

test('every named test of ours exists', () => {
  const files = new Set(['unit/adapters/express.test.ts', 'unit/adapters/express-suites.test.ts'])
  const known = readTitles().filter(({ file }) => files.has(file))
  const titles = new Set(known.map((title) => title.text))
  const named = sections.flatMap(({ rows }) => rows.map(({ ours }) => ours)).filter(Boolean)
  expect(named.length).toBeGreaterThan(90)
  expect(named.filter((title) => !titles.has(title))).toEqual([])
})

test('the counts are those of the rows', () => {
  const taken = (rows: readonly Row[]) => rows.filter(({ ours }) => ours !== '').length
  for (const { title, counts, rows } of sections) {
    expect([title, counts]).toEqual([title, [taken(rows), rows.length]])
  }
  const all = sections.flatMap(({ rows }) => rows)
  const total = /^(\d+) of (\d+) are taken over\.$/m.exec(text)?.slice(1).map(Number)
  expect(total).toEqual([taken(all), all.length])
  process.stdout.write(`${taken(all)} of ${all.length} behaviours are taken over\n`)
})
