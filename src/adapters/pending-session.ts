// The sessions of one response, and their cookies, made together.

import { isThenable } from '../validate.ts'

/** A session whose cookies a response may have to carry. */
export interface PendingSession {
  /** Whether the application has accessed the session. */
  readonly isAccessed: () => boolean
  /** Returns its `Set-Cookie` lines. Later changes cannot reach the browser. */
  readonly makeCookies: () => readonly string[] | Promise<readonly string[]>
  readonly isOwnCookie: (name: string) => boolean
  /** Returns the header field that asks the browser for a key of its device, once the cookies are made. */
  readonly registration: () => string | undefined
  /** Closes the session to changes without making its cookies, or reopens it. */
  readonly setCommitted: (committed: boolean) => void
  /**
   * Reports why the response has no cookies. Must not throw. The response can be answered again if
   * nothing of it was sent, and is destroyed otherwise.
   */
  readonly fail: (error: unknown) => void
  /** Reports that cookies of this session that the response already had were replaced. */
  readonly reportOverwrite: () => void
}

/** A session, and its `Set-Cookie` lines or the reason why there are none. */
export interface MadeCookies {
  readonly session: PendingSession
  readonly outcome: PromiseSettledResult<readonly string[]>
}

/**
 * Makes the cookies of sessions: synchronously, or as a promise if that is asynchronous for any of
 * them. Never throws, and the promise never rejects.
 */
export function makeCookies(
  sessions: readonly PendingSession[],
): readonly MadeCookies[] | Promise<readonly MadeCookies[]> {
  const attempts = sessions.map(attempt)
  const made = attempts.filter(isMade)
  if (made.length === attempts.length) return made
  return Promise.all(attempts.map((each) => (isMade(each) ? Promise.resolve(each) : each)))
}

/** Returns the session whose cookies could not be made, and why. */
export function findFailure(
  made: readonly MadeCookies[],
): { readonly session: PendingSession; readonly reason: unknown } | undefined {
  for (const { session, outcome } of made) {
    if (outcome.status === 'rejected') return { session, reason: outcome.reason }
  }
  return undefined
}

function attempt(session: PendingSession): MadeCookies | Promise<MadeCookies> {
  const succeed = (value: readonly string[]): MadeCookies => ({
    session,
    outcome: { status: 'fulfilled', value },
  })
  const fail = (reason: unknown): MadeCookies => ({
    session,
    outcome: { status: 'rejected', reason },
  })
  try {
    const lines = session.makeCookies()
    return isThenable(lines) ? lines.then(succeed, fail) : succeed(lines)
  } catch (error) {
    return fail(error)
  }
}

function isMade(each: MadeCookies | Promise<MadeCookies>): each is MadeCookies {
  return !isThenable(each)
}
