// Deliberate faults in the library, each of which the histories must find. Each represents the
// mistakes of its kind that a later change could make.

import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { KINDS } from '../histories/arbitrary.ts'
import type { HistoryKind } from '../histories/arbitrary.ts'
import { settled } from '../../src/steps.ts'
import type { History } from '../histories/steps.ts'

/**
 * Upper bound for each fault, all of which are found within some hundred histories, the same each
 * time.
 */
const RUNS = 4000

afterEach(() => {
  vi.doUnmock('../../src/commit.ts')
  vi.doUnmock('../../src/overflow/parcel.ts')
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

test('a renewal that writes the data is found', async () => {
  vi.doMock(import('../../src/commit.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      *commitCookies(state, pipeline) {
        const writes = yield* original.commitCookies(state, pipeline)
        if (!writes.some(({ name, value }) => name.endsWith('.t') && value !== '')) return writes
        state.written = undefined
        return yield* original.commitCookies(state, pipeline)
      },
    }
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
    *recheck() {
      return yield* settled(undefined)
    },
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
  expect(await promiseBrokenIn('moving')).toContain('what opens was written as a whole')
})

test('a former parcel that is removed with a write is found, because the answer may be lost', async () => {
  vi.doMock(import('../../src/commit.ts'), async (load) => {
    const original = await load()
    return {
      ...original,
      *commitCookies(state, pipeline) {
        const writes = yield* original.commitCookies(state, pipeline)
        const former = state.received?.parcel
        if (former !== state.written?.parcel) yield* settled(pipeline.overflow?.remove([former]))
        return writes
      },
    }
  })
  expect(await promiseBrokenIn('moving')).toContain('a logout alone removes a parcel')
})
