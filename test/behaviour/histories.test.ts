// Random histories of one browser: requests and responses in any order, clocks, deployments,
// evictions, an attacker, and temporary faults of servers. Every promise is checked after every
// step (histories/promises.ts, responses.ts, logouts.ts). A history that breaks a promise is
// shrunk, and printed as a line to replay:
//
//   REPLAY='[…]' npx vitest run test/behaviour/histories.test.ts
//
// HISTORIES=20000 plays as many, and prints how often everything happened. SEED=7 plays other
// histories than the default ones, which are the same each time, so that a failure on one machine
// is a failure on all.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { histories } from '../histories/arbitrary.ts'
import { forgetInstances } from '../histories/fleet.ts'
import { failureOf, play, smallest } from '../histories/play.ts'
import type { Action, History, Step } from '../histories/steps.ts'

const { HISTORIES, REPLAY, SEED = '1' } = process.env
const RUNS = Number(HISTORIES ?? 800)

const known = REPLAY === undefined ? undefined : (JSON.parse(REPLAY) as History)

/**
 * Situations that eight hundred random histories must reach, to show that they still cover them.
 */
const USUAL = [
  each('step', 'ask answer deliver visit close clock until deploy evict crowd own toss'),
  each('step', 'fault heal provide revoke store prove steal rob forge'),
  each('action', 'set add same delete clear login bind remember renew logout goodbye flash peek'),
  each('action', 'take'),
  each('action', 'scope touch read look discard verify ignore'),
  each('rejected', 'malformed incomplete unknown-key destroyed'),
  each('rejected', 'expired idle not-yet-valid revoked invalid-data unproven'),
  each('sealed', 'new changed renewed token'),
  each('tossed own', 'stored refused'),
  each('tossed splice', 'stored refused'),
  each('tossed junk', 'stored refused'),
  each('tossed ticket', 'stored refused'),
  each('tossed stamp', 'stored refused'),
  each('tossed delete', 'deleted refused'),
  each('fault', 'fast_clock slow_clock missing_secret old_serializer old_schema stripping_schema'),
  each('fault', 'provider_behind no_store no_device'),
  each('store', 'down up lose swap'),
  each('endpoint', 'accepted challenged refused end later'),
  each('device', 'registered proven refused_challenge refused_expired refused_session'),
  ['device refused signature', 'forged sign challenged', 'forged register refused'],
  ['opened unproven', 'opened proven', 'stolen', 'stolen proven', 'a copy opened'],
  ['the ticket of a proof that has ended deleted'],
  ['moved', 'not opened without the store', 'not written without the store'],
  ['opened', "opened the attacker's", 'opened within the tolerance', 'the newest of several'],
  ['in order', 'requests that overlap', 'a response in pieces', 'several cookies', 'only deleted'],
  ['logged out', 'a stamp lost', 'evicted', 'too large to write', 'refused by the schema'],
  ['a session outlived a fault', 'revoked'],
].flat()

/** The first two secrets, in the opposite order. */
const ROTATED = [
  [1, 0],
  [0, 0],
] as const

/** A browser with the feature, and servers that bind. */
const BOUND = { device: 600, proves: true } as const

/** Situations that some thousands of histories reach. Each has a history of its own below. */
const RARE = [
  'a goodbye beside another logout',
  'as many cookies as there may be',
  'rejected undecryptable',
  'rejected too-large',
]

test.runIf(known !== undefined)('the history to replay', async () => {
  if (known !== undefined) await play(known, (what) => console.log(what))
})

describe.runIf(known === undefined)('histories', () => {
  test(
    `${RUNS} random ones break no promise, and reach every situation`,
    // They take 6 ms each by themselves, and several times as long beside other processes.
    { timeout: 600_000 + RUNS * 100 },
    async () => {
      const counts = new Map<string, number>()
      const tally = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
      const property = fc.asyncProperty(histories, (history) => play(history, tally))
      const details = await fc.check(property, {
        numRuns: RUNS,
        seed: Number(SEED),
        endOnFailure: true,
      })
      const { counterexample, errorInstance, numRuns } = details
      if (counterexample !== null) throw await replayable(counterexample[0], errorInstance, numRuns)
      if (HISTORIES !== undefined) report(counts)
      if (RUNS < 800) return
      const expected = RUNS < 20_000 ? USUAL : [...USUAL, ...RARE]
      expect(expected.filter((what) => !counts.has(what))).toEqual([])
    },
  )
})

// Smallest histories that once found a mistake, each with the situation that it reaches.
describe.runIf(known === undefined)('one history', () => {
  test.each<readonly [title: string, outcome: string, history: History]>([
    [
      'a logout whose flash message does not fit is still a logout',
      'logged out',
      [{ fleet: [{ limits: 'portable' }] }, [visit('set', 1), visit('goodbye', 9000)]],
    ],
    [
      'the flash message of one logout is not ended by another that overlaps it',
      'a goodbye beside another logout',
      [{}, [visit('set', 1), ask('goodbye', 1), visit('logout', 1), ...arrive(0)]],
    ],
    [
      'an older logout that arrives after a newer one restores no session',
      'rejected destroyed',
      [
        {},
        [
          visit('set', 1),
          ask('logout', 1),
          visit('logout', 1),
          visit('set', 1),
          ask('set', 2),
          visit('logout', 1),
          ...arrive(0),
          ...arrive(0),
        ],
      ],
    ],
    [
      'a forged stamp leaves room for the stamp of a logout',
      'logged out',
      [
        { cookie: 'domain' },
        [
          ['toss', 0, 'stamp', 2, 0],
          visit('set', 1),
          ask('set', 2),
          visit('logout', 1),
          ...arrive(0),
        ],
      ],
    ],
    [
      'a response that arrives late is kept from then on, and its session ends in time',
      'rejected idle',
      [{}, [visit('set', 1), ask('set', 1), ['answer', 0, 0], ['clock', 90_000], ...arrive(0)]],
    ],
    [
      'a read that is answered after a write does not undo it',
      'sealed renewed',
      [{}, [visit('set', 1), ['clock', 9000], ask('read', 1), visit('login', 1), ...arrive(0)]],
    ],
    [
      'a ticket that arrives after a login does not belong to the new session',
      'rejected idle',
      [
        {},
        [
          visit('set', 1),
          ['clock', 9000],
          visit('login', 1),
          ask('touch', 1),
          ['clock', 600],
          visit('login', 1),
          ['clock', 600],
          ...arrive(0),
          ['clock', 85_900],
        ],
      ],
    ],
    [
      'a clock that is wrong on one server for a while ends no session on the others',
      'a session outlived a fault',
      [
        { fleet: [{}, {}] },
        [visit('set', 1), ['fault', 1, 'slow clock'], ['visit', 0, 1, 0, 'read', 1], ['heal', 1]],
      ],
    ],
    [
      'a session that was revoked while a request ran is not written by it',
      'rejected revoked',
      [{}, [visit('set', 1), ask('renew', 1), ['revoke', 0], ...arrive(0)]],
    ],
    [
      'a cookie that the browser has dropped does not return when the clock is set back',
      'step clock',
      [{}, [visit('set', 1), ['clock', 604_800], ['clock', -604_800]]],
    ],
    [
      'a later part that begins with digits and a dot is an ordinary part',
      'several cookies',
      [{}, [visit('set', 5900), ask('set', 3000), ask('set', 9000), ...arrive(0), ...arrive(0)]],
    ],
    [
      'a write that arrived in part opens as no session',
      'rejected undecryptable',
      [{}, [visit('set', 5900), ask('set', 5900), ['answer', 0, 0], ['deliver', 0, 0, 1]]],
    ],
    [
      'a forged count that no server writes opens as no session',
      'rejected too-large',
      [{ cookie: 'domain' }, [visit('set', 1), ['toss', 0, 'junk', 2, 0]]],
    ],
    [
      'a session changes to the new secret when it is written, and keeps its end',
      'sealed changed',
      [
        { fleet: [{}, { secrets: ROTATED }] },
        [
          visit('set', 1),
          ['clock', 60],
          ['visit', 0, 1, 0, 'read', 1],
          ['visit', 0, 1, 0, 'set', 1],
        ],
      ],
    ],
    [
      'taking a message that is the only content of a session deletes its cookies',
      'only deleted',
      [{}, [visit('flash', 1), visit('take', 1)]],
    ],
    [
      'a proof that ends is renewed by another, and by nothing else',
      'device proven',
      [BOUND, [visit('bind', 1), ['clock', 605], visit('touch', 1)]],
    ],
    [
      'a copy of all cookies opens until the proof that came with it ends',
      'a copy opened',
      [
        BOUND,
        [
          visit('bind', 1),
          ['steal'],
          ['clock', 604],
          ['rob', 0, 'touch', 1],
          ['clock', 1],
          ['rob', 0, 'read', 1],
        ],
      ],
    ],
    [
      'a thief who asks for a challenge cannot answer it',
      'device refused signature',
      [BOUND, [visit('bind', 1), ['steal'], ['forge', 0, 0, 'sign']]],
    ],
    [
      'a thief cannot register a key of his own with a challenge that asks for a proof',
      'forged register refused',
      [BOUND, [visit('bind', 1), ['steal'], ['forge', 0, 0, 'register']]],
    ],
    [
      'an answer to an older request that arrives after a binding takes nothing from it',
      'opened proven',
      [BOUND, [visit('set', 1), ask('set', 1), visit('bind', 1), ...arrive(0), visit('bind', 1)]],
    ],
    [
      'a session that was bound and ended stays ended, though a proof arrives after its logout',
      'logged out',
      [
        { device: 600 },
        [
          visit('bind', 1),
          ['prove', 0, 0, 0, 'new'],
          ['deliver', 0, 0, 0],
          ['prove', 0, 0, 1, 'new'],
          visit('logout', 1),
          ['deliver', 0, 0, 0],
          visit('read', 1),
        ],
      ],
    ],
    [
      'a lower interval ends a proof at once, and makes the browser prove itself',
      'the ticket of a proof that has ended deleted',
      [
        { ...BOUND, fleet: [{}, { device: 60 }] },
        [visit('bind', 1), ['clock', 100], ['visit', 0, 1, 0, 'read', 1], visit('read', 1)],
      ],
    ],
    [
      'sixteen parts, a ticket and a stamp are the most cookies',
      'as many cookies as there may be',
      [
        {},
        [
          visit('set', 1),
          visit('logout', 1),
          visit('set', 46_500),
          ['clock', 1],
          visit('touch', 1),
        ],
      ],
    ],
  ])('%s', async (_, outcome, history) => {
    const seen = new Set<string>()
    await play(history, (what) => seen.add(what))
    expect([...seen]).toContain(outcome)
  })

  test('a failing history is shrunk to the smallest one', async () => {
    const fails: History = [{ engine: 'node' }, [visit('set', 1), ['clock', NaN], visit('read', 1)]]
    forgetInstances()
    const least = await smallest(fails)
    expect(least).toEqual([{}, [visit('set', 1), ['clock', NaN]]])
  })
})

function visit(action: Action, amount: number): Step {
  return ['visit', 0, 0, 0, action, amount]
}

function ask(action: Action, amount: number): Step {
  return ['ask', 0, 0, 0, action, amount]
}

/** Answers and delivers the oldest request. */
function arrive(tab: number): Step[] {
  return [
    ['answer', tab, 0],
    ['deliver', tab, 0, 0],
  ]
}

function each(what: string, which: string): string[] {
  return which.split(' ').map((one) => `${what} ${one.replaceAll('_', ' ')}`)
}

/** Returns the error of a failing history, with the line that replays the smallest one. */
async function replayable(history: History, error: unknown, runs: number): Promise<Error> {
  const least = await smallest(history)
  // Ids and nonces are random each time, so a failure that depends on them may not recur.
  const failure = (await failureOf(least)) ?? error
  const line = `REPLAY='${JSON.stringify(least)}' npx vitest run test/behaviour/histories.test.ts`
  return new Error(`after ${runs} runs: ${String(failure)}\n${line}`, { cause: failure })
}

function report(counts: ReadonlyMap<string, number>): void {
  const steps = [...counts].filter(([what]) => what.startsWith('step '))
  const taken = steps.reduce((sum, [, count]) => sum + count, 0)
  const lines = [...counts].map(([what, count]) => `${what}: ${count}`).toSorted()
  console.log([`${RUNS} histories, ${taken} steps`, ...lines].join('\n'))
}
