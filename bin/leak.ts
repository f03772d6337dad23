// After a leak: the next value of the variable without the leaked secret, and what to do.

import { parseArgs } from 'node:util'
import { UsageError, VARIABLE, readSecrets } from './inputs.ts'
import { createKey, findSealingId } from './secret.ts'
import { FORM, FORM_HELP, describeKeys, formatKeys, parseKeys } from './secret-keys.ts'

export const HELP = `Usage: sealed-session leak [options] ID

Reads the secrets from the environment and prints their next value without the secret of this ID. If
that one seals now, a new secret takes its place at once. The plan goes to standard error.
  --json            the JWK Set in JSON
  --variable NAME   the environment variable (SESSION_SECRETS)
ID is the part of a cookie's value before its first dot, which events call secretId.
${FORM_HELP}
Exit codes: 0 done, 2 wrong use or configuration.
`

export const OPTIONS = { ...VARIABLE, ...FORM } as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: separateIds(args),
    options: OPTIONS,
    allowPositionals: true,
  })
  const secrets = readSecrets(values.variable)
  const now = Math.floor(Date.now() / 1000)
  const entries = await describeKeys(await parseKeys(secrets), now)
  const ids = entries.map(({ id }) => id)
  const [id = ''] = positionals
  // The argument may be a secret, so it is not repeated.
  if (!ids.includes(id))
    throw new UsageError(`give the id of the secret that leaked: ${ids.join(', ')}`)
  const wasSealing = (await findSealingId(secrets)) === id
  const left = entries.filter((entry) => entry.id !== id).map(({ key }) => key)
  const keys = wasSealing ? [await createKey(), ...left] : left
  process.stdout.write(await formatKeys(keys, values.json === true))
  const after = await describeKeys(keys, now)
  process.stderr.write(
    formatPlan(
      id,
      wasSealing,
      after.map((entry) => entry.id),
      values.variable,
    ),
  )
  return 0
}

/** Moves an ID that begins with a hyphen behind `--`. No option has four characters. */
function separateIds(args: readonly string[]): string[] {
  const ids = args.filter((arg) => /^-[\w-]{3}$/.test(arg))
  const others = args.filter((arg) => !ids.includes(arg) && arg !== '--')
  return [...others, '--', ...ids]
}

function formatPlan(
  id: string,
  wasSealing: boolean,
  ids: readonly string[],
  variable: string,
): string {
  const successor = wasSealing
    ? `A new secret, ${ids[0]}, seals from now on`
    : 'The one that seals stays'
  return `The next value of ${variable} is on standard output, without ${id}. ${successor}.
Its secrets by id, newest first: ${ids.join(', ')}
1. Set it in every instance now. Until the last one has it, the instances refuse each other's new sessions.
2. Sessions under ${id} are refused with unknown-key from then on: their users log in again.
3. Treat what was in them as read: revoke and replace tokens of other services.
4. Look for sessions that you did not begin: an \`opened\` event with an id that no \`sealed\` event had.
5. Find out how it leaked, before the next one does.
`
}
