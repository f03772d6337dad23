// In: header -> cookies -> chunks -> seal(open) -> claims -> data. Whatever a client sends ends here
// as a session that came, or as a reason. The mirror of outgoing.ts.

import { isToken, join } from './chunks.ts'
import { judge, read, sealingWindow } from './claims.ts'
import { readContents, writeContents } from './contents.ts'
import type { Contents } from './contents.ts'
import { MAX_COOKIE_BYTES, MAX_COOKIES } from './cookies.ts'
import type { Jar } from './cookies.ts'
import { isPromise } from './guards.ts'
import { dayOf } from './keys.ts'
import type { Purpose, Ring } from './keys.ts'
import type { Settings } from './options.ts'
import { fit } from './schema.ts'
import { parse } from './seal.ts'
import type { Serializer } from './serialize.ts'
import { isAccepted } from './session.ts'
import type { Accepted, Refused } from './session.ts'

/** A token longer than the fullest set of cookies is no token of ours. */
export const MOST_TOKEN: number = MAX_COOKIES * MAX_COOKIE_BYTES

/** What every step of the pipeline may need: the options, the keys, and who may veto a session. */
export interface Context extends Settings {
  readonly ring: Ring
  /** `undefined` where nobody may. */
  readonly askRevoked: ((accepted: Accepted) => Promise<Refused | undefined>) | undefined
  /** The ids of sessions that were too large to be renewed, the last ones. */
  readonly unrenewed: Set<string>
}

/** What came in a jar. */
export interface Found {
  /** The newest session, the first reason against them, or `undefined` if none came. */
  readonly result: Accepted | Refused | undefined
  /** The most logouts that a session which came, or the mark, knows of: a logout now is one more. */
  readonly logouts: number
}

/** The newest of the sessions that came in a jar: of several, where scopes overlap. */
export async function acceptJar(jar: Jar, context: Context): Promise<Found> {
  let best: Accepted | Refused | undefined
  let { logouts } = jar
  for (const joined of join(jar.parts)) {
    const result = isToken(joined)
      ? // One after the other: a header full of twins must not take many threads at once.
        // oxlint-disable-next-line no-await-in-loop
        await acceptToken(joined.token, 'cookie', jar.logouts, context)
      : joined
    if (best === undefined || isNewer(result, best)) best = result
    if (isAccepted(result)) logouts = Math.max(logouts, result.claims.logouts)
  }
  return { result: best, logouts }
}

/** What a token holds, or why it is not accepted. At most one derivation and one decryption. */
export async function acceptToken(
  token: string,
  purpose: Purpose,
  logouts: number,
  context: Context,
): Promise<Accepted | Refused> {
  const { lifetime, serializer, schema, ring } = context
  if (token.length > MOST_TOKEN) return { reason: 'too-large' }
  const kid = parse(token)
  if (kid === undefined) return { reason: 'malformed' }
  const now = context.now()
  const [oldest, newest] = sealingWindow(now, lifetime)
  if (kid.day < dayOf(oldest)) return { reason: 'expired' }
  if (kid.day > dayOf(newest)) return { reason: 'not-yet-valid' }
  // What is there at once is not waited for: each turn of the queue costs as much as a check.
  const found = ring.opening(purpose, kid.id, kid.day)
  const key = isPromise(found) ? await found : found
  if (key === undefined) return { reason: 'unknown-key' }
  const opening = key.open(token)
  const opened = isPromise(opening) ? await opening : opening
  if (opened === undefined) return { reason: 'undecryptable' }
  const payload = read(opened)
  // The key of a day speaks for that day only.
  if (payload === undefined || dayOf(payload.claims.sealedAt) !== kid.day) {
    return { reason: 'malformed' }
  }
  const reason = judge(payload.claims, now, lifetime)
  if (reason !== undefined) return { reason }
  if (payload.claims.logouts < logouts) return { reason: 'destroyed' }
  const contents = readContents(payload.members, serializer)
  if (contents === undefined) return { reason: 'invalid-data' }
  const text = payload.text ?? rewritten(contents, serializer)
  // Without data there may still be a message or a CSRF secret: before a login, after a logout.
  const data =
    schema === undefined || contents.data.size === 0
      ? contents.data
      : await fit(contents.data, schema)
  if (text === undefined || data === undefined) return { reason: 'invalid-data' }
  const accepted = {
    claims: payload.claims,
    text,
    contents: { ...contents, data },
    secretId: kid.id,
  }
  if (context.askRevoked === undefined) return accepted
  return (await context.askRevoked(accepted)) ?? accepted
}

/** What another writer arranged, as it stands here; `undefined` if it could not be written here. */
function rewritten(contents: Contents, serializer: Serializer | undefined): string | undefined {
  try {
    return writeContents(contents, serializer)
  } catch {
    return undefined
  }
}

function isNewer(result: Accepted | Refused, best: Accepted | Refused): boolean {
  if (!isAccepted(result)) return false
  return !isAccepted(best) || result.claims.sealedAt > best.claims.sealedAt
}
