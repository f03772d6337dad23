#!/usr/bin/env node
// The command: which subcommand, its help, and how it ends. One line for a user's mistake, without what
// was given: an argument in the wrong place may be a secret.

import { createRequire } from 'node:module'
import { SessionConfigError, SessionError } from 'sealed-session'
import * as inspection from './inspection.ts'
import { UsageError } from './inputs.ts'
import * as measurement from './measurement.ts'
import { escapeUnprintable } from './printable.ts'
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

interface Command {
  readonly HELP: string
  /** Resolves to the exit code. */
  run(args: string[]): Promise<number>
}

const COMMANDS: ReadonlyMap<string | undefined, Command> = new Map<string, Command>([
  ['secret', secret],
  ['rotate', rotation],
  ['inspect', inspection],
  ['measure', measurement],
])

/** The options of `createSessions` that are taken from arguments, with the arguments' names. */
const ARGUMENTS: ReadonlyMap<string, string> = new Map([
  ['limits', '--limits'],
  ['cookie.name', '--name'],
])

async function main([name, ...args]: string[]): Promise<number> {
  const command = COMMANDS.get(name)
  const isHelp = [name, ...args].some((word) => word === '--help' || word === '-h')
  if (isHelp || name === undefined) {
    const stream = isHelp ? process.stdout : process.stderr
    stream.write(command?.HELP ?? HELP)
    return isHelp ? 0 : 2
  }
  if (name === '--version') return printVersion()
  if (command === undefined) throw new UsageError('no such command; see sealed-session --help')
  return command.run(args)
}

function printVersion(): number {
  const manifest: { version: string } = createRequire(import.meta.url)(
    'sealed-session/package.json',
  )
  process.stdout.write(`${manifest.version}\n`)
  return 0
}

/** Describes an error in a line that repeats no argument. An unknown error may quote anything. */
function describeError(error: unknown): string {
  if (error instanceof SessionConfigError) return describeConfigError(error)
  if (error instanceof UsageError || error instanceof SessionError) return error.message
  if (!(error instanceof Error) || !('code' in error)) return 'failed unexpectedly'
  // The parser's other errors name an option of the command; these two repeat what was given.
  if (error.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return 'takes options only: secrets come from the environment, all else from standard input'
  }
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return 'no such option; see --help'
  const isUsage = error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'
  return isUsage ? (error.message.split('\n', 1)[0] ?? '') : `failed with ${String(error.code)}`
}

/** The library quotes a wrong value of an option; of secrets it never does. */
function describeConfigError({ option, message }: SessionConfigError): string {
  const argument = ARGUMENTS.get(option)
  if (argument === undefined) return message
  return argument + message.slice(option.length).replaceAll(/"(?:[^"\\]|\\.)*"/g, '(not shown)')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`sealed-session: ${escapeUnprintable(describeError(error))}\n`)
  process.exitCode = 2
}
