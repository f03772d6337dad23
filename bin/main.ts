// Selects the subcommand, prints its help, and determines the exit code. A user's mistake is one
// line without its arguments, because an argument in the wrong place may be a secret.

import { createRequire } from 'node:module'
import { SessionConfigError, SessionError } from 'sealed-session'
import * as inspection from './inspection.ts'
import { UsageError } from './inputs.ts'
import * as leak from './leak.ts'
import * as measurement from './measurement.ts'
import { escapeUnprintable } from './printable.ts'
import * as rotation from './rotation.ts'
import * as secret from './secret.ts'
import { suggest } from './suggestion.ts'

const HELP = `Usage: sealed-session <command> [options]

  secret    prints a new secret
  rotate    prints the next value of SESSION_SECRETS, with a new secret in it
  leak      prints the next value of SESSION_SECRETS, without a secret that has leaked
  inspect   shows the session in cookies of any form, or why it is not accepted
  measure   says whether a session of this JSON fits the limits
  help      says more of a command, as <command> --help does

Secrets are read from the environment only. Colours are for terminals; NO_COLOR switches them off.
Exit codes: 0 yes or done, 1 not accepted or too large, 2 wrong use or configuration.
`

interface Command {
  readonly HELP: string
  /** Its arguments, for \`parseArgs\`. */
  readonly OPTIONS: Readonly<Record<string, unknown>>
  /** Resolves to the exit code. */
  run(args: string[]): Promise<number>
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['secret', secret],
  ['rotate', rotation],
  ['leak', leak],
  ['inspect', inspection],
  ['measure', measurement],
])

/** The options of `createSessions` that can be arguments, with the arguments' names. */
const ARGUMENTS: ReadonlyMap<string, string> = new Map([['cookie.name', '--name']])

/** Runs the command and resolves to its exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await dispatch(args)
  } catch (error) {
    process.stderr.write(`sealed-session: ${escapeUnprintable(describeError(error))}\n`)
    return 2
  }
}

async function dispatch([first, ...rest]: string[]): Promise<number> {
  const [name = '', ...args] = first === 'help' ? [...rest.slice(0, 1), '--help'] : [first, ...rest]
  const isHelp = [name, ...args].some((word) => word === '--help' || word === '-h')
  if (name === '--version' || name === '-v') return printVersion()
  const command = COMMANDS.get(name)
  if (command === undefined && name !== '' && !name.startsWith('-'))
    throw new UsageError(unknown(name))
  if (isHelp || command === undefined) {
    const stream = isHelp ? process.stdout : process.stderr
    stream.write(command?.HELP ?? HELP)
    return isHelp ? 0 : 2
  }
  try {
    return await command.run(args)
  } catch (error) {
    throw codeOf(error) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
      ? new UsageError(unknownOption(error, command))
      : error
  }
}

function unknown(name: string): string {
  const close = suggest(name, [...COMMANDS.keys()])
  return close === undefined
    ? 'no such command; see sealed-session --help'
    : `no such command; did you mean ${close}?`
}

/** Describes the unknown option in the parser's message, with the closest known one. */
function unknownOption(error: unknown, { OPTIONS }: Command): string {
  const [, given = ''] = /'--?([^'=]*)/.exec(error instanceof Error ? error.message : '') ?? []
  const close = suggest(given, Object.keys(OPTIONS))
  return close === undefined
    ? 'no such option; see --help'
    : `no such option; did you mean --${close}?`
}

function printVersion(): number {
  const manifest: { version: string } = createRequire(import.meta.url)(
    'sealed-session/package.json',
  )
  process.stdout.write(`${manifest.version}\n`)
  return 0
}

/** Describes an error in one line without an argument. An unknown error may quote anything. */
function describeError(error: unknown): string {
  if (error instanceof SessionConfigError) return describeConfigError(error)
  if (error instanceof UsageError || error instanceof SessionError) return error.message
  const code = codeOf(error)
  if (!(error instanceof Error) || code === undefined) return 'failed unexpectedly'
  // The parser's other errors name an option of the command; this one repeats an argument.
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return 'takes options only: secrets come from the environment, all else from standard input'
  }
  const isUsage = code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'
  return isUsage ? (error.message.split('\n', 1)[0] ?? '') : `failed with ${code}`
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** The library quotes a wrong value of an option, but never secrets. */
function describeConfigError({ option, message }: SessionConfigError): string {
  const argument = ARGUMENTS.get(option)
  if (argument === undefined) return message
  return argument + message.slice(option.length).replaceAll(/"(?:[^"\\]|\\.)*"/g, '(not shown)')
}
