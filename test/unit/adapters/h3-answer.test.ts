import { describe, expect, test } from 'vitest'
import {
  isFailure,
  restrictFields,
  runHandlers,
  toAnswer,
} from '../../../src/adapters/h3-answer.ts'

const NOT_FOUND = Symbol.for('h3.notFound')
const returned = (value: unknown) => ({ value, isThrown: false })
const prepared = () => ({ headers: new Headers(), errHeaders: new Headers() })

/** A commit that adds a cookie. */
function committed(carrier: Response): Response {
  const headers = new Headers(carrier.headers)
  headers.append('Set-Cookie', 'a=1')
  headers.append('Set-Cookie', 'b=2')
  return new Response(carrier.body, { headers })
}

test('any value that handlers throw is caught', async () => {
  expect(await runHandlers(() => 'page')).toEqual(returned('page'))
  expect(await runHandlers(async () => Promise.reject(new Error('no')))).toMatchObject({
    isThrown: true,
  })
  const throwing = () => {
    throw new Error('no')
  }
  expect(await runHandlers(throwing)).toMatchObject({ isThrown: true })
})

test.each([
  ['a page', returned('page'), false],
  ['an error that is returned', returned(new Error('no')), true],
  ['what is thrown', { value: 418, isThrown: true }, true],
  ['a missing route', returned(NOT_FOUND), false],
])('%s is a failure or none', (_, outcome, expected) => {
  expect(isFailure(outcome, prepared())).toBe(expected)
})

test('a missing route counts as a failure if its answer can carry no cookie', () => {
  expect(isFailure(returned(NOT_FOUND), { headers: new Headers() })).toBe(true)
})

describe('an answer', () => {
  test('that is a Response is replaced by the committed one', () => {
    const response = new Response('page')
    const answer = toAnswer(returned(response), prepared())
    expect(answer.carrier).toBe(response)
    expect(answer.isOverlaid).toBe(true)
    const other = new Response('other')
    expect(answer.complete(other)).toBe(other)
  })

  test('that is another value is kept, and its fields are those that h3 has prepared', () => {
    const { headers, errHeaders } = prepared()
    headers.set('x-own', '1')
    const page = { page: 1 }
    const answer = toAnswer(returned(page), { headers, errHeaders })
    expect(answer.complete(committed(answer.carrier))).toBe(page)
    expect([headers.getSetCookie(), headers.get('x-own')]).toEqual([['a=1', 'b=2'], '1'])
    expect([...errHeaders]).toEqual([])
  })

  test('to an error has the fields for errors, and the error is rethrown', () => {
    const { headers, errHeaders } = prepared()
    const error = new Error('no')
    const answer = toAnswer({ value: error, isThrown: true }, { headers, errHeaders })
    expect(() => answer.complete(committed(answer.carrier))).toThrow(error)
    expect(errHeaders.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([...headers]).toEqual([])
  })

  test('to an error has no fields in release candidates of h3 2', () => {
    const headers = new Headers()
    const error = new Error('no')
    const answer = toAnswer(returned(error), { headers })
    expect(answer.complete(committed(answer.carrier))).toBe(error)
    expect([...headers]).toEqual([])
  })

  test('of another class with header fields becomes a new one of that class', () => {
    class Answer {
      readonly headers: Headers
      readonly body: unknown
      readonly status: number | undefined
      constructor(body: unknown, { status, headers }: ResponseInit) {
        this.body = body
        this.status = status
        this.headers = new Headers(headers)
      }
    }
    const shared = new Answer('page', { status: 201 })
    const answer = toAnswer(returned(shared), prepared())
    expect(answer.complete(answer.carrier)).toBe(shared)
    const completed = answer.complete(committed(answer.carrier))
    expect(completed).toBeInstanceOf(Answer)
    expect(completed).toMatchObject({ body: 'page', status: 201 })
    expect(completed instanceof Answer && completed.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([...shared.headers]).toEqual([])
  })
})

test('restrictFields updates and deletes fields, and adds none', () => {
  const headers = new Headers({ 'cache-control': 'public', 'surrogate-control': 'max-age=9' })
  headers.append('set-cookie', 'theme=dark')
  restrictFields(headers, new Headers({ 'cache-control': 'private', vary: 'Cookie' }))
  expect([...headers]).toEqual([
    ['cache-control', 'private'],
    ['set-cookie', 'theme=dark'],
  ])
})
