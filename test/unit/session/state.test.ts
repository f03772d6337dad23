// The state of a session in one request, step by step.

import { describe, expect, test } from 'vitest'
import { NO_COOKIES } from '../../../src/cookies/request-cookies.ts'
import type { RequestCookies } from '../../../src/cookies/request-cookies.ts'
import { createContents } from '../../../src/session/contents.ts'
import {
  access,
  beginSession,
  carriedClaims,
  change,
  createState,
  endSession,
  fill,
  hasCookies,
  resetState,
} from '../../../src/session/state.ts'
import { isValid } from '../../../src/session/opened.ts'
import type { ValidSession } from '../../../src/session/opened.ts'
import type { SessionRuntime, SessionState } from '../../../src/session/state.ts'
import type { Lifetime } from '../../../src/token/claims.ts'
import { ID, START } from '../../support/mint.ts'
import { COMMITTED_ERROR } from '../../support/errors.ts'

const STANDARD: Lifetime = {
  maxAge: 1000,
  idleTimeout: 100,
  touchInterval: 10,
  persistent: true,
}
const LONG: Lifetime = { ...STANDARD, maxAge: 5000 }

const runtime: SessionRuntime = {
  lifetimes: {
    default: STANDARD,
    named: new Map([['long', LONG]]),
    clockTolerance: 5,
    validAfter: 0,
    longest: 5000,
  },
  now: () => START + 50,
  isBindable: false,
  isAsking: false,
  assertStorable: undefined,
  restore: (body) => createContents(new Map([['body', body]])),
}

const SENT: RequestCookies = { ...NO_COOKIES, parts: [['value']], stamps: 'aaaabbbb' }

function valid(more: Partial<ValidSession> = {}): ValidSession {
  return {
    claims: {
      id: ID,
      startedAt: START,
      sealedAt: START,
      life: 1000,
      stamps: 'aaaa',
      lifetime: '',
      binding: '',
    },
    usedAt: START + 20,
    body: '{"user":"ada"}',
    contents: createContents(new Map([['user', 'ada']])),
    secretId: 'abcd',
    length: 150,
    ...more,
  }
}

function receivedState(more: Partial<ValidSession> = {}): SessionState {
  return createState(runtime, valid(more), SENT)
}

describe('createState', () => {
  test('without a session is new, empty and unaccessed', () => {
    expect(createState(runtime)).toMatchObject({
      cookies: NO_COOKIES,
      rejection: undefined,
      received: undefined,
      claims: undefined,
      contents: createContents(),
      written: undefined,
      isNew: true,
      carriesReceived: false,
      accessed: false,
      changed: false,
      mayBeMutated: false,
      committed: false,
    })
  })

  test('of a valid session has its claims, its contents and its last use', () => {
    const received = valid()
    expect(createState(runtime, received, SENT)).toMatchObject({
      rejection: undefined,
      received,
      claims: received.claims,
      usedAt: START + 20,
      written: { id: ID, body: '{"user":"ada"}' },
      stamps: 'aaaabbbb',
      isNew: false,
      carriesReceived: true,
      testCookieReceived: false,
      accessed: false,
      changed: false,
    })
  })

  test('of a rejected session is new, and has only the reason', () => {
    const error = new Error('the list is down')
    const state = createState(runtime, { reason: 'revoked', error, id: ID }, SENT)
    expect(state.rejection).toEqual({ reason: 'revoked' })
    expect(Object.isFrozen(state.rejection)).toBe(true)
    expect([state.received, state.claims, state.isNew]).toEqual([undefined, undefined, true])
    expect(state.cookies).toBe(SENT)
  })

  test('recognizes a valid session by own claims, not by those of a polluted prototype', () => {
    const rejected = { reason: 'expired' } as const
    expect([isValid(valid()), isValid(rejected)]).toEqual([true, false])
    expect(isValid(Object.assign(Object.create({ claims: valid().claims }), rejected))).toBe(false)
  })
})

describe('access, change and fill', () => {
  test('access records only an access', () => {
    const state = receivedState()
    expect(access(state)).toBe(state)
    expect([state.accessed, state.changed]).toEqual([true, false])
  })

  test('change records an access and a change', () => {
    const state = receivedState()
    expect(change(state)).toBe(state)
    expect([state.accessed, state.changed]).toEqual([true, true])
  })

  test('change drops the cookies that were saved before it', () => {
    const state = receivedState()
    state.writing = []
    change(state)
    expect(state.writing).toBeUndefined()
  })

  test('change and fill throw after the cookies are made, and record nothing', () => {
    const state = receivedState()
    state.committed = true
    state.writing = []
    for (const act of [change, fill, endSession, resetState]) {
      expect(() => act(state)).toThrow(COMMITTED_ERROR)
    }
    expect([state.changed, state.writing]).toEqual([false, []])
  })

  test('fill begins a session if there is none, with the stamps of the browser', () => {
    const state = createState(runtime, undefined, SENT)
    fill(state)
    expect(state.claims).toMatchObject({
      startedAt: START + 50,
      sealedAt: START + 50,
      life: 1000,
      stamps: 'aaaabbbb',
      lifetime: '',
    })
    const { claims } = state
    fill(state)
    expect(state.claims).toBe(claims)
  })

  test('fill keeps the identity of a session that was received', () => {
    const state = receivedState()
    const { claims } = state
    expect(fill(state).claims).toBe(claims)
  })
})

describe('beginSession', () => {
  test('creates a new identity for contents, in the named lifetime', () => {
    const state = receivedState()
    beginSession(state, createContents(new Map([['cart', 1]])), 'long')
    expect(state).toMatchObject({ isNew: true, carriesReceived: true, previousId: ID })
    expect(state.claims).toMatchObject({ startedAt: START + 50, life: 5000, lifetime: 'long' })
    expect(state.claims?.id).not.toBe(ID)
  })

  test('with nothing to keep has nothing of the received session', () => {
    const state = receivedState()
    beginSession(state, createContents())
    expect(state).toMatchObject({ claims: undefined, carriesReceived: false, previousId: ID })
  })

  test('with nothing to keep still has an identity if a lifetime was given', () => {
    const state = receivedState()
    beginSession(state, createContents(), 'long')
    expect(state.claims?.lifetime).toBe('long')
    expect(carriedClaims(state)).toBeUndefined()
  })

  test('twice remembers the id that the browser knows', () => {
    const state = receivedState()
    beginSession(state, createContents(new Map([['a', 1]])))
    beginSession(state, createContents(new Map([['a', 1]])))
    expect(state.previousId).toBe(ID)
  })
})

describe('endSession', () => {
  test('empties the session and creates a stamp, which comes before those of the browser', () => {
    const state = receivedState()
    endSession(state)
    expect(state).toMatchObject({
      contents: createContents(),
      claims: undefined,
      isNew: true,
      carriesReceived: false,
      changed: true,
    })
    expect(state.logoutStamp).toMatch(/^[A-Za-z0-9_-]{4}$/)
    expect(state.stamps).toBe(`${state.logoutStamp}aaaabbbb`)
  })

  test('twice creates one stamp', () => {
    const state = receivedState()
    endSession(state)
    const { logoutStamp, stamps } = state
    endSession(state)
    expect([state.logoutStamp, state.stamps]).toEqual([logoutStamp, stamps])
  })

  test('creates none for a browser without a cookie of the session', () => {
    const state = createState(runtime, valid(), { ...SENT, parts: [], tickets: ['ticket'] })
    endSession(state)
    expect([state.logoutStamp, state.stamps, hasCookies(state)]).toEqual([
      undefined,
      'aaaabbbb',
      false,
    ])
  })
})

describe('resetState', () => {
  test('restores the received session, with newly parsed contents', () => {
    const state = receivedState()
    const before = { ...state }
    fill(state).contents.data.set('user', 'eve')
    state.contents.testCookie = true
    state.mayBeMutated = true
    state.touchRequested = true
    beginSession(state, createContents())
    endSession(state)
    resetState(state)
    expect(state).toEqual({
      ...before,
      contents: createContents(new Map([['body', '{"user":"ada"}']])),
      accessed: true,
      discarded: true,
    })
  })

  test('takes the test cookie from the received session, not from its present state', () => {
    const contents = { ...createContents(), testCookie: true }
    const restore = () => ({ ...createContents(), testCookie: true })
    const state = createState({ ...runtime, restore }, valid({ contents }), SENT)
    state.contents.testCookie = false
    state.testCookieReceived = false
    resetState(state)
    expect([state.testCookieReceived, state.contents.testCookie]).toEqual([true, true])
  })

  test('of a session that began in this request leaves none', () => {
    const state = createState(runtime, undefined, SENT)
    fill(state).contents.data.set('user', 'ada')
    resetState(state)
    expect([state.claims, state.contents, state.changed]).toEqual([
      undefined,
      createContents(),
      false,
    ])
  })

  test('is over with the next change', () => {
    const state = receivedState()
    resetState(state)
    change(state)
    expect([state.discarded, state.changed]).toEqual([false, true])
  })
})

describe('carriedClaims', () => {
  test('is the identity while the session has contents', () => {
    const state = receivedState()
    expect(carriedClaims(state)?.id).toBe(ID)
    state.contents = createContents()
    expect(carriedClaims(state)?.id).toBe(ID)
    expect(state.accessed).toBe(true)
  })

  test('is undefined for a new, empty session', () => {
    const state = createState(runtime)
    fill(state)
    expect(carriedClaims(state)).toBeUndefined()
    state.contents.data.set('user', 'ada')
    expect(carriedClaims(state)).toBe(state.claims)
  })
})
