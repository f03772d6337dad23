// The words of comments, test titles and documents: those that hide the subject are not used.

import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { titlesIn } from '../support/titles.ts'
import { parseSource } from './sources.ts'

/**
 * Words in place of a subject, and idioms of another language. A sentence names the client, the user, the
 * test or the value; a cookie is received, a value is in a message, and a promise is awaited.
 */
const UNPLAIN = new RegExp(
  [
    'whoever',
    '(?:no|some|any|every)body',
    'things?',
    '(?:is|are|was|were|be|been|being) told',
    'so many',
    '(?:as it|that|which) came',
    'stands? (?:above|around|before|behind|beside|in|under)',
    'waited for',
  ]
    .map((words) => `\\b${words}\\b`)
    .join('|'),
  'gi',
)

/** Folders with code and documents of ours. */
const FOLDERS = ['.github', 'bench', 'bin', 'docs', 'examples', 'src', 'test']

/** Folders of packages, and of what builds write. */
const SKIPPED = /^(?:node_modules|dist|build|blocks|cache|corpus|\.(?!github|vitepress).*)$/

/** Documents that quote other projects. */
const QUOTES = new Set(['test/express/suites.md'])

/** Checks of the suite for all runtimes, which has no `test`. */
const CHECKS = /\bcheck\(\s*(?:'((?:\\.|[^'\\\n])*)'|`([^`]*)`)/g

const root = new URL('../../', import.meta.url)

function listFiles(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, root), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.test(entry.name)) return []
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? listFiles(path) : [path]
  })
}

/** Returns the lines of a document outside of its code blocks. */
function proseOf(document: string): string[] {
  let isCode = false
  return document.split('\n').filter((line) => {
    const isFence = /^ *```/.test(line)
    if (isFence) isCode = !isCode
    return !isCode && !isFence
  })
}

/** Returns the comments and the titles of a file of code. */
function wordsOf(text: string): string[] {
  const checks = Array.from(text.matchAll(CHECKS), ([, quoted, template]) => quoted ?? template)
  const comments = parseSource('', text).comments.map((comment) => comment.text)
  return [...comments, ...titlesIn(text), ...checks.filter((title) => title !== undefined)]
}

/** Returns the unplain words of a text, each with the line or the title that has it. */
function findUnplain(path: string, text: string): string[] {
  const parts = path.endsWith('.md') ? proseOf(text) : wordsOf(text)
  return parts.flatMap((part) =>
    Array.from(part.matchAll(UNPLAIN), ([word]) => `${path}: ${word}: ${part.trim()}`),
  )
}

describe('comments, titles and documents', () => {
  const documents = readdirSync(root).filter((name) => name.endsWith('.md'))
  const files = [...documents, ...FOLDERS.flatMap(listFiles)].filter(
    (path) =>
      /\.(?:md|[cm]?js|tsx?)$/.test(path) && !path.startsWith('docs/api/') && !QUOTES.has(path),
  )

  test('name their subject', () => {
    expect(files.length).toBeGreaterThan(600)
    const found = files.flatMap((path) =>
      findUnplain(path, readFileSync(new URL(path, root), 'utf8')),
    )
    expect(found).toEqual([])
  })

  test('are found in code, without its strings', () => {
    const code =
      "// told to nobody\n/** A thing. */\ntest('is told of it', () => {\n  expect('everybody').toBe(1)\n})\n"
    const words = findUnplain('a.test.ts', code).map((line) => line.split(': ')[1])
    expect(words).toEqual(['nobody', 'thing', 'is told'])
    const quote = "'"
    const check = `check(${quote}whoever asks${quote}, () => {})\n`
    expect(findUnplain('a.ts', check)).toHaveLength(1)
  })

  test('are found in documents, without their code blocks', () => {
    const document = 'For somebody.\n\n```ts\nconst nobody = 1\n```\n'
    expect(findUnplain('a.md', document)).toEqual(['a.md: somebody: For somebody.'])
  })
})
