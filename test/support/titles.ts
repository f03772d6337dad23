// The titles of all tests, for the documents that refer to a test by its file and title.

import { readFileSync, readdirSync } from 'node:fs'

export interface Title {
  /** Below `test/`. */
  readonly file: string
  /** As it is written, before `test.each` has filled in its values. */
  readonly text: string
}

const folder = new URL('../', import.meta.url)

let found: readonly Title[] | undefined

/** Reads the titles of every `test`, `it` and `describe` below `test/`. */
export function readTitles(): readonly Title[] {
  found ??= readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.(test|drill)\.[jt]s$/.test(path) && !/(^|\/)(node_modules|\.)/.test(path))
    .toSorted()
    .flatMap((file) =>
      titlesIn(readFileSync(new URL(file, folder), 'utf8')).map((text) => ({ file, text })),
    )
  return found
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
