#!/usr/bin/env node
// The command: which subcommand, its help, and how it ends. One line for what a user got wrong; what
// stands where nothing belongs is not repeated, since it may be a secret in the wrong place.

import { createRequire } from 'node:module'
import { SessionError } from 'sealed-session'
import * as inspection from './inspection.ts'
import { UsageError } from './inputs.ts'
import * as measurement from './measurement.ts'
import * as rotation from './rotation.ts'
import * as secret from './secret.ts'

const HELP = `Usage: sealed-session <command> [options]

  secret    prints a new secret
  rotate    prints the next value of SESSION_SECRETS, with a new secret in it
  inspect   shows the session in a cookie header or Set-Cookie lines
  measure   says whether a session of this JSON fits the limits

sealed-session <command> --help says more. Secrets are read from the environment only.
Exit codes: 0 yes or done, 1 not accepted or too large, 2 wrong use or configuration.
`

/** A subcommand: what it says of itself, and what it does with its arguments. Gives the exit code. */
interface Command {
  readonly HELP: string
  run(args: string[]): Promise<number>
}

const COMMANDS: ReadonlyMap<string | undefined, Command> = new Map<string, Command>([
  ['secret', secret],
  ['rotate', rotation],
  ['inspect', inspection],
  ['measure', measurement],
])

async function main([name, ...args]: string[]): Promise<number> {
  const command = COMMANDS.get(name)
  const isHelp = [name, ...args].some((word) => word === '--help' || word === '-h')
  if (isHelp || name === undefined) {
    const stream = isHelp ? process.stdout : process.stderr
    stream.write(command?.HELP ?? HELP)
    return isHelp ? 0 : 2
  }
  if (name === '--version') return version()
  if (command === undefined) throw new UsageError('no such command; see sealed-session --help')
  return command.run(args)
}

function version(): number {
  const manifest: { version: string } = createRequire(import.meta.url)(
    'sealed-session/package.json',
  )
  process.stdout.write(`${manifest.version}\n`)
  return 0
}

/** Only what was written for a user's eyes: any other error may quote what it was given. */
function reasonOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof SessionError) return error.message
  if (!(error instanceof Error) || !('code' in error)) return 'failed unexpectedly'
  // The parser's other errors name an option of ours; these repeat what was written.
  if (error.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return 'takes options only: secrets come from the environment, all else from standard input'
  }
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return 'no such option; see --help'
  const isUsage = error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'
  return isUsage ? (error.message.split('\n', 1)[0] ?? '') : `failed with ${String(error.code)}`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`sealed-session: ${reasonOf(error)}\n`)
  process.exitCode = 2
}
