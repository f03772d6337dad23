// What an application would read from a request's cookies: the session, or the reason of its
// rejection, and the result of each check.

import { parseArgs } from 'node:util'
import { listChecks } from './checks.ts'
import type { Check } from './checks.ts'
import { OPTION_ARGUMENTS, readOptions } from './configuration.ts'
import type { ToldOptions } from './configuration.ts'
import { parseCookieInput } from './cookie-input.ts'
import type { CookieInput } from './cookie-input.ts'
import { UsageError, readInput } from './inputs.ts'
import { formatJson } from './printable.ts'
import { readBare, readCookies } from './reading.ts'
import type { Reading } from './reading.ts'
import { formatReport } from './report-text.ts'
import { listSecrets } from './sealed.ts'
import { findSessionNames } from './session-cookies.ts'
import { askAboutToken, askLibrary } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export const HELP = `Usage: sealed-session inspect [options] [FILE]

Reads cookies from FILE or standard input, secrets from the environment, and shows the session, or the
reason why it is not accepted, and what each check said. Takes a Cookie header, Set-Cookie lines, what
curl -v prints, "Copy as cURL", a cookie jar of curl, a HAR file, the value of a cookie, a bare token.

It judges by what it is told. Without --config, a check that needs an option is left open.
  --config FILE              a module that exports the options of your createSessions, by default
                             or as \`options\` (JavaScript, or TypeScript where Node.js reads it)
  --name NAME                the cookie's name; without it, each that looks like a session is tried
  --max-age TIME             as in your createSessions: 604800, 7d
  --idle-timeout TIME        as in your createSessions, 0 for false: 86400, 1d
  --lifetime NAME=MAX_AGE,IDLE_TIMEOUT
                             a named lifetime as in your createSessions; may be repeated
  --purpose TEXT             what a bare token was sealed for
  --at TIME                  judge as of this moment, in ISO 8601 (now)
  --variable NAME            the environment variable (SESSION_SECRETS)
  --json                     for machines
Exit codes: 0 accepted, 1 not accepted, 2 wrong use or configuration.
`

export const OPTIONS = {
  ...OPTION_ARGUMENTS,
  purpose: { type: 'string' },
  at: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** The output of --json. Members are added, and never change. */
export interface Report extends Readonly<Record<string, unknown>> {
  readonly accepted: boolean
  readonly checks: readonly Check[]
}

const DEFAULT_NAME = '__Host-session'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const told = await readOptions(values)
  const now = values.at === undefined ? Math.floor(Date.now() / 1000) : parseMoment(values.at)
  const input = parseCookieInput(
    await readInput('a Cookie header, Set-Cookie lines or a value', positionals[0]),
  )
  const inspected = await inspect(input, values.purpose, told, now)
  const report = createReport(inspected, told, now)
  process.stdout.write(
    values.json ? `${formatJson(report)}\n` : formatReport(report, inspected.reading, now),
  )
  return report.accepted ? 0 : 1
}

interface Inspected {
  readonly reading: Reading
  readonly verdict: Verdict
  /** Other names whose value looks like a session. */
  readonly others: readonly string[]
  /** Characters of the inspected input. */
  readonly bytes: number
}

/** Inspects the input: of several sessions, the first that is accepted, else the first. */
async function inspect(
  input: CookieInput,
  purpose: string | undefined,
  told: ToldOptions,
  now: number,
): Promise<Inspected> {
  const secrets = listSecrets(told.secrets)
  const given = told.cookie?.name ?? (told.isComplete ? DEFAULT_NAME : undefined)
  const found = findSessionNames(input)
  const [bare] = input.bare
  if (bare !== undefined && found.length === 0) {
    const name = given ?? DEFAULT_NAME
    const reading = readBare(bare, name, purpose, secrets)
    const isCookie = reading.use.purpose === 'cookie'
    const verdict = isCookie
      ? await askLibrary(`${name}=${bare}`, name, reading.payload, told, now)
      : await askAboutToken(bare, purpose, name, reading.payload, told, now)
    return { reading, verdict, others: [], bytes: bare.length }
  }
  const names = given === undefined ? found : [given]
  const all: Inspected[] = []
  for (const name of names.length === 0 ? [DEFAULT_NAME] : names) {
    const reading = readCookies(input, name, secrets)
    const header = input.pairs.map((pair) => pair.join('=')).join('; ')
    // oxlint-disable-next-line no-await-in-loop -- a `revoked` of the application is asked one at a time
    const verdict = await askLibrary(header, name, reading.payload, told, now)
    const others = found.filter((other) => other !== name)
    all.push({ reading, verdict, others, bytes: reading.cookies?.bytes ?? 0 })
  }
  const best =
    all.find(({ verdict, reading }) => verdict.reason === undefined && reading.payload) ?? all[0]
  if (best !== undefined) return best
  throw new UsageError('no cookie was found in what was given')
}

function createReport(
  { reading, verdict, others, bytes }: Inspected,
  told: ToldOptions,
  now: number,
): Report {
  const { use, cookies, payload, parts, alteration, place, usedAt, hasTicket } = reading
  const { reason, limit, expiresAt, device, data } = verdict
  const hasCookie = cookies === undefined || cookies.parts.length > 0
  const why = hasCookie ? reason : 'absent'
  const size = { cookies: cookies?.count ?? 1, bytes }
  const times = payload && {
    id: payload.id,
    startedAt: new Date(payload.startedAt * 1000),
    sealedAt: new Date(payload.sealedAt * 1000),
    usedAt: new Date((usedAt ?? payload.sealedAt) * 1000),
  }
  const common = {
    ...size,
    name: use.name,
    ...(use.purpose !== 'cookie' && { purpose: use.purpose }),
    ...times,
    ...(hasTicket && { ticket: times?.usedAt }),
    ...(cookies !== undefined && cookies.stamps.length > 0 && { stamps: cookies.stamps }),
    ...payload?.shown,
    ...(device !== 'none' && { device }),
    ...(cookies !== undefined &&
      cookies.bindings.length > 0 && { deviceTickets: cookies.bindings }),
    ...(alteration !== undefined && { alteration: { ...alteration, place } }),
    ...(others.length > 0 && { others }),
  }
  const checks = hasCookie ? listChecks(reading, verdict, told, now) : []
  if (why !== undefined) {
    const known = parts && { secretId: parts.id, day: parts.day }
    return {
      accepted: false,
      reason: why,
      ...(limit !== undefined && { limit }),
      ...common,
      ...known,
      checks,
    }
  }
  return { accepted: true, ...common, expiresAt, secretId: parts?.id, data, checks }
}

function parseMoment(text: string): number {
  const moment = Date.parse(text)
  if (!Number.isNaN(moment)) return Math.floor(moment / 1000)
  throw new UsageError('--at takes a moment in ISO 8601, as in 2026-01-15T12:00:00Z')
}
