import { describe, expect, test } from 'vitest'
import { checkChallenge, sealChallenge } from '../../../src/device/challenge.ts'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { DAY, OTHER_SECRET, SECRET, START, mint } from '../../support/mint.ts'

const time = { now: START }
const pipeline = createPipeline({ secrets: SECRET, clock: () => time.now * 1000 })

function sealed(items: unknown): string {
  return mint(JSON.stringify(items), { purpose: 'device-challenge' })
}

const NOON = START % DAY

describe('a challenge', () => {
  test('is valid for its kind and its binding', async () => {
    time.now = START
    for (const kind of ['register', 'prove'] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const text = await sealChallenge(kind, 'abcdefgh', pipeline)
      const check = (checkedKind: typeof kind, binding: string) =>
        checkChallenge(text, checkedKind, binding, pipeline)
      // oxlint-disable-next-line no-await-in-loop
      expect(await check(kind, 'abcdefgh')).toBeUndefined()
      // oxlint-disable-next-line no-await-in-loop
      expect(await check(kind, 'abcdefgi')).toBe('challenge')
      // oxlint-disable-next-line no-await-in-loop
      expect(await check(kind === 'prove' ? 'register' : 'prove', 'abcdefgh')).toBe('challenge')
    }
  })

  test('is valid for 60 seconds and the tolerance, and before its time within the tolerance', async () => {
    time.now = START
    const text = await sealChallenge('prove', 'abcdefgh', pipeline)
    for (const [now, reason] of [
      [START - 6, 'challenge'],
      [START - 5, undefined],
      [START + 65, undefined],
      [START + 66, 'expired'],
    ] as const) {
      time.now = now
      // oxlint-disable-next-line no-await-in-loop
      expect(await checkChallenge(text, 'prove', 'abcdefgh', pipeline)).toBe(reason)
    }
  })

  test('is what the format says', async () => {
    time.now = START
    const check = (text: string) => checkChallenge(text, 'prove', 'abcdefgh', pipeline)
    expect(await check(sealed([NOON, 'prove', 'abcdefgh']))).toBeUndefined()
    for (const wrong of [
      '',
      'x',
      mint(JSON.stringify([NOON, 'prove', 'abcdefgh']), { purpose: 'device-key' }),
      mint(JSON.stringify([NOON, 'prove', 'abcdefgh']), {
        purpose: 'device-challenge',
        secret: OTHER_SECRET,
      }),
      sealed({ 0: NOON, 1: 'prove', 2: 'abcdefgh' }),
      sealed([]),
      sealed([NOON]),
      sealed(['prove', 'abcdefgh']),
      sealed([-1, 'prove', 'abcdefgh']),
      sealed([DAY, 'prove', 'abcdefgh']),
      sealed([NOON + 0.5, 'prove', 'abcdefgh']),
      mint('[', { purpose: 'device-challenge' }),
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await check(wrong), wrong).toBe('challenge')
    }
  })

  test('of midnight and of the day’s last second has its own day', async () => {
    for (const now of [START + DAY / 2, START + DAY / 2 - 1]) {
      time.now = now
      // oxlint-disable-next-line no-await-in-loop
      const text = await sealChallenge('prove', 'abcdefgh', pipeline)
      time.now = now + 65
      // oxlint-disable-next-line no-await-in-loop
      expect(await checkChallenge(text, 'prove', 'abcdefgh', pipeline)).toBeUndefined()
    }
  })
})
