import { describe, expect, test } from 'vitest'
import { decrypt } from '../../../src/pipeline/decrypt.ts'
import type { Lifetimes } from '../../../src/token/claims.ts'
import type { DayKey } from '../../../src/token/jwe.ts'
import type { KeyRing } from '../../../src/token/key-ring.ts'
import { DAY, START, dayOf } from '../../support/mint.ts'

const TODAY = dayOf(START)
const MIDNIGHT = TODAY * DAY

const lifetimes: Lifetimes = {
  default: { maxAge: DAY, idleTimeout: DAY, touchInterval: 60, persistent: true },
  named: new Map(),
  clockTolerance: 5,
  validAfter: 0,
  longest: DAY,
}

/** Returns a ring whose only key opens `sealed`, and what it was asked for. */
function setUp(wait: <Value>(value: Value) => Value | Promise<Value>) {
  const asked: unknown[] = []
  const key: DayKey = {
    id: 'aaaa',
    day: TODAY,
    seal: () => '',
    open: (sealed) => wait(sealed === 'sealed' ? '' : undefined),
  }
  const ring: KeyRing = {
    sealing: () => key,
    opening: (...named) => {
      asked.push(named)
      return wait(named[1] === 'aaaa' ? key : undefined)
    },
    has: () => true,
  }
  const textOf = (id: string, day: number, sealed: string, now = START) =>
    decrypt({ id, day, sealed }, 'ticket', now, { ring, lifetimes })
  return { asked, textOf }
}

describe.each([
  ['at once', <Value>(value: Value) => value],
  ['later', async <Value>(value: Value) => value],
])('a value whose key opens it %s', (_, wait) => {
  test('has the text that was sealed, also the empty one', async () => {
    const { asked, textOf } = setUp(wait)
    expect(await textOf('aaaa', TODAY, 'sealed')).toBe('')
    expect(asked).toEqual([['ticket', 'aaaa', TODAY]])
  })

  test('is unknown-key or undecryptable otherwise', async () => {
    const { textOf } = setUp(wait)
    expect(await textOf('bbbb', TODAY, 'sealed')).toEqual({ reason: 'unknown-key' })
    expect(await textOf('aaaa', TODAY, 'other')).toEqual({ reason: 'undecryptable' })
  })
})

test('a value that is at hand costs no promise', () => {
  expect(setUp((value) => value).textOf('aaaa', TODAY, 'sealed')).toBe('')
})

test('no key is derived for a day on which no acceptable value was sealed', async () => {
  const { asked, textOf } = setUp((value) => value)
  // The longest life and the tolerance before now, and the tolerance after it.
  expect(textOf('aaaa', TODAY - 1, 'sealed', MIDNIGHT + DAY + 4)).toBe('')
  expect(textOf('aaaa', TODAY + 1, 'sealed', MIDNIGHT + DAY - 5)).toBe('')
  asked.length = 0
  expect(textOf('aaaa', TODAY - 1, 'sealed', MIDNIGHT + DAY + 5)).toEqual({ reason: 'expired' })
  expect(textOf('aaaa', TODAY + 1, 'sealed', MIDNIGHT + DAY - 6)).toEqual({
    reason: 'not-yet-valid',
  })
  expect(asked).toEqual([])
})
