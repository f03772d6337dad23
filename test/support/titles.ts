// The titles of all tests, for the documents that refer to a test by its file and title.

import { readFileSync, readdirSync } from 'node:fs'

export interface Title {
  /** Below `test/`. */
  readonly file: string
  /** As it is written, before `test.each` has inserted its values. */
  readonly text: string
}

const folder = new URL('../', import.meta.url)

let found: readonly Title[] | undefined

/** Reads the titles of every `test`, `it` and `describe` below `test/`. */
export function readTitles(): readonly Title[] {
  found ??= listFiles('')
    .filter((path) => /\.(test|drill)\.[jt]s$/.test(path))
    .toSorted()
    .flatMap((file) =>
      titlesIn(readFileSync(new URL(file, folder), 'utf8')).map((text) => ({ file, text })),
    )
  return found
}

/** Lists the files below `test/`, without packages, which would take a minute. */
function listFiles(path: string): string[] {
  return readdirSync(new URL(path, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
    return entry.isDirectory() ? listFiles(`${path}${entry.name}/`) : [path + entry.name]
  })
}

/** Finds the titles in the text of a file: the first argument of `test(…)`, `test.each(…)(…)` and so on. */
export function titlesIn(text: string): string[] {
  const calls = text.matchAll(
    /(?:\b(?:test|it|describe)(?:\.\w+)*|\bdescribeIn\w+|\))\(\s*(?:'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`)/g,
  )
  return Array.from(calls, ([, single, double, template]) =>
    (single ?? double ?? template ?? '').replace(/\\(.)/g, '$1'),
  )
}
