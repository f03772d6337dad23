import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeContents, planMove } from '../../../src/overflow/plan.ts'
import { createProbe } from '../../../src/pipeline/session-size.ts'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { createContents } from '../../../src/session/contents.ts'
import type { Contents } from '../../../src/session/contents.ts'
import { NO_COOKIES } from '../../../src/cookies/request-cookies.ts'
import { createClaims } from '../../../src/token/claims.ts'
import { SECRET, START, dayOf } from '../../support/mint.ts'

const pipeline = createPipeline({ secrets: SECRET, clock: () => START * 1000 })
const claims = createClaims(START, '', '', pipeline.lifetimes)
const key = await pipeline.ring.sealing('cookie', dayOf(START), START)
const PLACE = 'p'.repeat(22)

const plan = (contents: Contents, keys?: readonly string[]) =>
  planMove(contents, claims, NO_COOKIES, key, keys && new Set(keys), pipeline)

/** Returns the plan of a session that must have one, and the data that moves. */
function planOf(contents: Contents) {
  const planned = plan(contents)
  if (planned === undefined) throw new Error('nothing moves')
  const moved: Readonly<Record<string, unknown>> = JSON.parse(planned.parcelBody)
  return { ...planned, moved }
}

const levelOf = (contents: Contents, parcel?: string) =>
  createProbe(contents, claims, NO_COOKIES, key, pipeline, parcel).usage.level

function contentsOf(lengths: readonly number[]): Contents {
  return createContents(
    new Map(lengths.map((length, at) => [`key${at}`, 'x'.repeat(length)] as const)),
  )
}

describe('planMove', () => {
  test('moves the largest keys, and with one fewer it would not fit', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(lengths, (given) => {
        const contents = contentsOf(given)
        fc.pre(levelOf(contents) === 'over')
        const { kept, moved, labels } = planOf(contents)
        expect(levelOf(kept, PLACE)).not.toBe('over')
        const lengthOf = (name: string) => String(contents.data.get(name)).length
        const smallestMoved = Math.min(...labels.map(lengthOf))
        for (const name of kept.data.keys())
          expect(lengthOf(name)).toBeLessThanOrEqual(smallestMoved)
        const last = labels.at(-1) ?? ''
        const fewer = new Map([...kept.data, [last, contents.data.get(last)]])
        expect(levelOf({ ...kept, data: fewer }, PLACE)).toBe('over')
        expect({ ...Object.fromEntries(kept.data), ...moved }).toEqual(
          Object.fromEntries(contents.data),
        )
      }),
    )
  })

  test('moves only the allowed keys, and none if that does not help', () => {
    const contents = contentsOf([3000, 2500, 1000])
    expect(plan(contents, ['key1', 'key2'])).toBeUndefined()
    expect(plan(contents, ['key0', 'key2'])).toBeUndefined()
    expect(plan(contents, ['key0', 'key1'])?.labels).toEqual(['key0', 'key1'])
    expect(plan(contents, ['none'])).toBeUndefined()
  })

  test('keeps the CSRF secret and the test cookie in the cookies', () => {
    const csrf = 'AAECAwQFBgcICQoLDA0ODw'
    const { kept, parcelBody } = planOf({ ...contentsOf([5000]), csrf, testCookie: true })
    expect(kept).toMatchObject({ csrf, testCookie: true })
    expect(parcelBody).not.toContain('"c":')
    expect(parcelBody).not.toContain('"t":')
  })

  test('changes none of the contents', () => {
    const contents = contentsOf([5000, 10])
    plan(contents)
    expect([...contents.data.keys()]).toEqual(['key0', 'key1'])
  })
})

describe('mergeContents', () => {
  test('returns the entries of both, with the moved ones last', () => {
    const scope = { data: new Map([['n', 1]]), scopes: new Map() }
    const kept: Contents = {
      data: new Map([['a', 1]]),
      scopes: new Map([['kept', scope]]),
      flash: [['one', 1]],
      csrf: 'secret',
      testCookie: true,
    }
    const moved: Contents = {
      ...createContents(new Map([['b', 2]])),
      scopes: new Map([['moved', scope]]),
      flash: [['two', 2]],
    }
    expect(mergeContents(kept, moved)).toEqual({
      data: new Map([
        ['a', 1],
        ['b', 2],
      ]),
      scopes: new Map([
        ['kept', scope],
        ['moved', scope],
      ]),
      flash: [
        ['one', 1],
        ['two', 2],
      ],
      csrf: 'secret',
      testCookie: true,
    })
  })
})
