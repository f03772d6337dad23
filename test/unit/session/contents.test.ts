// The contents of one session, apart from its behaviour.

import { describe, expect, test } from 'vitest'
import {
  MAX_SCOPE_LEVELS,
  copyContents,
  createContents,
  isEmpty,
  isEmptyScope,
  movableParts,
  pickContents,
} from '../../../src/session/contents.ts'
import type { Contents, Scope } from '../../../src/session/contents.ts'

const SECRET_OF_FORMS = 'A'.repeat(22)

function scope(data: object = {}, scopes: Readonly<Record<string, Scope>> = {}): Scope {
  return { data: new Map(Object.entries(data)), scopes: new Map(Object.entries(scopes)) }
}

/** Returns contents with something in every member. */
function full(): Contents {
  return {
    ...scope(
      { user: 'ada', cart: [1] },
      {
        cart: scope({ items: 1 }, { old: scope({ items: 2 }) }),
        empty: scope({}, { inner: scope() }),
        other: scope({ x: 1 }),
      },
    ),
    flash: [
      ['notice', 'one'],
      ['error', 'two'],
      ['notice', 'three'],
    ],
    csrf: SECRET_OF_FORMS,
    testCookie: true,
  }
}

describe('createContents', () => {
  test('holds the entries it is given, and nothing else', () => {
    const data = new Map([['user', 'ada']])
    expect(createContents(data)).toEqual({
      data,
      scopes: new Map(),
      flash: [],
      csrf: undefined,
      testCookie: false,
    })
    expect(createContents().data).not.toBe(createContents().data)
  })
})

describe('isEmpty', () => {
  test('is true for new contents, and for scopes that are empty at every level', () => {
    expect(isEmpty(createContents())).toBe(true)
    const scopes = new Map([['a', scope({}, { b: scope({}, { c: scope() }) })]])
    expect(isEmpty({ ...createContents(), scopes })).toBe(true)
    expect(isEmptyScope(scope({}, { a: scope() }))).toBe(true)
  })

  test.each<[string, Partial<Contents>]>([
    ['an entry', { data: new Map([['', undefined]]) }],
    ['an entry in an inner scope', { scopes: new Map([['a', scope({}, { b: scope({ c: 0 }) })]]) }],
    ['a message', { flash: [['', undefined]] }],
    ['a CSRF secret', { csrf: SECRET_OF_FORMS }],
    ['the test cookie', { testCookie: true }],
  ])('is false with %s', (_, more) => {
    expect(isEmpty({ ...createContents(), ...more })).toBe(false)
  })

  test('of a scope depends on its entries, not on messages', () => {
    const contents: Contents = { ...createContents(), flash: [['a', 1]] }
    expect(isEmptyScope(contents)).toBe(true)
    expect(isEmptyScope(scope({ a: undefined }))).toBe(false)
  })
})

describe('copyContents', () => {
  test('equals the original, which later changes of the copy do not affect', () => {
    const contents = full()
    const copy = copyContents(contents)
    expect(copy).toEqual(contents)
    copy.scopes.get('cart')?.scopes.get('old')?.data.clear()
    for (const { remove } of movableParts(contents)) remove(copy)
    expect([copy.data.size, copy.flash]).toEqual([0, []])
    expect(isEmptyScope(copy)).toBe(true)
    expect(contents).toEqual(full())
  })

  test('shares the values', () => {
    const contents = full()
    expect(copyContents(contents).data.get('cart')).toBe(contents.data.get('cart'))
  })
})

describe('pickContents', () => {
  test('holds the named keys and scopes in their former order, and nothing else', () => {
    const contents = full()
    const picked = pickContents(contents, ['cart', 'user', 'none'], ['other', 'cart'])
    expect([...picked.data.keys()]).toEqual(['user', 'cart'])
    expect([...picked.scopes.keys()]).toEqual(['cart', 'other'])
    expect(picked.scopes.get('cart')).toEqual(scope({ items: 1 }, { old: scope({ items: 2 }) }))
    expect([picked.flash, picked.csrf, picked.testCookie]).toEqual([[], undefined, false])
  })

  test('treats names in one array as keys, and in the other as scopes', () => {
    expect([...pickContents(full(), ['cart'], []).scopes.keys()]).toEqual([])
    expect([...pickContents(full(), [], ['cart']).data.keys()]).toEqual([])
  })

  test('is empty if no existing key or scope is named', () => {
    expect(isEmpty(pickContents(full(), [], []))).toBe(true)
    expect(isEmpty(pickContents(full(), ['use', 'constructor'], ['empty']))).toBe(true)
  })
})

describe('movableParts', () => {
  test('are the keys, the scopes with entries, and the messages of each key', () => {
    expect(movableParts(full()).map(({ label }) => label)).toEqual([
      'user',
      'cart',
      'scope(cart)',
      'scope(other)',
      'flash(notice)',
      'flash(error)',
    ])
    expect(movableParts(createContents())).toEqual([])
  })

  test('can each be put into contents of its own, and removed from a copy', () => {
    const contents = full()
    const parts = movableParts(contents)
    expect(parts.length).toBeGreaterThan(3)
    for (const { label, alone, remove } of parts) {
      expect(movableParts(alone).map((part) => part.label)).toEqual([label])
      const copy = copyContents(contents)
      remove(copy)
      const left = movableParts(copy).map((part) => part.label)
      expect([...left, label].toSorted()).toEqual(
        movableParts(contents)
          .map((part) => part.label)
          .toSorted(),
      )
    }
  })

  test('messages of one key move together, in their order', () => {
    const part = movableParts(full()).find(({ label }) => label === 'flash(notice)')
    expect(part?.alone.flash).toEqual([
      ['notice', 'one'],
      ['notice', 'three'],
    ])
  })
})

test('scopes nest at most 16 levels', () => {
  expect(MAX_SCOPE_LEVELS).toBe(16)
})
