// The rules of the house that no linter knows: what is public, and which file may import which.

import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as library from 'sealed-session'

const folder = new URL('../../src/', import.meta.url)

interface Import {
  readonly from: string
  readonly typesOnly: boolean
}

const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
const sources = new Map(files.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]))

/** Every `import` and `export … from`, and every `import()`. */
function importsOf(source: string): Import[] {
  const statements = source.matchAll(/^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'/gm)
  const bare = source.matchAll(/^import\s+()'([^']+)'|\bimport\(\s*()'([^']+)'/gm)
  return [...statements, ...bare].map((match) => ({
    from: match[2] ?? match[4] ?? '',
    typesOnly: match[1] !== undefined && match[1] !== '',
  }))
}

/** The code of a source, line by line, without comments and texts. */
function codeOf(source: string): string[] {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .map((line) =>
      line.replace(/'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g, "''").replace(/\/\/.*$/, ''),
    )
}

function importersOf(matches: (from: string) => boolean): string[] {
  return files.filter((name) =>
    importsOf(sources.get(name) ?? '').some(({ from }) => matches(from)),
  )
}

test('these runtime names are public, and no others', () => {
  expect(Object.keys(library).toSorted()).toEqual([
    'SessionCommittedError',
    'SessionConfigError',
    'SessionDataError',
    'SessionError',
    'SessionTooLargeError',
    'createSessions',
  ])
})

test('jose and cookie have one door each, and nothing else comes in', () => {
  expect(importersOf((from) => from === 'jose' || from.startsWith('jose/'))).toEqual(['seal.ts'])
  expect(importersOf((from) => from === 'cookie')).toEqual(['cookies.ts'])
  const others = importersOf((from) => !/^(\.\/[a-z0-9-]+\.ts|jose\/.+|cookie)$/.test(from))
  expect(others).toEqual([])
})

test('only the file named for Node knows of Node', () => {
  expect(importersOf((from) => from.startsWith('node:'))).toEqual([])
  const knowing = files.filter((name) =>
    /getBuiltinModule|\bprocess\b|\brequire\(/.test(codeOf(sources.get(name) ?? '').join('\n')),
  )
  expect(knowing).toEqual(['seal-node.ts'])
})

test('the files of src import in one direction: there is an order without a way back', () => {
  const below = new Map(
    files.map((name) => [
      name,
      importsOf(sources.get(name) ?? '')
        .filter(({ from, typesOnly }) => from.startsWith('./') && !typesOnly)
        .map(({ from }) => from.slice(2)),
    ]),
  )
  for (const name of [...below.values()].flat()) expect(files).toContain(name)
  // Files that need nothing that is left stand lowest; what remains would be a cycle.
  const left = new Map(below)
  for (let found = true; found;) {
    const lowest = [...left].filter(([, needs]) => needs.every((need) => !left.has(need)))
    for (const [name] of lowest) left.delete(name)
    found = lowest.length > 0
  }
  expect([...left.keys()]).toEqual([])
  expect([...below].filter(([, needs]) => needs.includes('index.ts'))).toEqual([])
  expect(below.get('sessions.ts')?.length).toBeGreaterThan(5)
})

test('index.ts names, and does nothing', () => {
  const statements = codeOf(sources.get('index.ts') ?? '')
    .join('\n')
    .trim()
  const left = statements.replace(/export (type )?\{[^}]*\} from ''/g, '')
  expect(left.trim()).toBe('')
})

test('no any, no non-null assertion, and nothing left to do', () => {
  const found: string[] = []
  for (const [name, source] of sources) {
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(source)) found.push(`${name}: to do`)
    for (const line of codeOf(source)) {
      if (/(?:[:<|&,(]|\bas|=>|=)\s*any\b/.test(line)) found.push(`${name}: ${line}`)
      if (/[\w)\]]!(?=[.,;)[\]\s]|$)/.test(line)) found.push(`${name}: ${line}`)
      if (/@ts-(ignore|nocheck|expect-error)/.test(line)) found.push(`${name}: ${line}`)
    }
  }
  expect(found).toEqual([])
})

test('the checks above would notice', () => {
  expect(importsOf("import type { A } from './a.ts'\nexport { b } from 'jose'")).toEqual([
    { from: './a.ts', typesOnly: true },
    { from: 'jose', typesOnly: false },
  ])
  expect(importsOf("import {\n  a,\n} from './a.ts'\nconst b = import('node:fs')")).toEqual([
    { from: './a.ts', typesOnly: false },
    { from: 'node:fs', typesOnly: false },
  ])
  expect(codeOf("let a = 'any' // any\n/* any */ let b")).toEqual(["let a = '' ", ' let b'])
  expect(sources.size).toBeGreaterThan(15)
})
