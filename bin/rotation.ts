// Computes the next value of the variable with the secrets, and the schedule of each secret.

import { parseArgs } from 'node:util'
import { VARIABLE, parseSeconds, readSecrets } from './inputs.ts'
import { formatTime } from './printable.ts'
import { createKey } from './secret.ts'
import {
  FORM,
  FORM_HELP,
  describeFate,
  describeKeys,
  formatKeys,
  parseKeys,
} from './secret-keys.ts'
import type { KeyTimes } from './secret-keys.ts'

export const HELP = `Usage: sealed-session rotate [options]

Reads the secrets from the environment and prints their next value, with a new secret that every
instance opens at once and that seals from --in ahead. A secret that stopped sealing --max-age ago
is left out. The plan goes to standard error; secrets never do.
  --in TIME         when the new secret begins to seal (1h): the time to set it everywhere
  --max-age TIME    the longest maxAge of your createSessions and its lifetimes (7d)
  --json            the JWK Set in JSON
  --variable NAME   the environment variable (SESSION_SECRETS)
A time is 3600, or 90s, 15m, 1h, 7d, 4w.
${FORM_HELP}
Exit codes: 0 done, 2 wrong use or configuration.
`

export const OPTIONS = {
  ...VARIABLE,
  ...FORM,
  in: { type: 'string', default: '1h' },
  'max-age': { type: 'string', default: '7d' },
} as const

/** Two minutes: servers' clocks may differ by one (the highest clockTolerance) each way. */
const CLOCK_SKEW = 120

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const now = Math.floor(Date.now() / 1000)
  const start = now + parseSeconds('--in', values.in)
  const life = parseSeconds('--max-age', values['max-age']) + CLOCK_SKEW
  const present = await parseKeys(readSecrets(values.variable))
  const added = { ...(await createKey()), activeFrom: formatTime(start) }
  const entries = await describeKeys([added, ...present], now)
  const kept = entries.filter(({ until }) => until + life > now)
  const keys = kept.map(({ key }) => key)
  process.stdout.write(await formatKeys(keys, values.json === true))
  process.stderr.write(formatPlan(entries, values.variable, life, now))
  return 0
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
