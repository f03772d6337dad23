import { describe, expect, test } from 'vitest'
import {
  changedBody,
  currentClaims,
  hasUnwrittenChange,
  isAsReceived,
  isUpToDate,
  needsTicket,
} from '../../../src/pipeline/changes.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { createContents } from '../../../src/session/contents.ts'
import { createState } from '../../../src/session/state.ts'
import type { SessionState } from '../../../src/session/state.ts'
import type { Claims } from '../../../src/token/claims.ts'
import { ID, START, untyped } from '../../support/mint.ts'

const OTHER_ID = 'BBECAwQFBgcICQoLDA0ODw'
const USER = '{"user":"ada"}'
const LIFETIME = { maxAge: 1000, idleTimeout: 100, touchInterval: 10, persistent: true }

const CLAIMS: Claims = {
  id: ID,
  startedAt: START,
  sealedAt: START,
  life: 1000,
  stamps: '',
  lifetime: '',
  binding: '',
}

/** Writes data after a sign, so that the same contents have many spellings. */
const serializer = {
  stringify: (value: unknown) => `!${JSON.stringify(value)}`,
  parse: (text: string): unknown => JSON.parse(text.slice(text.indexOf('{'))),
}

/** @param later seconds since the session was last used */
function pipelineAt(later: number, more: Partial<Pipeline> = {}): Pipeline {
  const lifetimes = {
    default: LIFETIME,
    named: new Map([['long', { ...LIFETIME, touchInterval: 40 }]]),
    clockTolerance: 5,
    validAfter: 0,
    longest: 1000,
  }
  return untyped({ lifetimes, now: () => START + later, ...more })
}

const pipeline = pipelineAt(0)

function contentsOf(user?: string) {
  return createContents(user === undefined ? new Map() : new Map([['user', user]]))
}

/** Returns the state of a session that was received with the user `ada`, and has changed since. */
function stateOf(more: Partial<SessionState> = {}, body = USER, claims = CLAIMS): SessionState {
  const session = { body, contents: contentsOf('ada'), secretId: 'aaaa', length: 150 }
  const state = createState(untyped({}), { ...session, claims, usedAt: START })
  return Object.assign(state, more)
}

const changedState = (more: Partial<SessionState> = {}) =>
  stateOf({ contents: contentsOf('eve'), ...more })

describe('currentClaims', () => {
  test('are those of the session', () => {
    expect(currentClaims(stateOf(), pipeline)).toBe(CLAIMS)
  })

  test('of no session yet are those with which one would begin now', () => {
    const state = stateOf({ claims: undefined, stamps: 'aaaa', binding: 'bbbbbbbb' })
    const claims = currentClaims(state, pipelineAt(7))
    const begun = { startedAt: START + 7, sealedAt: START + 7, stamps: 'aaaa', binding: 'bbbbbbbb' }
    expect(claims).toEqual({ ...CLAIMS, ...begun, id: claims.id })
    expect(claims.id).not.toBe(ID)
  })
})

describe('the body that has to be written', () => {
  test('is the whole one if the browser has none', () => {
    expect(changedBody(stateOf({ written: undefined }), CLAIMS, pipeline)).toBe(USER)
  })

  test('is none without a change, and nothing is serialized to find out', () => {
    expect(changedBody(changedState(), CLAIMS, pipeline)).toBeUndefined()
    expect(hasUnwrittenChange(changedState(), pipeline)).toBe(false)
  })

  test.each(['changed', 'mayBeMutated'] as const)('is the new one if it is %s', (flag) => {
    expect(changedBody(changedState({ [flag]: true }), CLAIMS, pipeline)).toBe('{"user":"eve"}')
    expect(hasUnwrittenChange(changedState({ [flag]: true }), pipeline)).toBe(true)
  })

  test.each(['changed', 'mayBeMutated'] as const)('is none if %s ends where it began', (flag) => {
    expect(changedBody(stateOf({ [flag]: true }), CLAIMS, pipeline)).toBeUndefined()
  })

  test('is the same one for a session with another id', () => {
    expect(changedBody(stateOf({ changed: true }), { ...CLAIMS, id: OTHER_ID }, pipeline)).toBe(
      USER,
    )
  })

  test('is none if objects were only read, in another writer’s spelling', () => {
    const state = stateOf({ mayBeMutated: true }, '{ "user": "ada" }')
    expect(changedBody(state, CLAIMS, pipeline)).toBeUndefined()
  })

  test('is in our spelling after a change, without parsing the received one', () => {
    const state = stateOf({ changed: true }, 'unread')
    expect(changedBody(state, CLAIMS, pipeline)).toBe(USER)
  })

  test('is none if a serializer only spells the same contents in another way', () => {
    const body = JSON.stringify('?{"user":"ada"}')
    const withSerializer = pipelineAt(0, { serializer })
    expect(changedBody(stateOf({ changed: true }, body), CLAIMS, withSerializer)).toBeUndefined()
    const changed = stateOf({ changed: true, contents: contentsOf('eve') }, body)
    expect(changedBody(changed, CLAIMS, withSerializer)).toBe(JSON.stringify('!{"user":"eve"}'))
  })

  test('of an empty session is no change, because its cookies are deleted instead', () => {
    expect(hasUnwrittenChange(stateOf({ changed: true, contents: contentsOf() }), pipeline)).toBe(
      false,
    )
  })
})

describe('a session that is up to date', () => {
  test('is unchanged, and was used less than touchInterval ago', () => {
    expect(isUpToDate(stateOf(), pipelineAt(9))).toBe(true)
    expect(isUpToDate(stateOf(), pipelineAt(10))).toBe(false)
  })

  test.each<[string, Partial<SessionState>]>([
    ['was changed', { changed: true }],
    ['may be mutated', { mayBeMutated: true }],
    ['was touched', { touchRequested: true }],
    ['is not in the browser', { written: undefined }],
    ['has a new id', { claims: { ...CLAIMS, id: OTHER_ID } }],
    ['has ended', { claims: undefined }],
    ['is empty', { contents: contentsOf() }],
  ])('is none that %s', (_, more) => {
    expect(isUpToDate(stateOf(more), pipelineAt(-1))).toBe(false)
  })
})

describe('an empty session that is as it was received', () => {
  const empty = (body = '{}') => {
    const contents = contentsOf()
    const session = { body, contents, claims: CLAIMS, usedAt: START, secretId: '', length: 0 }
    return createState(untyped({}), session)
  }

  test('came empty', () => {
    expect(isAsReceived(empty(), pipeline)).toBe(true)
  })

  test('is none that was received with data, which a schema or the application has dropped', () => {
    expect(isAsReceived(empty(USER), pipeline)).toBe(false)
  })

  test('is none that was cleared, ended, or begun anew', () => {
    expect(isAsReceived(Object.assign(empty(), { contents: contentsOf() }), pipeline)).toBe(false)
    expect(isAsReceived(Object.assign(empty(), { claims: undefined }), pipeline)).toBe(false)
    const renewed = { claims: { ...CLAIMS, id: OTHER_ID } }
    expect(isAsReceived(Object.assign(empty(), renewed), pipeline)).toBe(false)
    expect(isAsReceived(Object.assign(empty(), { written: undefined }), pipeline)).toBe(false)
    expect(isAsReceived(createState(untyped({})), pipeline)).toBe(false)
  })
})

describe('a ticket is due', () => {
  test('from touchInterval on, of the session’s own lifetime', () => {
    const long = { claims: { ...CLAIMS, lifetime: 'long' } }
    expect([9, 10].map((later) => needsTicket(stateOf(), pipelineAt(later)))).toEqual([false, true])
    expect([39, 40].map((later) => needsTicket(stateOf(long), pipelineAt(later)))).toEqual([
      false,
      true,
    ])
  })

  test('at once if it was asked for, unless the clock has gone back', () => {
    const touched = stateOf({ touchRequested: true })
    expect([0, -1].map((later) => needsTicket(touched, pipelineAt(later)))).toEqual([true, false])
  })

  test.each([false, true])('for no session and no discarded one, touched: %s', (touchRequested) => {
    const ended = stateOf({ claims: undefined, touchRequested })
    expect(needsTicket(ended, pipelineAt(50))).toBe(false)
    const discarded = stateOf({ discarded: true, touchRequested })
    expect(needsTicket(discarded, pipelineAt(50))).toBe(false)
  })

  test('for a bound session only if its proof may be renewed by use', () => {
    const claims = { ...CLAIMS, binding: 'bbbbbbbb' }
    const deviceThat = (isRenewable: boolean) =>
      untyped<Pipeline['device']>({
        isRenewable: (state: unknown, { binding }: Claims) =>
          isRenewable && state === bound && binding === 'bbbbbbbb',
      })
    const bound = stateOf({}, USER, claims)
    expect(needsTicket(bound, pipelineAt(50))).toBe(false)
    expect(needsTicket(bound, pipelineAt(50, { device: deviceThat(false) }))).toBe(false)
    expect(needsTicket(bound, pipelineAt(50, { device: deviceThat(true) }))).toBe(true)
    expect(needsTicket(bound, pipelineAt(5, { device: deviceThat(true) }))).toBe(false)
    expect(needsTicket(stateOf(), pipelineAt(50, { device: deviceThat(false) }))).toBe(true)
  })
})
