// The one clock that every library reads: a `Date` that stands still and can be moved.

import { mock } from 'node:test'

const START = Date.parse('2026-11-20T12:00:00Z')

mock.timers.enable({ apis: ['Date'], now: START })

export const clock = {
  /** Runs a function at a time after the start, in seconds, and moves the clock back. */
  async later(seconds, use) {
    mock.timers.setTime(START + seconds * 1000)
    try {
      return await use()
    } finally {
      mock.timers.setTime(START)
    }
  },
}

/** Runs a function for each item, sequentially, because everything here shares the clock. */
export async function inTurn(items, act) {
  const done = []
  // oxlint-disable-next-line no-await-in-loop
  for (const item of items) done.push(await act(item))
  return done
}
