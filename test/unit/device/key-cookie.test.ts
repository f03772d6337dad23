import { beforeAll, describe, expect, test } from 'vitest'
import { findKeys, keyDeletion, openKey, sealKey } from '../../../src/device/key-cookie.ts'
import { parsePublicJwk } from '../../../src/device/public-key.ts'
import type { PublicKey } from '../../../src/device/public-key.ts'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { createClaims } from '../../../src/token/claims.ts'
import { makeDevice } from '../../support/device-browser.ts'
import { DAY, NAME, SECRET, START, WEEK, mint } from '../../support/mint.ts'

const BINDING = 'abcdefgh'
const KEY_NAME = `__Secure-session.k.${BINDING}`

const time = { now: START }
const pipeline = createPipeline({ secrets: SECRET, clock: () => time.now * 1000 })
const claims = createClaims(START, '', '', pipeline.lifetimes, BINDING)
let key: PublicKey

beforeAll(async () => {
  const parsed = parsePublicJwk((await makeDevice()).jwk, 'ES256')
  if (parsed === undefined) throw new Error('no key')
  key = parsed
})

function sealed(items: unknown): string {
  return mint(JSON.stringify(items), { purpose: 'device-key' })
}

describe('sealKey', () => {
  test('makes a cookie of the path alone, as long as the session, which openKey opens', async () => {
    time.now = START
    const write = await sealKey(claims, key, '/device', pipeline)
    expect(write).toEqual({
      name: KEY_NAME,
      value: expect.stringMatching(/^[\w-]{4}\.\d+\./),
      maxAge: WEEK,
      path: '/device',
    })
    expect(await openKey([write.value], BINDING, pipeline)).toEqual({ key, provenAt: START })
  })

  test('has the name of the session without its prefix, where there is none too', () => {
    const nameOf = (name: string) => keyDeletion(name, BINDING, '/device').name
    expect(nameOf(NAME)).toBe(KEY_NAME)
    expect(nameOf('__host-s')).toBe(`__Secure-s.k.${BINDING}`)
    expect(nameOf('sid')).toBe(`sid.k.${BINDING}`)
    expect(nameOf('my__Host-s')).toBe(`my__Host-s.k.${BINDING}`)
  })

  test('is deleted in its path', () => {
    expect(keyDeletion(NAME, BINDING, '/device')).toEqual({
      name: KEY_NAME,
      value: '',
      maxAge: 0,
      path: '/device',
    })
  })
})

describe('findKeys', () => {
  test('finds the values of its name in a header, whatever separates them', () => {
    const find = (header: string) => findKeys(header, NAME, BINDING)
    expect(find(`a=1; ${KEY_NAME}=x; b=2`)).toEqual(['x'])
    expect(find(`a=1,${KEY_NAME}=x,  ${KEY_NAME}=y`)).toEqual(['x', 'y'])
    expect(find(`${KEY_NAME}=x=y`)).toEqual(['x=y'])
    expect(find(KEY_NAME)).toEqual([''])
    expect(find(`${KEY_NAME}a=x; a${KEY_NAME}=x; ${KEY_NAME.toUpperCase()}=x`)).toEqual([])
    expect(find('')).toEqual([])
  })

  test('finds them among pairs, and the first four at most', () => {
    const pairs = Array.from({ length: 6 }, (_, index) => [KEY_NAME, `${index}`] as const)
    expect(findKeys([['a', 'x'], ...pairs], NAME, BINDING)).toEqual(['0', '1', '2', '3'])
  })
})

describe('openKey', () => {
  test('takes the key that was proven last', async () => {
    const noon = START % DAY
    const { alg, parts } = key
    const [older, newer] = [noon - 100, noon - 50].map((at) => sealed([at, BINDING, alg, ...parts]))
    time.now = START
    const expected = { key, provenAt: START - 50 }
    expect(await openKey([`${older}`, `${newer}`], BINDING, pipeline)).toEqual(expected)
    expect(await openKey([`${newer}`, `${older}`], BINDING, pipeline)).toEqual(expected)
    expect(await openKey(['x', `${newer}`, ''], BINDING, pipeline)).toEqual(expected)
  })

  test('is nothing for another binding, another form, or a time to come', async () => {
    const noon = START % DAY
    const { alg, parts } = key
    time.now = START
    for (const items of [
      [noon, 'abcdefgi', alg, ...parts],
      [noon, BINDING, 'HS256', ...parts],
      [noon, BINDING, alg, parts[0]],
      [noon, BINDING, alg, ...parts, 'x'],
      [noon + 6, BINDING, alg, ...parts],
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await openKey([sealed(items)], BINDING, pipeline)).toBeUndefined()
    }
    const ahead = sealed([noon + 5, BINDING, alg, ...parts])
    expect(await openKey([ahead], BINDING, pipeline)).toEqual({ key, provenAt: START + 5 })
    expect(await openKey([], BINDING, pipeline)).toBeUndefined()
  })
})
