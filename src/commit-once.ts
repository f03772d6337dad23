// The cookies of one session in one response, made once: however many ask for them, and in whatever
// order, all get the same.

import { commitCookies } from './commit.ts'
import { roleOf } from './cookies/cookie-names.ts'
import { writeToStore } from './cookies/cookie-store.ts'
import type { CookieSink } from './cookies/cookie-store.ts'
import { withWrites } from './cookies/request-cookies.ts'
import { NO_WRITES } from './cookies/set-cookie.ts'
import type { CookieWrite } from './cookies/set-cookie.ts'
import { SessionCommittedError } from './errors.ts'
import { hasUnwrittenChange, isUpToDate } from './pipeline/changes.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { SessionState } from './session/state.ts'

/**
 * Returns the cookies that bring the browser up to date, and closes the session to further changes.
 *
 * @throws SessionCommittedError if a value was changed in place since
 * @throws what commitCookies throws; the session is open again then, to be made smaller
 */
export async function commitOnce(
  state: SessionState,
  pipeline: Pipeline,
): Promise<readonly CookieWrite[]> {
  if (!state.accessed) return NO_WRITES
  if (state.writing !== undefined) {
    const writes = await state.writing
    const isStale = state.mayBeMutated && hasUnwrittenChange(state, pipeline)
    if (!isStale) {
      state.committed = true
      return writes
    }
    if (state.committed) throw new SessionCommittedError()
  }
  state.committed = true
  pipeline.committed(state)
  try {
    state.writing = isUpToDate(state, pipeline) ? NO_WRITES : commitCookies(state, pipeline)
    return await state.writing
  } catch (error) {
    // Nothing was written: the application may make the session smaller and try again.
    reopen(state)
    state.writing = undefined
    throw error
  }
}

/**
 * Writes the cookies of a commit into a cookie store, and opens the session to further changes.
 *
 * @throws what the store throws, if anything but use of the session would be lost
 * @throws what commitOnce throws
 */
export async function saveCookies(
  state: SessionState,
  store: CookieSink,
  pipeline: Pipeline,
): Promise<void> {
  const { cookie } = pipeline
  const { written, usedAt, asksDevice } = state
  const writes = await commitOnce(state, pipeline)
  reopen(state)
  try {
    await writeToStore(writes, store, cookie)
    state.cookies = withWrites(state.cookies, writes, cookie.name)
  } catch (error) {
    // The browser does not get what the store has refused.
    Object.assign(state, { written, usedAt, asksDevice })
    // A Next.js server component may read cookies and not write them.
    if (writes.some((write) => isMissed(write, state, pipeline))) throw error
  }
}

/** Whether a cookie that cannot be written is a loss: no ticket, and no deletion of what has ended. */
function isMissed({ name, value }: CookieWrite, { changed }: SessionState, { cookie }: Pipeline) {
  const role = roleOf(name, cookie.name)
  return role !== 'ticket' && role !== 'device' && (changed || value !== '')
}

function reopen(state: SessionState): void {
  state.committed = false
}
