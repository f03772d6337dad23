// What comes in from outside: the environment, standard input, and numbers among the arguments.

import { text } from 'node:stream/consumers'

/** What a user got wrong. Its message never repeats what was given. */
export class UsageError extends Error {}

/** The options that every command that reads secrets has. */
export const VARIABLE = { variable: { type: 'string', default: 'SESSION_SECRETS' } } as const

/** The secrets, from the environment: what stands among the arguments, other users of a machine see. */
export function secretsFrom(variable: string): string {
  const value = process.env[variable]
  if (value !== undefined && value.trim() !== '') return value.trim()
  const which = variable === VARIABLE.variable.default ? variable : 'the one named by --variable'
  throw new UsageError(`the environment variable (${which}) is not set`)
}

export async function standardInput(): Promise<string> {
  const input = await text(process.stdin)
  if (input.trim() !== '') return input
  throw new UsageError('standard input is empty')
}

/** An argument as a whole number of seconds. */
export function seconds(option: string, value: string): number {
  if (/^[0-9]{1,9}$/.test(value)) return Number(value)
  throw new UsageError(`${option} takes a whole number of seconds`)
}
