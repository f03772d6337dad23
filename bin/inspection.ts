// What an application would make of the cookies that came: the session, or the reason against it.

import { parseArgs } from 'node:util'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { VARIABLE, seconds, secretsFrom, standardInput } from './inputs.ts'

export const HELP = `Usage: sealed-session inspect [options] < cookies

Reads a Cookie header or Set-Cookie lines from standard input, secrets from the environment, and
shows the session, or the reason why it is not accepted (exit code 1).
  --name NAME                the cookie's name (__Host-session)
  --max-age SECONDS          as in your createSessions (604800)
  --idle-timeout SECONDS     as in your createSessions, 0 for false (86400)
  --variable NAME            the environment variable (SESSION_SECRETS)
  --json                     for machines
`

const OPTIONS = {
  ...VARIABLE,
  name: { type: 'string', default: '__Host-session' },
  'max-age': { type: 'string', default: '604800' },
  'idle-timeout': { type: 'string', default: '86400' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const { name } = values
  const idle = seconds('--idle-timeout', values['idle-timeout'])
  let secretId = ''
  let written: string | undefined
  const sessions = createSessions({
    secrets: secretsFrom(values.variable),
    cookie: { name },
    maxAge: seconds('--max-age', values['max-age']),
    idleTimeout: idle === 0 ? false : idle,
    // The application's serializer is not known here: the data's text is shown as it is, and what
    // comes after it, scopes and messages, is not.
    serializer: {
      stringify: JSON.stringify,
      parse: (text) => (written === undefined ? { text: (written = text) } : {}),
    },
    observe: (event) => {
      if (event.type === 'opened') secretId = event.secretId
    },
  })
  const pairs = cookiesOf(await standardInput())
  const session = await sessions.open(pairs.join('; '))
  const own = pairs.filter((pair) => isPart(pair, name))
  const size = { cookies: own.length, bytes: own.join('').length }
  const reason = own.length === 0 ? 'absent' : session.rejection?.reason
  const report =
    reason === undefined
      ? { accepted: true, ...describe(session), secretId, ...size, data: written ?? session }
      : { accepted: false, reason, ...size }
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : readable(report))
  return report.accepted ? 0 : 1
}

/** The cookies of all lines, as pairs of name and value. */
function cookiesOf(input: string): string[] {
  return input.split('\n').flatMap((line) => {
    // Behind what curl -v puts in front.
    const [, header = '', value = ''] =
      /^[<>]?\s*(cookie:|set-cookie:)?(.*)$/i.exec(line.trim()) ?? []
    const pairs = value.split(';').map((pair) => pair.trim())
    const isSet = /^set-/i.test(header) || pairs.some((pair) => /^httponly$/i.test(pair))
    if (!isSet) return pairs.filter((pair) => pair !== '')
    return pairs.some((pair) => /^max-age=0$/i.test(pair)) ? [] : pairs.slice(0, 1)
  })
}

/** `NAME=`, or `NAME.1=` and on. */
function isPart(pair: string, name: string): boolean {
  return pair.startsWith(name) && /^(\.[1-9][0-9]?)?=/.test(pair.slice(name.length))
}

function describe({ id, startedAt, expiresAt }: Session) {
  return { id, startedAt, expiresAt }
}

function readable(report: object): string {
  const lines = Object.entries(report).map(([name, value]: [string, unknown]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
    return `${name.padEnd(10)} ${value instanceof Date ? value.toISOString() : text}\n`
  })
  return lines.join('')
}
