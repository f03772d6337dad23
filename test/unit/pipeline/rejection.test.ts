import { expect, test } from 'vitest'
import { describeRejection } from '../../../src/pipeline/rejection.ts'
import { ID, START } from '../../support/mint.ts'

const claims = {
  id: ID,
  startedAt: START,
  sealedAt: START + 1,
  life: 60,
  stamps: 'aaaa',
  lifetime: '',
  binding: 'bbbbbbbb',
}
const known = { id: ID, startedAt: START, sealedAt: START + 1 }

test.each([
  ['expired', 'maxAge'],
  ['idle', 'idleTimeout'],
  ['not-yet-valid', 'clockTolerance'],
  ['revoked', 'validAfter'],
] as const)('a session that is %s names the option %s', (reason, limit) => {
  expect(describeRejection({ reason })).toEqual({ reason, limit })
})

test('an option that the refusal names itself stays', () => {
  const refusal = { reason: 'revoked', limit: 'revoked' } as const
  expect(describeRejection(refusal)).toEqual(refusal)
})

test('a reason behind which there is no option names none', () => {
  const refusal = { reason: 'invalid-data', error: new Error('of a schema') } as const
  expect(describeRejection(refusal)).toStrictEqual(refusal)
  expect(describeRejection({ reason: 'destroyed' }, claims)).not.toHaveProperty('limit')
})

test('an authentic token adds its id and times, not its binding or stamps', () => {
  const rejected = describeRejection({ reason: 'unproven' }, claims, START + 9)
  expect(rejected).toStrictEqual({ reason: 'unproven', ...known, usedAt: START + 9 })
})

test('the last use is the sealing where no other is known', () => {
  expect(describeRejection({ reason: 'idle' }, claims)).toMatchObject({ usedAt: START + 1 })
})

test('a lifetime is named if it is not the default one', () => {
  const named = { ...claims, lifetime: 'long' }
  expect(describeRejection({ reason: 'idle' }, named)).toMatchObject({ lifetime: 'long' })
  expect(describeRejection({ reason: 'idle' }, claims)).not.toHaveProperty('lifetime')
})

test('a polluted prototype names no option', () => {
  Reflect.set(Object.prototype, 'limit', 'polluted')
  Reflect.set(Object.prototype, 'malformed', 'polluted')
  try {
    const rejected = describeRejection({ reason: 'malformed' })
    expect(Object.keys(rejected)).toEqual(['reason'])
    expect(describeRejection({ reason: 'idle' })).toEqual({ reason: 'idle', limit: 'idleTimeout' })
  } finally {
    Reflect.deleteProperty(Object.prototype, 'limit')
    Reflect.deleteProperty(Object.prototype, 'malformed')
  }
})
