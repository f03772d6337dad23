// Whether a session of some JSON would fit, before there is an application that writes it.

import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createSessions } from 'sealed-session'
import type { LimitsPreset, SizeReport } from 'sealed-session'
import { UsageError, readInput } from './inputs.ts'
import { formatJson } from './printable.ts'

export const HELP = `Usage: sealed-session measure [options] < data.json

Reads a session's data, a JSON object, from standard input, and says what it takes (exit code 1 if
it does not fit). Counts what the application would count for a new session: the cookies, and the
ticket and the logout stamp that may follow them.
  --limits PRESET   a server or proxy before the browser; may be repeated (portable)
  --name NAME       the cookie's name (__Host-session)
  --json            the size report as sessions.measure returns it
`

/** 2026-01-15 23:59:59 UTC. At a second that is not fixed, a token's times have 1 to 5 digits. */
const CLOCK = Date.UTC(2026, 0, 15, 23, 59, 59)

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      limits: { type: 'string', multiple: true, default: ['portable'] },
      name: { type: 'string', default: '__Host-session' },
      json: { type: 'boolean' },
    },
  })
  const sessions = createSessions({
    secrets: randomBytes(32).toString('base64url'),
    cookie: { name: values.name },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- createSessions checks them
    limits: values.limits as LimitsPreset[],
    clock: () => CLOCK,
  })
  const session = await sessions.open(null)
  for (const [key, value] of parseEntries(await readInput())) session.set(key, value)
  const report = await sessions.measure(session)
  process.stdout.write(values.json ? `${formatJson(report)}\n` : formatReport(report))
  return report.level === 'over' ? 1 : 0
}

/** Parses the data. The parser's own message would quote it. */
function parseEntries(text: string): [string, unknown][] {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw new UsageError('standard input is not valid JSON')
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return Object.entries(data)
  throw new UsageError('standard input must be a JSON object: the keys of a session')
}

function formatReport(report: SizeReport): string {
  const { level, used, tightest, cookies, bytes, limits, keys, move } = report
  const rows: [string, number, number][] = [
    ['cookie', bytes.cookie, limits.cookie],
    ['cookies', cookies, limits.cookies],
    ['requestHeader', bytes.requestHeader, limits.requestHeader],
    ['responseHeader', bytes.responseHeader, limits.responseHeader],
  ]
  const lines = [
    `${level}: ${formatShare(used)} of ${tightest}`,
    ...rows.map(([name, is, most]) => `  ${name.padEnd(14)} ${is} of ${most}`),
    ...keys.map(
      ({ key, bytes: size, share }) => `${formatJson(key)}: ${size} bytes, ${formatShare(share)}`,
    ),
  ]
  if (move.length > 0)
    lines.push(`move to a server: ${move.map((key) => formatJson(key)).join(', ')}`)
  return `${lines.join('\n')}\n`
}

function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`
}
