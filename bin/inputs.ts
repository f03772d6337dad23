// External input: the environment, standard input, and numbers among the arguments.

import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** A user's mistake. Its message never repeats an argument. */
export class UsageError extends Error {}

/** The option of every command that reads secrets. */
export const VARIABLE = { variable: { type: 'string', default: 'SESSION_SECRETS' } } as const

/** Reads the secrets from the environment, because other users of the machine can see arguments. */
export function readSecrets(variable: string): string {
  const value = process.env[variable]
  if (value !== undefined && value.trim() !== '') return value.trim()
  const which = variable === VARIABLE.variable.default ? variable : 'the one named by --variable'
  throw new UsageError(
    `the environment variable (${which}) is not set: node --env-file=.env, or \`set -a; . ./.env\`, sets it from a file`,
  )
}

/**
 * Reads a file, or standard input to its end. At a terminal, first says what to paste.
 *
 * @param wanted what to paste, as in `a Cookie header`
 */
export async function readInput(wanted: string, file?: string): Promise<string> {
  const input = file === undefined ? await readStandardInput(wanted) : await readNamed(file)
  if (input.trim() !== '') return input
  throw new UsageError(file === undefined ? 'standard input is empty' : 'the file is empty')
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    // The argument may be a cookie, which belongs to standard input.
    throw new UsageError(
      'the argument is no file that can be read; cookies and data come from standard input',
    )
  }
}

async function readStandardInput(wanted: string): Promise<string> {
  if (!process.stdin.isTTY) return text(process.stdin)
  // In the terminal's own line mode, a pasted line would end at 4 096 characters.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  // The terminal must be in that mode before input is pasted.
  process.stderr.write(`Paste ${wanted}, then an empty line (or Ctrl-D):\n`)
  const read: string[] = []
  for await (const line of lines) {
    if (line.trim() === '' && read.length > 0) break
    read.push(line)
  }
  lines.close()
  return read.join('\n')
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Parses a time: seconds, or a number with a unit, as in `1h`. */
export function parseSeconds(option: string, value: string): number {
  const [, digits = '', unit = 's'] = /^([0-9]{1,9})([smhdw]?)$/.exec(value) ?? []
  const seconds = Number(digits) * (UNITS[unit || 's'] ?? 1)
  if (digits !== '' && seconds <= 999_999_999) return seconds
  throw new UsageError(
    `${option} takes a time: a whole number of seconds, or one with a unit, as in 90s, 15m, 1h, 7d, 4w`,
  )
}

/** Parses the values of an option for several values: repeated, or with commas. */
export function parseList(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).map((value) => value.trim())
}
