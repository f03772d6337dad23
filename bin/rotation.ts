// The next value of the variable that holds the secrets, and what happens to each of them when.

import { parseArgs } from 'node:util'
import type { SecretSet } from 'sealed-session'
import { VARIABLE, seconds, secretsFrom } from './inputs.ts'
import { createKey, sealingId } from './secret.ts'

export const HELP = `Usage: sealed-session rotate [options]

Reads the secrets from the environment and prints their next value: a JWK Set in one line, with a
new secret that every instance opens at once and that seals from --in seconds ahead. What stopped
sealing --max-age ago is left out. The plan goes to standard error; secrets never do.
  --in SECONDS        when the new secret begins to seal (3600): the time to set it everywhere
  --max-age SECONDS   the longest that a session lives, as in your createSessions (604800)
  --variable NAME     the environment variable (SESSION_SECRETS)
`

/** Two minutes: servers' clocks may differ by one (the highest clockTolerance) each way. */
const CLOCKS = 120

type Key = SecretSet['keys'][number]

/** A key, its public name, and what is known of its time. All in seconds since 1970. */
interface Entry {
  readonly key: Key
  readonly id: string
  /** When it begins to seal. */
  readonly from: number
  /** When it has stopped sealing for certain; `Infinity` for the newest. */
  readonly until: number
  /** Whether a newer one is sealing already, since whenever. */
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
  const start = now + seconds('--in', values.in)
  const life = seconds('--max-age', values['max-age']) + CLOCKS
  const present = await keysOf(secretsFrom(values.variable))
  const added = { ...(await createKey()), activeFrom: isoOf(start) }
  const entries = await Promise.all(
    [added, ...present].map((key, at, all) => entryOf(key, all.slice(0, at), now)),
  )
  const kept = entries.filter(({ until }) => until + life > now)
  const next = { keys: kept.map(({ key }) => key) }
  // Refuses what the application would refuse, before anybody sets it.
  await sealingId(next)
  process.stdout.write(`${JSON.stringify(next)}\n`)
  process.stderr.write(planOf(entries, values.variable, life, now))
  return 0
}

/** The secrets of a checked value as keys: the same bytes, so the same ids and the same sessions. */
async function keysOf(value: string): Promise<readonly Key[]> {
  await sealingId(value)
  if (!value.startsWith('{')) {
    return value
      .split(',')
      .map((text) => ({ kty: 'oct', k: Buffer.from(text.trim()).toString('base64url') }))
  }
  const { keys }: SecretSet = JSON.parse(value)
  return keys
}

async function entryOf(key: Key, newer: readonly Key[], now: number): Promise<Entry> {
  const starts = newer.map(startOf)
  return {
    key,
    id: await sealingId({ keys: [{ ...key, activeFrom: undefined }] }),
    from: startOf(key),
    // Of a secret without a beginning nobody knows when it took over: it only can be kept for longer.
    until: Math.min(...starts.filter((start) => start > 0)),
    isSuperseded: starts.some((start) => start <= now),
  }
}

function startOf({ activeFrom = 0 }: Key): number {
  return typeof activeFrom === 'number' ? activeFrom : new Date(activeFrom).getTime() / 1000
}

function planOf(entries: readonly Entry[], variable: string, life: number, now: number): string {
  const lines = entries.map((entry) => `  ${entry.id}  ${fateOf(entry, life, now)}`)
  const start = entries[0]?.from ?? now
  const deadline = start > now ? `before ${isoOf(start)}, in any order` : 'at the same moment'
  return `The next value of ${variable} is on standard output. Its secrets by id, newest first:
${lines.join('\n')}
Set it in every instance ${deadline}: then nobody is logged out.
Run this again for the next rotation: it drops what opens nothing any more by then.
`
}

function fateOf({ from, until, isSuperseded }: Entry, life: number, now: number): string {
  if (until === Infinity) return `new: opens at once, seals from ${isoOf(from)}`
  if (until + life <= now) return `dropped: it stopped sealing at ${isoOf(until)}`
  const opens = `opens until ${isoOf(until + life)}`
  if (isSuperseded || from >= until) return `seals no more, ${opens}`
  return `seals ${from > now ? `from ${isoOf(from)} ` : ''}until ${isoOf(until)}, ${opens}`
}

function isoOf(moment: number): string {
  return new Date(Math.floor(moment) * 1000).toISOString().replace('.000', '')
}
