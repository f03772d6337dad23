// In: header -> cookies -> chunks -> seal(open) -> claims -> data. Whatever a client sends ends here
// as a session that came, or as a reason. The mirror of outgoing.ts.

import { isToken, join } from './cookies/chunks.ts'
import { rejectionReason, parsePayload, sealingWindow } from './token/claims.ts'
import { readContents, writeContents } from './session/contents.ts'
import type { Contents } from './session/contents.ts'
import { MAX_COOKIE_BYTES, MAX_COOKIES } from './cookies/request-cookies.ts'
import type { RequestCookies } from './cookies/request-cookies.ts'
import { isThenable } from './validate.ts'
import { dayOf } from './token/key-ring.ts'
import type { Purpose, KeyRing } from './token/key-ring.ts'
import type { ResolvedOptions } from './options.ts'
import { validateData } from './session/schema.ts'
import { parse } from './token/jwe.ts'
import type { SessionSerializer } from './data/serialize.ts'
import { isValid } from './session/session.ts'
import type { ValidSession, RejectedSession } from './session/session.ts'

/** A token longer than the fullest set of cookies is no token of ours. */
export const MOST_TOKEN: number = MAX_COOKIES * MAX_COOKIE_BYTES

/** What every step of the pipeline may need: the options, the keys, and who may veto a session. */
export interface Pipeline extends ResolvedOptions {
  readonly ring: KeyRing
  /** `undefined` where nobody may. */
  readonly askRevoked:
    ((accepted: ValidSession) => Promise<RejectedSession | undefined>) | undefined
  /** The ids of sessions that were too large to be renewed, the last ones. */
  readonly unrenewed: Set<string>
}

/** What came in a jar. */
export interface OpenResult {
  /** The newest session, the first reason against them, or `undefined` if none came. */
  readonly result: ValidSession | RejectedSession | undefined
  /** The most logouts that a session which came, or the mark, knows of: a logout now is one more. */
  readonly logouts: number
}

/** The newest of the sessions that came in a jar: of several, where scopes overlap. */
export async function openCookies(jar: RequestCookies, context: Pipeline): Promise<OpenResult> {
  let best: ValidSession | RejectedSession | undefined
  let { logouts } = jar
  for (const joined of join(jar.parts)) {
    const result = isToken(joined)
      ? // One after the other: a header full of twins must not take many threads at once.
        // oxlint-disable-next-line no-await-in-loop
        await openToken(joined.token, 'cookie', jar.logouts, context)
      : joined
    if (best === undefined || isNewer(result, best)) best = result
    if (isValid(result)) logouts = Math.max(logouts, result.claims.logouts)
  }
  return { result: best, logouts }
}

/** What a token holds, or why it is not accepted. At most one derivation and one decryption. */
export async function openToken(
  token: string,
  purpose: Purpose,
  logouts: number,
  context: Pipeline,
): Promise<ValidSession | RejectedSession> {
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
  const key = isThenable(found) ? await found : found
  if (key === undefined) return { reason: 'unknown-key' }
  const opening = key.open(token)
  const opened = isThenable(opening) ? await opening : opening
  if (opened === undefined) return { reason: 'undecryptable' }
  const payload = parsePayload(opened)
  // The key of a day speaks for that day only.
  if (payload === undefined || dayOf(payload.claims.sealedAt) !== kid.day) {
    return { reason: 'malformed' }
  }
  const reason = rejectionReason(payload.claims, now, lifetime)
  if (reason !== undefined) return { reason }
  if (payload.claims.logouts < logouts) return { reason: 'destroyed' }
  const contents = readContents(payload.members, serializer)
  if (contents === undefined) return { reason: 'invalid-data' }
  const text = payload.text ?? rewritten(contents, serializer)
  // Without data there may still be a message or a CSRF secret: before a login, after a logout.
  const data =
    schema === undefined || contents.data.size === 0
      ? contents.data
      : await validateData(contents.data, schema)
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
function rewritten(
  contents: Contents,
  serializer: SessionSerializer | undefined,
): string | undefined {
  try {
    return writeContents(contents, serializer)
  } catch {
    return undefined
  }
}

function isNewer(
  result: ValidSession | RejectedSession,
  best: ValidSession | RejectedSession,
): boolean {
  if (!isValid(result)) return false
  return !isValid(best) || result.claims.sealedAt > best.claims.sealedAt
}
