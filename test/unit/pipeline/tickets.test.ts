// Tickets of bound sessions, as far as the pipeline decides about them. Those of other sessions are
// tested in open.test.ts.

import { expect, test } from 'vitest'
import { NO_COOKIES } from '../../../src/cookies/request-cookies.ts'
import { usedSince } from '../../../src/device-option.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { createFindUse } from '../../../src/pipeline/tickets.ts'
import { ID, START, untyped } from '../../support/mint.ts'

const claims = {
  id: ID,
  startedAt: START,
  sealedAt: START + 1,
  life: 60,
  stamps: '',
  lifetime: '',
  binding: 'bbbbbbbb',
}

const proven = usedSince(START + 9, START + 9)

const device: Pipeline['device'] = untyped({
  findUse: (...given: unknown[]) => ({ ...proven, given }),
})

function pipelineWith(more: Partial<Pipeline>): Pipeline {
  return untyped({ lifetimes: { clockTolerance: 5 }, now: () => START + 20, ...more })
}

test('a bound session is unproven where the option device is missing', () => {
  const unproven = { ...usedSince(START + 20), reason: 'unproven' }
  for (const cookies of [NO_COOKIES, undefined]) {
    expect(createFindUse(cookies, pipelineWith({}))(claims)).toEqual(unproven)
  }
})

test('the option device says what the cookies of a bound session prove', () => {
  const findUse = createFindUse(NO_COOKIES, pipelineWith({ device }))
  expect(findUse(claims)).toEqual({ ...proven, given: [claims, NO_COOKIES] })
  expect(findUse({ ...claims, binding: '' })).toEqual(usedSince(START + 1))
})

test('a bare token has no tickets, and was used when it was sealed', () => {
  expect(createFindUse(undefined, pipelineWith({ device }))(claims)).toEqual(usedSince(START + 1))
})
