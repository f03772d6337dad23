// Deliberate faults in the library, each of which the histories must find. Each represents the
// mistakes of its kind that a later change could make.

import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { KINDS } from '../histories/arbitrary.ts'
import type { HistoryKind } from '../histories/arbitrary.ts'
import type { History } from '../histories/steps.ts'
import type { commitCookies } from '../../src/commit.ts'
import type { checkChallenge } from '../../src/device/challenge.ts'
import type { DeviceUse } from '../../src/device-option.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import type { CookieWrite } from '../../src/cookies/set-cookie.ts'
import type { SessionState } from '../../src/session/state.ts'
import { wait } from '../../src/steps.ts'

/**
 * Upper bound for each fault, all of which are found within some hundred histories, the same each
 * time.
 */
const RUNS = 4000

afterEach(() => {
  vi.doUnmock('../../src/commit.ts')
  vi.doUnmock('../../src/device/bound-tickets.ts')
  vi.doUnmock('../../src/device/challenge.ts')
  vi.doUnmock('../../src/device/proof.ts')
  vi.doUnmock('../../src/overflow/parcel.ts')
  vi.doUnmock('../../src/pipeline/changes.ts')
  vi.doUnmock('../../src/pipeline/end-session.ts')
  vi.doUnmock('../../src/pipeline/recheck.ts')
  vi.doUnmock('../../src/session/state.ts')
  vi.doUnmock('../../src/token/claims.ts')
  vi.doUnmock('../../src/token/ticket.ts')
  vi.resetModules()
})

/** Plays random histories of one kind until one breaks a promise, and returns that promise. */
async function promiseBrokenIn(kind: HistoryKind): Promise<string> {
  vi.resetModules()
  const { play } = await import('../histories/play.ts')
  const property = fc.asyncProperty(KINDS[kind], (history: History) => play(history))
  const options = { numRuns: RUNS, seed: 1, endOnFailure: true }
  const { errorInstance } = await fc.check(property, options)
  return errorInstance instanceof Error ? errorInstance.message : 'none was broken'
}

type Commit = typeof commitCookies
type Check = typeof checkChallenge

/** Plants a fault into what a response sets. */
function plantInCommit(
  change: (
    writes: readonly CookieWrite[],
    state: SessionState,
    pipeline: Pipeline,
    commit: Commit,
  ) => ReturnType<Commit>,
): void {
  vi.doMock(import('../../src/commit.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      *commitCookies(state, pipeline) {
        const writes = yield* original.commitCookies(state, pipeline)
        return yield* change(writes, state, pipeline, original.commitCookies)
      },
    }
  })
}

/** Plants a fault into what the tickets of a bound session say. */
function plantInUse(change: (use: DeviceUse) => DeviceUse): void {
  vi.doMock(import('../../src/device/bound-tickets.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      findBoundUse: async (...given) => change(await original.findBoundUse(...given)),
    }
  })
}

/** Plants a fault into why a challenge is refused. */
function plantInChallenge(
  change: (check: Check, ...given: Parameters<Check>) => ReturnType<Check>,
) {
  vi.doMock(import('../../src/device/challenge.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      checkChallenge: (...given) => change(original.checkChallenge, ...given),
    }
  })
}

test('a renewal that writes the data is found', async () => {
  plantInCommit(function* writeAll(writes, state, pipeline, commit) {
    if (!writes.some(({ name, value }) => name.endsWith('.t') && value !== '')) return writes
    state.written = undefined
    return yield* commit(state, pipeline)
  })
  expect(await promiseBrokenIn('slow')).toContain('a request that changed nothing changes no data')
})

test('a ticket that is not bound to its session is found', async () => {
  vi.doMock(import('../../src/token/ticket.ts'), async (load) => ({
    ...(await load()),
    belongsTo: () => true,
  }))
  expect(await promiseBrokenIn('hostile')).toContain('only its own use moves them')
})

test('a rejected cookie that is deleted is found', async () => {
  vi.doMock(import('../../src/pipeline/end-session.ts'), async (load) => {
    const original = await load()
    const { partDeletions } = await import('../../src/cookies/response-cookies.ts')
    return {
      ...original,
      endCookies(state, pipeline) {
        const writes = original.endCookies(state, pipeline)
        if (writes.length > 0 || state.rejection === undefined) return writes
        return partDeletions(state.cookies, pipeline.cookie)
      },
    }
  })
  expect(await promiseBrokenIn('failing')).toContain(
    'a refused cookie is deleted after a logout alone',
  )
})

test('a stamp that is a counter, and can be exceeded, is found', async () => {
  vi.doMock(import('../../src/session/state.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      endSession(state) {
        original.endSession(state)
        if (state.logoutStamp === undefined) return
        const sent = state.cookies.stamps.match(/.{4}/g) ?? []
        const counts = sent.filter((stamp) => /^\d{4}$/.test(stamp)).map(Number)
        const count = Math.min(Math.max(0, ...counts) + 1, 9999)
        state.logoutStamp = String(count).padStart(4, '0')
        state.stamps = state.logoutStamp + state.cookies.stamps
      },
    }
  })
  expect(await promiseBrokenIn('racing')).toContain('a logout leaves a stamp that no session knows')
})

test('a write that gives a session a new end is found', async () => {
  vi.doMock(import('../../src/token/claims.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      resealClaims: (claims, now) => ({
        ...original.resealClaims(claims, now),
        startedAt: Math.min(claims.startedAt + 1, now),
      }),
    }
  })
  expect(await promiseBrokenIn('calm')).toContain('no write moves the start')
})

test('a revocation that is not checked again before a write is found', async () => {
  vi.doMock(import('../../src/pipeline/recheck.ts'), async (load) => ({
    ...(await load()),
    recheck: () => undefined,
  }))
  expect(await promiseBrokenIn('slow')).toContain('nothing is sealed of a session that was revoked')
})

test('a parcel that is not bound to its key in the store is found', async () => {
  vi.doMock(import('../../src/overflow/parcel.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      parseParcel(text, _session, _id, serializer) {
        const [session, id]: readonly [string, string] = JSON.parse(text)
        return original.parseParcel(text, session, id, serializer)
      },
    }
  })
  expect(await promiseBrokenIn('moving')).toContain('a session that opens was written')
})

test('a former parcel that is removed with a write is found, because the answer may be lost', async () => {
  plantInCommit(function* remove(writes, state, pipeline) {
    const former = state.received?.parcel
    const isMoved = former !== state.written?.parcel
    if (isMoved && pipeline.overflow) yield* wait(pipeline.overflow.remove([former]))
    return writes
  })
  expect(await promiseBrokenIn('moving')).toContain('a logout alone removes a parcel')
})

test('a ticket with the proven mark in an ordinary response is found', async () => {
  vi.doMock(import('../../src/token/ticket.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      formatBoundTicket: (ticket) => original.formatBoundTicket({ ...ticket, isProven: true }),
    }
  })
  expect(await promiseBrokenIn('bound')).toContain('no ordinary response makes a proven ticket')
})

test('use that renews the ticket of a proof is found', async () => {
  vi.doMock(import('../../src/pipeline/changes.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      needsTicket: (state, pipeline) =>
        original.needsTicket({ ...state, provenAt: undefined }, pipeline),
    }
  })
  expect(await promiseBrokenIn('bound')).toContain('use is written down when it is due')
})

test('an unproven ticket that is renewed while the registration may be under way is found', async () => {
  vi.doMock(import('../../src/device/bound-tickets.ts'), async (load) => ({
    ...(await load()),
    isRenewable: () => true,
  }))
  expect(await promiseBrokenIn('bound')).toContain('use is written down when it is due')
})

test('a session that begins anew without its binding is found', async () => {
  vi.doMock(import('../../src/session/state.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      beginSession(state, ...given) {
        state.binding = ''
        original.beginSession(state, ...given)
      },
    }
  })
  expect(await promiseBrokenIn('bound')).toContain('a session stays bound, or unbound')
})

test('a bound session that opens without its ticket is found', async () => {
  plantInUse((use) => (use.lapsed === undefined ? { ...use, reason: undefined } : use))
  expect(await promiseBrokenIn('bound')).toContain('nothing opens that a server must reject')
})

test('a proof that never ends is found', async () => {
  plantInUse((use) => (use.lapsed === undefined ? use : { ...use, reason: undefined }))
  expect(await promiseBrokenIn('bound')).toContain('nothing opens that a server must reject')
})

test('a proof whose signature is not checked is found', async () => {
  vi.doMock(import('../../src/device/proof.ts'), async (load) => ({
    ...(await load()),
    isSignedBy: () => Promise.resolve(true),
  }))
  expect(await promiseBrokenIn('bound')).toContain('and the signature: accepted')
})

test('a challenge that is valid for either purpose is found', async () => {
  plantInChallenge(async (check, text, kind, binding, pipeline) => {
    const other = kind === 'prove' ? 'register' : 'prove'
    const reason = await check(text, kind, binding, pipeline)
    return reason && check(text, other, binding, pipeline)
  })
  expect(await promiseBrokenIn('bound')).toContain('and the signature: accepted')
})

test('a challenge that does not end is found', async () => {
  plantInChallenge(async (check, ...given) => {
    const reason = await check(...given)
    return reason === 'expired' ? undefined : reason
  })
  expect(await promiseBrokenIn('bound')).toContain('and the signature: accepted')
})

test('a write that takes the tickets of other bindings is found', async () => {
  // oxlint-disable-next-line require-yield -- nothing to wait for
  plantInCommit(function* deleteOthers(writes, state, pipeline) {
    const isWrite = writes.some(({ name }) => name === pipeline.cookie.name)
    if (!isWrite || state.logoutStamp !== undefined) return writes
    const others = pipeline.device?.deletions(state.cookies, state.claims?.binding, true) ?? []
    return [...writes, ...others]
  })
  expect(await promiseBrokenIn('bound')).toContain('ticket of a')
})
