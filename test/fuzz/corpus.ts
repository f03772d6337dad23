// The stored inputs: one per line, as a JSON string in ASCII, so that a line break, a NUL or half
// of a surrogate pair survives any editor.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Search } from './loop.ts'

const FILE = new URL('corpus/found.jsonl', import.meta.url)

/** Upper bound for the corpus, so that it can be read, and replayed with every test run. */
const MOST_INPUTS = 300
const MOST_CHARACTERS = 280_000
const MOST_OF_ONE = 6000

export function readCorpus(file: URL | string = FILE): string[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map(inputOf)
}

export function writeCorpus(inputs: readonly string[], file: URL | string = FILE): void {
  writeFileSync(file, inputs.map((input) => `${lineOf(input)}\n`).join(''))
}

/** An input as a line. */
export function lineOf(input: string): string {
  return JSON.stringify(input).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export function inputOf(line: string): string {
  const input: unknown = JSON.parse(line)
  if (typeof input === 'string') return input
  throw new TypeError('a line of the corpus is a JSON string')
}

/**
 * Returns the inputs of a search that together reach everything that all of them reach, short ones
 * first.
 */
export async function minimise(search: Search): Promise<string[]> {
  const known = new Set<string>()
  const kept: string[] = []
  let characters = 0
  for (const input of search.corpus.toSorted((a, b) => a.length - b.length)) {
    if (kept.length === MOST_INPUTS || lineOf(input).length > MOST_OF_ONE) continue
    const features = await search.featuresOf(input)
    if (features.every((feature) => known.has(feature))) continue
    characters += lineOf(input).length + 1
    if (characters > MOST_CHARACTERS) break
    for (const feature of features) known.add(feature)
    kept.push(input)
  }
  return kept
}
