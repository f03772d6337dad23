// The application's options for the command: from a file that exports them, or from arguments.
// Checks without a known option are not made.

import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Secrets, SessionOptions } from 'sealed-session'
import { UsageError, parseSeconds, readSecrets } from './inputs.ts'

type Lifetimes = NonNullable<SessionOptions['lifetimes']>

/** The arguments that set options. */
export interface OptionArguments {
  readonly config?: string | undefined
  readonly variable: string
  readonly name?: string | undefined
  readonly 'max-age'?: string | undefined
  readonly 'idle-timeout'?: string | undefined
  readonly lifetime?: readonly string[] | undefined
}

/** The known options, and the secrets, read. */
export interface ToldOptions extends Omit<Partial<SessionOptions>, 'secrets'> {
  readonly secrets: Secrets
  /** Whether all options are known: a file has the defaults for the others. */
  readonly isComplete: boolean
}

/** The arguments of `parseArgs` for these options. */
export const OPTION_ARGUMENTS = {
  config: { type: 'string' },
  variable: { type: 'string', default: 'SESSION_SECRETS' },
  name: { type: 'string' },
  'max-age': { type: 'string' },
  'idle-timeout': { type: 'string' },
  lifetime: { type: 'string', multiple: true },
} as const

/** Returns the options of the file and the arguments, which take precedence. */
export async function readOptions(given: OptionArguments): Promise<ToldOptions> {
  const file = given.config === undefined ? undefined : await loadOptions(given.config)
  const { name, lifetime } = given
  const maxAge = given['max-age']
  const idleTimeout = given['idle-timeout']
  const secrets = file?.secrets ?? readSecrets(given.variable)
  return {
    ...file,
    ...(name !== undefined && { cookie: { ...file?.cookie, name } }),
    ...(maxAge !== undefined && { maxAge: parseSeconds('--max-age', maxAge) }),
    ...(idleTimeout !== undefined && {
      idleTimeout: parseIdleTimeout('--idle-timeout', idleTimeout),
    }),
    ...(lifetime !== undefined && {
      lifetimes: { ...file?.lifetimes, ...parseLifetimes(lifetime) },
    }),
    secrets: await callSecrets(secrets),
    isComplete: file !== undefined,
  }
}

async function callSecrets(secrets: SessionOptions['secrets']): Promise<Secrets> {
  const called = typeof secrets === 'function' ? await secrets() : secrets
  if (called !== undefined) return called
  throw new UsageError(
    'the secrets of the file given to --config are undefined: is the environment set?',
  )
}

/** Imports a module and returns the options that it exports. */
async function loadOptions(path: string): Promise<Partial<SessionOptions>> {
  const module = await importModule(pathToFileURL(resolve(path)).href)
  const exported = module['default'] ?? module['options'] ?? module['sessionOptions']
  const options: unknown = typeof exported === 'function' ? await exported() : exported
  if (isOptions(options)) return options
  throw new UsageError(
    'the file given to --config must export the options of createSessions, by default or as `options`',
  )
}

/** Whether the export is options, and not created sessions. */
function isOptions(value: unknown): value is Partial<SessionOptions> {
  return typeof value === 'object' && value !== null && !('commit' in value)
}

async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return importTypeScript(url)
    const what =
      code === 'ERR_MODULE_NOT_FOUND'
        ? 'was not found, or imports what is not there'
        : `failed (${code})`
    throw new UsageError(`the file given to --config ${what}`)
  }
}

/** Node.js imports TypeScript from version 22.18 on. Earlier, the application's own `tsx` can. */
async function importTypeScript(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const path = createRequire(url).resolve('tsx/esm/api')
    const tsx: { tsImport(file: string, from: string): Promise<Record<string, unknown>> } =
      await import(pathToFileURL(path).href)
    return await tsx.tsImport(url, url)
  } catch (error) {
    const isMissing = codeOf(error) === 'MODULE_NOT_FOUND'
    throw new UsageError(
      isMissing
        ? 'this version of Node.js cannot read TypeScript: take 22.18 or newer, install tsx, or give --config a JavaScript file'
        : `the file given to --config failed (${codeOf(error)})`,
    )
  }
}

/** Returns only the code of a foreign error, because its message may quote anything. */
function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code)
  return error instanceof Error ? error.name : 'unknown error'
}

/** Parses seconds in the form of `idleTimeout`. */
function parseIdleTimeout(option: string, value: string): number | false {
  const seconds = parseSeconds(option, value)
  return seconds === 0 ? false : seconds
}

/** Parses the named lifetimes: `remembered=30d,0`. */
function parseLifetimes(values: readonly string[]): Lifetimes {
  const entries = values.map((value) => {
    const [, name = '', maxAge = '', idle = ''] =
      /^([\w-]{1,32})=(\d+[smhdw]?),(\d+[smhdw]?)$/.exec(value) ?? []
    if (name === '')
      throw new UsageError('--lifetime takes a name and two times: NAME=MAX_AGE,IDLE')
    const lifetime = {
      maxAge: parseSeconds('--lifetime', maxAge),
      idleTimeout: parseIdleTimeout('--lifetime', idle),
    }
    return [name, lifetime] as const
  })
  return Object.fromEntries(entries)
}
