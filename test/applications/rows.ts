// The table of the frameworks: what a run records of each example, and what docs/frameworks/index.md has.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readDocument } from '../support/documents.ts'

/** A row of the page's table. */
export interface Row {
  readonly framework: string
  readonly version: string
  readonly runtime: string
  /** Lines of the example that import from the library, or use an import from it. */
  readonly lines: number
  /** Checks of the scenario that passed. */
  readonly checks: number
}

/** A row of the page, and the code that it prints for the example. */
export interface PrintedRow {
  readonly row: Row
  readonly ours: readonly string[]
}

/** A row with the time that building and driving took, which is not in the page. */
export interface RecordedRow extends Row {
  readonly seconds: number
}

const records = new URL('.rows/', import.meta.url)

const SOURCE = /\.(?:ts|tsx|js|mjs|svelte|vue|astro)$/
const OUTPUT = /(?:^|\/)(?:node_modules|dist|build|\.[\w-]+)\//

const IMPORT = /^import (?:type )?\{([^}]*)\} from '(?:sealed-session(?:\/[\w-]+)?)'/gm

/** Forgets what an earlier run recorded. */
export function clearRows(): void {
  rmSync(records, { recursive: true, force: true })
}

/** Keeps a row for the table at the end of the run, since each test file has a process of its own. */
export function recordRow(row: RecordedRow): void {
  mkdirSync(records, { recursive: true })
  const name = `${row.framework}-${row.runtime}`.replace(/\W+/g, '-')
  writeFileSync(new URL(`${name}.json`, records), JSON.stringify(row))
}

/** Returns what this run recorded. */
export function readRows(): RecordedRow[] {
  mkdirSync(records, { recursive: true })
  return readdirSync(records).map(
    (name) => JSON.parse(readFileSync(new URL(name, records), 'utf8')) as RecordedRow,
  )
}

/** Returns the row of the page's table; `undefined` if it has none. */
export function findRow(framework: string, runtime: string): PrintedRow | undefined {
  return readPrintedRows().find(({ row }) => row.framework === framework && row.runtime === runtime)
}

/** Returns the rows of the page's table. */
export function readPrintedRows(): PrintedRow[] {
  return readDocument('docs/frameworks/index.md')
    .split('\n')
    .filter((line) => line.startsWith('| ['))
    .map((line) => {
      const [, name = '', version = '', runtime = '', lines, checks, ours = ''] = line
        .split('|')
        .map((cell) => cell.trim())
      const [, framework = ''] = /^\[(.*)\]\(.*\)$/.exec(name) ?? []
      return {
        row: { framework, version, runtime, lines: Number(lines), checks: Number(checks) },
        ours: Array.from(ours.matchAll(/`([^`]+)`/g), ([, code = '']) => code),
      }
    })
}

/** Returns the version of a package that an example's `package.json` has. */
export function versionOf(folder: string, name: string): string {
  const text = readFileSync(join(folder, 'package.json'), 'utf8')
  const { dependencies, devDependencies } = JSON.parse(text) as {
    dependencies?: Record<string, string>
    devDependencies?: Record<string, string>
  }
  return dependencies?.[name] ?? devDependencies?.[name] ?? ''
}

/**
 * Counts the lines of an example that import from the library, name what they import, or name the
 * sessions that are created from it.
 */
export function countGlueLines(texts: readonly string[]): number {
  const names = new Set(texts.flatMap(namesFromLibrary))
  if (names.size === 0) return 0
  const named = new RegExp(`\\bsealed-session\\b|\\b(?:${[...names].join('|')})\\b`)
  return texts.reduce((sum, text) => sum + countLines(text, named), 0)
}

/** Returns the texts of an example's own source files. */
export function readSources(folder: string, otherFiles: readonly string[] = []): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => SOURCE.test(path) && !OUTPUT.test(path))
    .filter((path) => !otherFiles.some((other) => path.startsWith(other)))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
}

function countLines(text: string, named: RegExp): number {
  // An import is one line, however it is broken.
  const joined = text.replace(/^import [^'"]*/gm, (head) => head.replaceAll('\n', ' '))
  return joined.split('\n').filter((line) => named.test(line.replace(/\/\/.*$/, ''))).length
}

function namesFromLibrary(text: string): string[] {
  const imported = Array.from(text.matchAll(IMPORT), ([, names = '']) => names)
    .flatMap((names) => names.split(','))
    .map((name) =>
      name
        .replace(/^\s*type /, '')
        .replace(/.* as /, '')
        .trim(),
    )
    .filter((name) => name !== '')
  const made = Array.from(text.matchAll(/(\w+)\s*=\s*createSessions\b/g), ([, name = '']) => name)
  return [...imported, ...made]
}

/** Returns the table as the end of a run prints it. */
export function formatRows(rows: readonly RecordedRow[]): string {
  const head = ['framework', 'version', 'runtime', 'lines', 'checks', 'seconds']
  const cells = rows
    .toSorted((a, b) => a.framework.localeCompare(b.framework))
    .map(({ framework, version, runtime, lines, checks, seconds }) => [
      framework,
      version,
      runtime,
      `${lines}`,
      `${checks}`,
      seconds.toFixed(1),
    ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  return [head, ...cells]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}
