// What comes in from outside: the environment, standard input, and numbers among the arguments.

import { text } from 'node:stream/consumers'

/** A user's mistake. Its message never repeats what was given. */
export class UsageError extends Error {}

/** The option that every command that reads secrets has. */
export const VARIABLE = { variable: { type: 'string', default: 'SESSION_SECRETS' } } as const

/** Reads the secrets from the environment, because other users of the machine can see arguments. */
export function readSecrets(variable: string): string {
  const value = process.env[variable]
  if (value !== undefined && value.trim() !== '') return value.trim()
  const which = variable === VARIABLE.variable.default ? variable : 'the one named by --variable'
  throw new UsageError(`the environment variable (${which}) is not set`)
}

/** Reads standard input to its end. */
export async function readInput(): Promise<string> {
  const input = await text(process.stdin)
  if (input.trim() !== '') return input
  throw new UsageError('standard input is empty')
}

/** Parses an argument that is a whole number of seconds. */
export function parseSeconds(option: string, value: string): number {
  if (/^[0-9]{1,9}$/.test(value)) return Number(value)
  throw new UsageError(`${option} takes a whole number of seconds`)
}
