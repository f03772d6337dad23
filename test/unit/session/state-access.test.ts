// The access of a session's own dictionary to the entries, and what it records.

import { describe, expect, test } from 'vitest'
import { createContents } from '../../../src/session/contents.ts'
import { accessTo, expose } from '../../../src/session/state-access.ts'
import { createState } from '../../../src/session/state.ts'
import type { SessionRuntime } from '../../../src/session/state.ts'
import { START } from '../../support/mint.ts'
import { COMMITTED_ERROR } from '../../support/errors.ts'

const refused: unknown[] = []

const runtime: SessionRuntime = {
  lifetimes: {
    default: { maxAge: 1000, idleTimeout: 100, touchInterval: 10, persistent: true },
    named: new Map(),
    clockTolerance: 5,
    validAfter: 0,
    longest: 1000,
  },
  now: () => START,
  isBindable: false,
  isAsking: false,
  assertStorable: (...given) => void refused.push(given),
  restore: () => createContents(),
}

describe('accessTo', () => {
  test('reads the contents of the session, and records the access', () => {
    const state = createState(runtime)
    const access = accessTo(state)
    expect([access.level, state.accessed]).toEqual([0, false])
    expect(access.read()).toBe(state.contents)
    expect([state.accessed, state.changed, state.claims]).toEqual([true, false, undefined])
  })

  test('returns them for a change, and records it without beginning a session', () => {
    const state = createState(runtime)
    expect(accessTo(state).change()).toBe(state.contents)
    expect([state.changed, state.claims]).toEqual([true, undefined])
  })

  test('returns them for a new entry, and begins a session', () => {
    const state = createState(runtime)
    expect(accessTo(state).fill()).toBe(state.contents)
    expect(state.claims?.startedAt).toBe(START)
  })

  test('follows the session to other contents', () => {
    const state = createState(runtime)
    const access = accessTo(state)
    state.contents = createContents(new Map([['user', 'ada']]))
    expect(access.read().data.get('user')).toBe('ada')
  })

  test('allows reading values, but not changing them, after the cookies are made', () => {
    const state = createState(runtime)
    state.committed = true
    const access = accessTo(state)
    expect(() => access.change()).toThrow(COMMITTED_ERROR)
    expect(() => access.fill()).toThrow(COMMITTED_ERROR)
    expect(access.read()).toBe(state.contents)
  })

  test('checks values only if strict JSON writes them', () => {
    accessTo(createState(runtime)).assertStorable('user', 'ada', 'scope(a).')
    expect(refused).toEqual([['user', 'ada', 'scope(a).']])
    const lenient = createState({ ...runtime, assertStorable: undefined })
    expect(() => accessTo(lenient).assertStorable('user', 1n)).not.toThrow()
  })
})

describe('expose', () => {
  test.each([undefined, null, 1, 'text', true, 1n, Symbol('s')])(
    '%s cannot be changed in place',
    (value) => {
      const state = createState(runtime)
      expose(state, value)
      expect(state.mayBeMutated).toBe(false)
    },
  )

  test('an object or an array can, from then on', () => {
    for (const value of [{}, [], new Map(), new Date(0)]) {
      const state = createState(runtime)
      expose(state, value)
      expose(state, 1)
      expect(state.mayBeMutated).toBe(true)
    }
  })
})
