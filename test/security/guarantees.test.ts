// `npm run mutate:guarantees` breaks each guarantee of SECURITY.md on purpose. These tests show in
// every run that its list is complete and up to date.

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BREAKAGES } from '../mutation/breakages.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

test('every guarantee has a breakage, and every breakage belongs to one', () => {
  const [, guarantees = ''] = /^## Guarantees$([^]*?)^## /m.exec(read('SECURITY.md')) ?? []
  const numbers = Array.from(guarantees.matchAll(/^(\d+)\. \*\*/gm), ([, number]) => Number(number))
  expect(numbers.length).toBeGreaterThanOrEqual(10)
  expect([...new Set(BREAKAGES.map(({ guarantee }) => guarantee))]).toEqual(numbers)
})

describe.each(BREAKAGES)('"$fault"', ({ file, from, to, suite, test: title }) => {
  test('changes one place of its file', () => {
    expect(to).not.toBe(from)
    expect(read(`src/${file}`).split(from)).toHaveLength(2)
  })

  test('names an existing test', () => {
    const path = `test/${suite}.test.ts`
    expect(existsSync(new URL(path, root))).toBe(true)
    expect(title).not.toBe('')
    expect(read(path)).toContain(title)
  })
})
