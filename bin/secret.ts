// A new secret, and the public name of one.

import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createSessions } from 'sealed-session'
import type { Secrets } from 'sealed-session'

export const HELP = `Usage: sealed-session secret [--jwk]

Prints a new secret: 32 random bytes in base64url.
  --jwk   as a JWK Set with one symmetric key, in JSON
Exit codes: 0 done, 2 wrong use.
`

export const OPTIONS = { jwk: { type: 'boolean' } } as const

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const output = values.jwk
    ? JSON.stringify({ keys: [await createKey()] })
    : randomBytes(32).toString('base64url')
  process.stdout.write(`${output}\n`)
  return 0
}

/** Creates a secret as a JWK (RFC 7517). */
export async function createKey(): Promise<{ kty: string; kid: string; k: string }> {
  const key = { kty: 'oct', k: randomBytes(32).toString('base64url') }
  return { kty: key.kty, kid: await findSealingId({ keys: [key] }), k: key.k }
}

/** Returns the id of the secret that seals now. */
export async function findSealingId(secrets: Secrets): Promise<string> {
  let id = ''
  const sessions = createSessions<{ sealed: boolean }>({
    secrets,
    observe: (event) => {
      if (event.type === 'sealed') id = event.secretId
    },
  })
  const session = await sessions.open(null)
  session.set('sealed', true)
  await sessions.seal(session)
  return id
}
