// Whether a session with some JSON would fit, before an application exists that writes it.

import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createSessions } from 'sealed-session'
import type { LimitsPreset, SizeReport } from 'sealed-session'
import { UsageError, parseList, readInput } from './inputs.ts'
import { parsePresets } from './presets.ts'
import { formatJson, paint } from './printable.ts'

export const HELP = `Usage: sealed-session measure [options] [FILE]

Reads a session's data, a JSON object, from FILE or standard input, and says what it takes (exit code
1 if it does not fit). Counts what the application would count for a new session: the cookies, and
the ticket and the logout stamp that may follow them.
  --limits PRESET,…   the servers and proxies before the browser; may be repeated (portable)
  --name NAME         the cookie's name (__Host-session)
  --json              the size report as sessions.measure returns it
Exit codes: 0 it fits, 1 it does not, 2 wrong use.
`

export const OPTIONS = {
  limits: { type: 'string', multiple: true, default: ['portable'] },
  name: { type: 'string', default: '__Host-session' },
  json: { type: 'boolean' },
} as const

/** 2026-01-15 23:59:59 UTC. Fixed, because the times in a token have 1 to 5 digits. */
const CLOCK = Date.UTC(2026, 0, 15, 23, 59, 59)

type Entries = readonly (readonly [string, unknown])[]

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    // `parseArgs` requires a mutable array.
    options: { ...OPTIONS, limits: { ...OPTIONS.limits, default: ['portable'] } },
    allowPositionals: true,
  })
  const presets = parsePresets(parseList(values.limits))
  const entries = parseEntries(await readInput('the data of a session as JSON', positionals[0]))
  const report = await measureData(entries, values.name, presets)
  const sources = await findSources(report, values.name, presets)
  process.stdout.write(values.json ? `${formatJson(report)}\n` : formatReport(report, sources))
  return report.level === 'over' ? 1 : 0
}

async function measureData(
  entries: Entries,
  name: string,
  limits: readonly LimitsPreset[],
): Promise<SizeReport> {
  const sessions = createSessions({
    secrets: randomBytes(32).toString('base64url'),
    cookie: { name },
    limits,
    clock: () => CLOCK,
  })
  const session = await sessions.open(null)
  for (const [key, value] of entries) session.set(key, value)
  return sessions.measure(session)
}

/** Names of limits with the preset that sets each. */
type Sources = ReadonlyMap<string, LimitsPreset>

/** Finds which of several presets is the tightest, for each limit. */
async function findSources(
  { limits }: SizeReport,
  name: string,
  presets: readonly LimitsPreset[],
): Promise<Sources> {
  const alone = await Promise.all(
    presets.map(async (preset) => ({
      preset,
      limits: (await measureData([], name, [preset])).limits,
    })),
  )
  const names = ['requestHeader', 'responseHeader'] as const
  return new Map(
    names.flatMap((limit) => {
      const source = alone.find((each) => each.limits[limit] === limits[limit])
      return source === undefined ? [] : [[limit, source.preset] as const]
    }),
  )
}

/** Parses the data. The parser's own message would quote it. */
function parseEntries(text: string): Entries {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw new UsageError('standard input is not valid JSON')
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return Object.entries(data)
  throw new UsageError('standard input must be a JSON object: the keys of a session')
}

const COLOURS = { ok: 'good', warn: 'strong', over: 'bad' } as const

function formatReport(report: SizeReport, sources: Sources): string {
  const { level, used, tightest, cookies, bytes, limits, keys, move } = report
  const rows: [string, number, number][] = [
    ['cookie', bytes.cookie, limits.cookie],
    ['cookies', cookies, limits.cookies],
    ['requestHeader', bytes.requestHeader, limits.requestHeader],
    ['responseHeader', bytes.responseHeader, limits.responseHeader],
  ]
  const by = (name: string) => (sources.has(name) ? `, by ${sources.get(name)}` : '')
  const lines = [
    `${paint(level, COLOURS[level])}: ${formatShare(used)} of ${tightest}${by(tightest)}`,
    ...rows.map(([name, is, most]) => `  ${name.padEnd(14)} ${is} of ${most}${by(name)}`),
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
