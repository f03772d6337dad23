// The next value of the variable that holds the secrets, and what happens when to each of them.

import { parseArgs } from 'node:util'
import type { SecretSet } from 'sealed-session'
import { VARIABLE, parseSeconds, readSecrets } from './inputs.ts'
import { createKey, findSealingId } from './secret.ts'

export const HELP = `Usage: sealed-session rotate [options]

Reads the secrets from the environment and prints their next value: a JWK Set in one line, with a
new secret that every instance opens at once and that seals from --in seconds ahead. A secret
that stopped sealing --max-age ago is left out. The plan goes to standard error; secrets never do.
  --in SECONDS        when the new secret begins to seal (3600): the time to set it everywhere
  --max-age SECONDS   the longest maxAge of your createSessions and its lifetimes (604800)
  --variable NAME     the environment variable (SESSION_SECRETS)
`

/** Two minutes: servers' clocks may differ by one (the highest clockTolerance) each way. */
const CLOCK_SKEW = 120

type Key = SecretSet['keys'][number]

/** A key, its public name, and its times, in seconds since 1970. */
interface KeyTimes {
  readonly key: Key
  readonly id: string
  /** When it begins to seal. */
  readonly from: number
  /** When it has stopped sealing for certain; `Infinity` for the newest. */
  readonly until: number
  /** Whether a newer one is sealing already. */
  readonly isSuperseded: boolean
}

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...VARIABLE,
      in: { type: 'string', default: '3600' },
      'max-age': { type: 'string', default: '604800' },
    },
  })
  const now = Math.floor(Date.now() / 1000)
  const start = now + parseSeconds('--in', values.in)
  const life = parseSeconds('--max-age', values['max-age']) + CLOCK_SKEW
  const present = await parseKeys(readSecrets(values.variable))
  const added = { ...(await createKey()), activeFrom: formatTime(start) }
  const entries = await Promise.all(
    [added, ...present].map((key, at, all) => describeKey(key, all.slice(0, at), now)),
  )
  const kept = entries.filter(({ until }) => until + life > now)
  const next = { keys: kept.map(({ key }) => key) }
  // Throws for what the application would refuse, before it is set.
  await findSealingId(next)
  process.stdout.write(`${JSON.stringify(next)}\n`)
  process.stderr.write(formatPlan(entries, values.variable, life, now))
  return 0
}

/** Parses the secrets as keys: the same bytes, so the same ids and the same sessions. */
async function parseKeys(value: string): Promise<readonly Key[]> {
  await findSealingId(value)
  if (!value.startsWith('{')) {
    return value
      .split(',')
      .map((text) => ({ kty: 'oct', k: Buffer.from(text.trim()).toString('base64url') }))
  }
  const { keys }: SecretSet = JSON.parse(value)
  return keys
}

async function describeKey(key: Key, newer: readonly Key[], now: number): Promise<KeyTimes> {
  const starts = newer.map(startsAt)
  return {
    key,
    id: await findSealingId({ keys: [{ ...key, activeFrom: undefined }] }),
    from: startsAt(key),
    // When a secret without a start took over is unknown, so the one before it is kept for longer.
    until: Math.min(...starts.filter((start) => start > 0)),
    isSuperseded: starts.some((start) => start <= now),
  }
}

function startsAt({ activeFrom = 0 }: Key): number {
  return typeof activeFrom === 'number' ? activeFrom : new Date(activeFrom).getTime() / 1000
}

function formatPlan(
  entries: readonly KeyTimes[],
  variable: string,
  life: number,
  now: number,
): string {
  const lines = entries.map((entry) => `  ${entry.id}  ${describeFate(entry, life, now)}`)
  const start = entries[0]?.from ?? now
  const deadline = start > now ? `before ${formatTime(start)}, in any order` : 'at the same moment'
  return `The next value of ${variable} is on standard output. Its secrets by id, newest first:
${lines.join('\n')}
Set it in every instance ${deadline}: then no session is lost.
Run this again for the next rotation: it drops the secrets that open nothing by then.
`
}

function describeFate({ from, until, isSuperseded }: KeyTimes, life: number, now: number): string {
  if (until === Infinity) return `new: opens at once, seals from ${formatTime(from)}`
  if (until + life <= now) return `dropped: it stopped sealing at ${formatTime(until)}`
  const opens = `opens until ${formatTime(until + life)}`
  if (isSuperseded || from >= until) return `seals no more, ${opens}`
  return `seals ${from > now ? `from ${formatTime(from)} ` : ''}until ${formatTime(until)}, ${opens}`
}

function formatTime(moment: number): string {
  return new Date(Math.floor(moment) * 1000).toISOString().replace('.000', '')
}
