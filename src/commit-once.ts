// Makes the cookies of a session once for a response: every caller gets the same ones.

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
import { prepareUndo } from './session/state.ts'
import type { SessionState } from './session/state.ts'
import { run } from './steps.ts'
import { isThenable } from './validate.ts'

type Writes = readonly CookieWrite[]

/**
 * Returns the cookies that bring the browser up to date, and closes the session to further changes.
 *
 * @throws SessionCommittedError if a value was changed in place since
 * @throws what commitCookies throws; the session is open again then, to be made smaller
 */
export function commitOnce(state: SessionState, pipeline: Pipeline): Writes | Promise<Writes> {
  const { accessed, writing } = state
  if (!accessed) return NO_WRITES
  if (writing !== undefined) return commitAgain(writing, state, pipeline)
  pipeline.committed(state)
  state.committed = true
  if (isUpToDate(state, pipeline)) state.writing = NO_WRITES
  return state.writing ?? startWriting(state, pipeline)
}

/** Returns the cookies that were made before, unless a value was changed in place since. */
async function commitAgain(
  writing: Writes | Promise<Writes>,
  state: SessionState,
  pipeline: Pipeline,
): Promise<Writes> {
  const writes = await writing
  // Otherwise changed meanwhile, or made anew by another call.
  if (state.writing === writing) {
    if (!state.mayBeMutated || !hasUnwrittenChange(state, pipeline)) {
      state.committed = true
      return writes
    }
    if (state.committed) throw new SessionCommittedError()
    state.writing = undefined
  }
  return commitOnce(state, pipeline)
}

/** Makes the cookies. An observer that is called meanwhile, and asks for them, waits for these. */
function startWriting(state: SessionState, pipeline: Pipeline): Writes | Promise<Writes> {
  let settle: ((writing: Writes | Promise<Writes>) => void) | undefined
  const asked = new Promise<Writes>((resolve) => {
    settle = resolve
  })
  state.writing = asked
  try {
    const begun = run(commitCookies(state, pipeline))
    const writing = isThenable(begun) ? reopenIfFailed(begun, state) : begun
    settle?.(writing)
    state.writing = isThenable(writing) ? asked : writing
    return state.writing
  } catch (error) {
    // Usually no observer has asked, and a rejection that is not handled ends a process.
    asked.catch(() => {})
    reopen(state)
    settle?.(Promise.reject(error))
    throw error
  }
}

async function reopenIfFailed(writing: Promise<Writes>, state: SessionState): Promise<Writes> {
  try {
    return await writing
  } catch (error) {
    reopen(state)
    throw error
  }
}

/** Nothing was written: the application may make the session smaller and try again. */
function reopen(state: SessionState): void {
  state.committed = false
  state.writing = undefined
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
  const undo = prepareUndo(state)
  const writes = await commitOnce(state, pipeline)
  state.committed = false
  try {
    await writeToStore(writes, store, cookie)
    state.cookies = withWrites(state.cookies, writes, cookie.name)
  } catch (error) {
    // The browser does not get what the store has refused.
    undo()
    // A Next.js server component may read cookies and not write them.
    if (isLoss(writes, state, pipeline)) throw error
  }
}

/** Whether it is a loss if cookies cannot be written: not of a ticket, or a deletion of what has ended. */
export function isLoss(writes: Writes, { changed }: SessionState, { cookie }: Pipeline): boolean {
  return writes.some(({ name, value }) => {
    const role = roleOf(name, cookie.name)
    return role !== 'ticket' && role !== 'device' && (changed || value !== '')
  })
}
