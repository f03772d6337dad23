// The rules of `src/` that no linter checks: which file may import which, what a file may contain,
// and what is public.

import { readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as library from 'sealed-session'
import { parseSource, readSources } from './sources.ts'
import type { Declaration, Source } from './sources.ts'

/** The folders and files of `src/`, lowest first: a file imports only from its own folder and from lower ones. */
const ORDER = [
  'errors.ts',
  'validate.ts',
  'steps.ts',
  'data/',
  'token/',
  'cookies/',
  'size/',
  'session/',
  'device-option.ts',
  'events.ts',
  'lifetime-options.ts',
  'overflow-option.ts',
  'options.ts',
  'http/',
  'pipeline/',
  'open.ts',
  'open-once.ts',
  'commit.ts',
  'commit-once.ts',
  'device/',
  'sessions.ts',
  'internals.ts',
  'create-sessions.ts',
  'adapters/',
  'overflow/',
  'index.ts',
]

/** Imports of types that go upwards, as `file -> file`, each with its reason. */
const UPWARDS: Readonly<Record<string, string>> = {}

/** The files that may import a package. */
const IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  jose: ['device/proof.ts', 'token/jose.ts'],
  cookie: ['cookies/set-cookie.ts'],
}

const MOST_LINES = 250

/** Public names of one word: the nouns of this package. */
const ONE_WORD = ['Secrets', 'Session', 'Sessions']

const sources = readSources()
const byPath = new Map(sources.map((source) => [source.path, source]))

/** The source of every entry point of the package. */
function entryPoints(): Source[] {
  const manifest: { exports: Readonly<Record<string, { default: string } | string>> } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return Object.values(manifest.exports).flatMap((entry) => {
    if (typeof entry === 'string') return []
    const path = entry.default.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')
    const source = byPath.get(path)
    if (source === undefined) throw new Error(`package.json names ${path}, which is not in src/`)
    return [source]
  })
}

interface PublicName {
  readonly name: string
  readonly path: string
  readonly declaration: Declaration
}

/** Finds what the package exports, from all of its entry points. */
function readPublicNames(): PublicName[] {
  return entryPoints().flatMap(({ path }) => findPublic(path))
}

/** Finds what a file exports: its own declarations, and those that it re-exports from other files. */
function findPublic(path: string): PublicName[] {
  const source = byPath.get(path)
  if (source === undefined) return []
  const own = source.declarations.filter(({ isExported }) => isExported)
  const statements = source.text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)
  const others = Array.from(statements, ([, names = '', from = '']) => {
    const target = posix.join(posix.dirname(path), from)
    const there = findPublic(target)
    return names.split(',').flatMap((item) => {
      const [name = '', as = name] = item.trim().split(' as ')
      const found = there.find((known) => known.name === name)
      if (found === undefined && name !== '') throw new Error(`${path}: no ${name} in ${from}`)
      return found === undefined ? [] : [{ ...found, name: as }]
    })
  })
  return [
    ...own.map((declaration) => ({ name: declaration.name, path, declaration })),
    ...others.flat(),
  ]
}

/** Whether an import is of a file of `src/`, and not of a package. */
function isOwn(from: string): boolean {
  return from.endsWith('.ts')
}

function rankOf(path: string): number {
  return ORDER.findIndex((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry))
}

function findUpwards(source: Source): string[] {
  const rank = rankOf(source.path)
  const isInOwnFolder = (from: string) => rankOf(from) === rank && ORDER[rank]?.endsWith('/')
  return source.imports
    .filter(({ from }) => isOwn(from) && rankOf(from) >= rank && !isInOwnFolder(from))
    .map(({ from }) => `${source.path} -> ${from}`)
}

/** Finds the files that remain after those without imports are removed, repeatedly. */
function findCycles(all: readonly Source[]): string[] {
  const left = new Map(
    all.map(({ path, imports }) => [path, imports.filter(({ from }) => isOwn(from))]),
  )
  for (let found = true; found;) {
    const lowest = [...left].filter(([, imports]) => !imports.some(({ from }) => left.has(from)))
    for (const [path] of lowest) left.delete(path)
    found = lowest.length > 0
  }
  return [...left.keys()]
}

function findImporters(isWanted: (from: string) => boolean): string[] {
  return sources
    .filter(({ imports }) => imports.some(({ from }) => isWanted(from)))
    .map(({ path }) => path)
}

/** Finds the matches in the code of a file, each with its line. */
function findInCode({ path, code }: Source, pattern: RegExp): string[] {
  return code
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []))
}

describe('imports', () => {
  test('every file is in a folder of the list, and every folder has files', () => {
    expect(sources.filter(({ path }) => rankOf(path) === -1).map(({ path }) => path)).toEqual([])
    const used = new Set(sources.map(({ path }) => rankOf(path)))
    expect(ORDER.filter((_, rank) => !used.has(rank))).toEqual([])
  })

  test('a file imports only from its own folder and from those below it', () => {
    const upwards = sources.flatMap(findUpwards)
    expect(upwards.filter((step) => !Object.hasOwn(UPWARDS, step))).toEqual([])
    expect(Object.keys(UPWARDS).filter((step) => !upwards.includes(step))).toEqual([])
  })

  test('an import that goes upwards is one of types', () => {
    const isOfTypes = (step: string) => {
      const [path, to] = step.split(' -> ')
      const imports = byPath.get(path ?? '')?.imports.filter(({ from }) => from === to)
      return imports?.every(({ typesOnly }) => typesOnly)
    }
    expect(Object.keys(UPWARDS).filter((step) => !isOfTypes(step))).toEqual([])
  })

  test('every import of a file names an existing one', () => {
    const names = sources.flatMap(({ imports }) => imports.map(({ from }) => from)).filter(isOwn)
    expect(names.filter((name) => !byPath.has(name))).toEqual([])
  })

  test('no files import each other in a circle, types included', () => {
    expect(findCycles(sources)).toEqual([])
  })

  test('only two files import jose, only one imports cookie, and there is no other package', () => {
    for (const [name, files] of Object.entries(IMPORTERS)) {
      expect(findImporters((from) => from === name || from.startsWith(`${name}/`))).toEqual(files)
    }
    const isUnknown = (from: string) => !isOwn(from) && !/^(?:jose\/.+|cookie)$/.test(from)
    expect(findImporters(isUnknown)).toEqual([])
  })

  test('only token/jwe-node.ts uses Node.js, without an import', () => {
    const pattern = /getBuiltinModule|\bprocess\b|\brequire\(/
    const knowing = sources.filter((source) => findInCode(source, pattern).length > 0)
    expect(knowing.map(({ path }) => path)).toEqual(['token/jwe-node.ts'])
  })
})

describe('files', () => {
  test(`none is longer than ${MOST_LINES} lines`, () => {
    const lengths = sources.map(({ path, text }) => [path, text.split('\n').length - 1] as const)
    expect(lengths.filter(([, lines]) => lines > MOST_LINES)).toEqual([])
  })

  test('index.ts re-exports, and does nothing else', () => {
    const { code = '' } = byPath.get('index.ts') ?? {}
    expect(code.replace(/export (type )?\{[^}]*\} from ''/g, '').trim()).toBe('')
  })

  test('there is no any, no non-null assertion and no disabled check', () => {
    const pattern = /(?:[:<|&,(]|\bas|=>|=)\s*any\b|[\w)\]]!(?=[.,;)[\]\s]|$)/
    expect(sources.flatMap((source) => findInCode(source, pattern))).toEqual([])
    const directives = sources.filter(({ text }) =>
      /@ts-(?:ignore|nocheck|expect-error)/.test(text),
    )
    expect(directives.map(({ path }) => path)).toEqual([])
  })

  test('nothing is marked as unfinished', () => {
    const marked = sources.filter(({ text }) => /\b(?:TODO|FIXME|XXX|HACK)\b/.test(text))
    expect(marked.map(({ path }) => path)).toEqual([])
  })
})

describe('public names', () => {
  test('the values of the main entry point are exactly these', () => {
    expect(Object.keys(library).toSorted()).toEqual([
      'SessionCommittedError',
      'SessionConfigError',
      'SessionDataError',
      'SessionError',
      'SessionTooLargeError',
      'createSessions',
    ])
  })

  test('each has a doc comment with exactly one @example', () => {
    const found = readPublicNames()
      .map(({ path, name, declaration }) => {
        const examples = declaration.doc.match(/^ \* @example\b/gm)?.length ?? 0
        return [`${path}: ${name}`, examples] as const
      })
      .filter(([, examples]) => examples !== 1)
    expect(found).toEqual([])
  })

  test('only the nouns of this package have names of one word', () => {
    const names = readPublicNames().map(({ name }) => name)
    const found = names.filter((name) => /^[A-Z][a-z]+$/.test(name))
    expect(new Set(found)).toEqual(new Set(ONE_WORD))
  })
})

describe('the tables for contributors', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

  test('CONTRIBUTING.md has every folder and file of the order', () => {
    const guide = read('CONTRIBUTING.md')
    expect(ORDER.filter((entry) => !guide.includes(`\`${entry}\``))).toEqual([])
  })

  test('test/README.md has a row for every folder of test/, and for no other', () => {
    const rows = Array.from(read('test/README.md').matchAll(/^\| `([\w-]+)\/`/gm), ([, row]) => row)
    const folder = new URL('../', import.meta.url)
    const isUsed = (name: string) => readdirSync(new URL(`${name}/`, folder)).length > 0
    const folders = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'blocks' && isUsed(entry.name))
      .map(({ name }) => name)
    expect(new Set(rows)).toEqual(new Set(folders))
  })
})

describe('the checks above', () => {
  const find = (text: string, path = 'token/a.ts') => parseSource(path, text)

  test('find every spelling of an import, relative to src/', () => {
    const text =
      "import type { A } from './a.ts'\nexport { b } from 'jose'\nimport '../c.ts'\n" +
      "import {\n  type D,\n} from '../data/d.ts'\nconst e = import('node:fs')\n"
    expect(find(text).imports).toEqual([
      { from: 'token/a.ts', typesOnly: true },
      { from: 'jose', typesOnly: false },
      { from: 'data/d.ts', typesOnly: false },
      { from: 'c.ts', typesOnly: false },
      { from: 'node:fs', typesOnly: false },
    ])
  })

  test('tell code from comments and strings', () => {
    const text =
      "let a = 'any' // any\n/* any */ let b = `any ${c['d']} any`\nlet e = /any'/.test(f)\n"
    const { code, comments } = find(text)
    expect(code).toBe("let a = '' \n let b = `${c['']}`\nlet e = /./.test(f)\n")
    expect(comments).toEqual([
      { text: '// any', line: 1 },
      { text: '/* any */', line: 2 },
    ])
  })

  test('find declarations, with the doc comment on the line above', () => {
    const text =
      "/** One. */\nexport const one = '{'\n\n/**\n * Two.\n */\nasync function two() {\n  const three = 3\n}\n"
    expect(find(text).declarations).toEqual([
      { name: 'one', line: 2, isExported: true, doc: '/** One. */' },
      { name: 'two', line: 7, isExported: false, doc: '/**\n * Two.\n */' },
    ])
  })

  test('notice an import that goes upwards, and a circle', () => {
    const up = find("import { a } from '../open.ts'\nimport { b } from '../errors.ts'\n")
    expect(findUpwards(up)).toEqual(['token/a.ts -> open.ts'])
    const one = find("import type { b } from './b.ts'\n")
    const other = find("import { a } from './a.ts'\n", 'token/b.ts')
    expect(findUpwards(one)).toEqual([])
    expect(findCycles([one, other, find('', 'token/c.ts')])).toEqual(['token/a.ts', 'token/b.ts'])
    expect(findCycles([other, find('')])).toEqual([])
  })
})
