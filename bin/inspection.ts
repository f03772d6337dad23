// What an application would make of a request's cookies: the session, or the reason against it.

import { parseArgs } from 'node:util'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { UsageError, VARIABLE, parseSeconds, readInput, readSecrets } from './inputs.ts'
import { escapeUnprintable, formatJson } from './printable.ts'

export const HELP = `Usage: sealed-session inspect [options] < cookies

Reads a Cookie header or Set-Cookie lines from standard input, secrets from the environment, and
shows the session, or the reason why it is not accepted (exit code 1).
  --name NAME                the cookie's name (__Host-session)
  --max-age SECONDS          as in your createSessions (604800)
  --idle-timeout SECONDS     as in your createSessions, 0 for false (86400)
  --lifetime NAME=MAX_AGE,IDLE_TIMEOUT
                             a named lifetime as in your createSessions; may be repeated
  --interval SECONDS         of your deviceBound (600)
  --variable NAME            the environment variable (SESSION_SECRETS)
  --json                     for machines
`

const OPTIONS = {
  ...VARIABLE,
  name: { type: 'string', default: '__Host-session' },
  'max-age': { type: 'string', default: '604800' },
  'idle-timeout': { type: 'string', default: '86400' },
  lifetime: { type: 'string', multiple: true, default: [] as string[] },
  interval: { type: 'string', default: '600' },
  json: { type: 'boolean' },
} as const

type Lifetimes = NonNullable<SessionOptions['lifetimes']>

/** What is read of a request's cookies. */
interface Inspected {
  readonly session: Session
  readonly secretId: string
  /** The text of the data, if a serializer wrote it. */
  readonly dataText: string | undefined
}

/**
 * Behind the data, a serializer may have written scopes, which are an object, and messages, which are an
 * array: scopes, with or without messages, or messages alone.
 */
const OTHER_PARTS: readonly (readonly unknown[])[] = [[{}, []], [[]]]

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const { name } = values
  const options = {
    secrets: readSecrets(values.variable),
    cookie: { name },
    maxAge: parseSeconds('--max-age', values['max-age']),
    idleTimeout: parseIdleTimeout('--idle-timeout', values['idle-timeout']),
    lifetimes: parseLifetimes(values.lifetime),
    device: deviceBound({ interval: parseSeconds('--interval', values.interval) }),
  }
  const pairs = parseCookies(await readInput())
  const { session, secretId, dataText } = await inspect(pairs.join('; '), options)
  const own = pairs.filter((pair) => isOwn(pair, name))
  const size = { cookies: own.length, bytes: own.join('').length }
  const reason = own.some((pair) => isPart(pair, name)) ? session.rejection?.reason : 'absent'
  const { id, startedAt, expiresAt } = session
  const others = { ...describeDevice(own, name, session), ...size }
  const report =
    reason === undefined
      ? { accepted: true, id, startedAt, expiresAt, secretId, ...others, data: dataText ?? session }
      : { accepted: false, reason, ...others }
  process.stdout.write(values.json ? `${formatJson(report)}\n` : formatReport(report))
  return report.accepted ? 0 : 1
}

async function inspect(header: string, options: SessionOptions): Promise<Inspected> {
  const [first = [], second = []] = OTHER_PARTS
  const inspected = await open(header, options, first)
  const isUnread = inspected.session.rejection?.reason === 'invalid-data'
  return isUnread ? open(header, options, second) : inspected
}

/**
 * Opens a session whose serializer is not known here: the text of its data is kept as it is.
 *
 * @param others what stands for the texts that are parsed after that of the data
 */
async function open(
  header: string,
  options: SessionOptions,
  others: readonly unknown[],
): Promise<Inspected> {
  const texts: string[] = []
  let secretId = ''
  const sessions = createSessions({
    ...options,
    serializer: {
      stringify: JSON.stringify,
      parse: (text) => (texts.push(text) === 1 ? { text } : others[texts.length - 2]),
    },
    observe: (event) => {
      if (event.type === 'opened') secretId = event.secretId
    },
  })
  const session = await sessions.open(header)
  return { session, secretId, dataText: texts[0] }
}

/** Parses seconds as `idleTimeout` takes them. */
function parseIdleTimeout(option: string, value: string): number | false {
  const seconds = parseSeconds(option, value)
  return seconds === 0 ? false : seconds
}

/** Parses the named lifetimes: `remembered=2592000,0`. */
function parseLifetimes(values: readonly string[]): Lifetimes {
  const entries = values.map((value) => {
    const [, name = '', maxAge = '', idle = ''] = /^([\w-]{1,32})=(\d+),(\d+)$/.exec(value) ?? []
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

/** Parses all lines into the cookies' pairs of name and value. */
function parseCookies(input: string): string[] {
  return input.split('\n').flatMap((line) => {
    // curl -v puts a bracket in front.
    const [, header = '', value = ''] =
      /^[<>]?\s*(cookie:|set-cookie:)?(.*)$/i.exec(line.trim()) ?? []
    const pairs = value.split(';').map((pair) => pair.trim())
    const isSet = /^set-/i.test(header) || pairs.some((pair) => /^httponly$/i.test(pair))
    if (!isSet) return pairs.filter((pair) => pair !== '')
    return pairs.some((pair) => /^max-age=0$/i.test(pair)) ? [] : pairs.slice(0, 1)
  })
}

/** Whether a pair is one of the session's cookies: its parts, the tickets, the logout stamp. */
function isOwn(pair: string, name: string): boolean {
  const others = [`${name}.t=`, `${name}.x=`]
  return (
    isPart(pair, name) ||
    others.some((start) => pair.startsWith(start)) ||
    bindingOf(pair, name) !== undefined
  )
}

/** Returns the binding that a bound session's ticket is named after. */
function bindingOf(pair: string, name: string): string | undefined {
  if (!pair.startsWith(`${name}.d.`)) return undefined
  return /^([\w-]{8})=/.exec(pair.slice(`${name}.d.`.length))?.[1]
}

/** What is shown of a session that is bound to a device, or of tickets of one. */
function describeDevice(own: readonly string[], name: string, { device }: Session): object {
  const bindings = own.flatMap((pair) => bindingOf(pair, name) ?? [])
  const isBound = device !== 'none'
  return {
    ...(isBound ? { device } : {}),
    ...(bindings.length > 0 ? { tickets: bindings.join(', ') } : {}),
  }
}

/** Whether a pair is a part of the token: `NAME=`, or `NAME.1=` and on. */
function isPart(pair: string, name: string): boolean {
  return pair.startsWith(name) && /^(\.[1-9][0-9]?)?=/.test(pair.slice(name.length))
}

function formatReport(report: object): string {
  const lines = Object.entries(report).map(
    ([name, value]: [string, unknown]) => `${name.padEnd(10)} ${formatValue(value)}\n`,
  )
  return lines.join('')
}

function formatValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? escapeUnprintable(value) : formatJson(value, true)
}
