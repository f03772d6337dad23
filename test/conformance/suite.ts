// One suite for every runtime. It receives the library as a parameter, as it is installed there,
// and uses only globals of the web.

import type { Check, DeviceEntry, Library } from './check.ts'
import { chunks } from './chunks.ts'
import { device } from './device.ts'
import { dictionary } from './dictionary.ts'
import { failures } from './failures.ts'
import { features } from './features.ts'
import { golden } from './golden.ts'
import { headers } from './headers.ts'
import { hostile } from './hostile.ts'
import { lifetimes } from './lifetimes.ts'
import { logout } from './logout.ts'
import { members } from './members.ts'
import { ownership } from './ownership.ts'
import { responses } from './responses.ts'
import { rotation } from './rotation.ts'

/** The result of one check. `error` says what failed, or which gap no longer exists. */
export interface Result {
  readonly name: string
  readonly passed: boolean
  readonly error: string | undefined
}

/** By a check's name, why a runtime cannot pass it. */
export type Gaps = Readonly<Record<string, string>>

export const checks: readonly Check[] = [
  ...dictionary,
  ...members,
  ...features,
  ...failures,
  ...golden,
  ...rotation,
  ...lifetimes,
  ...chunks,
  ...logout,
  ...responses,
  ...headers,
  ...ownership,
  ...hostile,
  ...device,
]

/**
 * Runs every check, one after the other.
 *
 * @param gaps checks that must fail here: one that passes is reported, so that the table stays true
 */
export async function run(
  library: Library,
  entry: DeviceEntry,
  report: (result: Result) => void,
  gaps: Gaps = {},
): Promise<void> {
  for (const { name, run: perform } of checks) {
    const error = await failureOf(() => perform(library, entry))
    const gap = gaps[name]
    if (gap === undefined) report({ name, passed: error === undefined, error })
    else if (error !== undefined) report({ name, passed: true, error: undefined })
    else report({ name, passed: false, error: `passes, so it is no gap any more: ${gap}` })
  }
}

async function failureOf(act: () => void | Promise<void>): Promise<string | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
