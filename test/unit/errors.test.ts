// What this library throws: one family, told apart by code, or by name where a class does not reach.

import { expect, test } from 'vitest'
import {
  SessionCommittedError,
  SessionConfigError,
  SessionDataError,
  SessionError,
  SessionTooLargeError,
  createSessions,
} from 'sealed-session'
import { SECRET, untyped } from '../support/mint.ts'

const sessions = createSessions({ secrets: SECRET })

async function committed(): Promise<void> {
  const session = await sessions.open(null)
  await sessions.setCookies(session)
  session.set('late', 1)
}

async function tooLarge(): Promise<void> {
  const session = await sessions.open(null)
  session.set('big', 'x'.repeat(20_000))
  await sessions.setCookies(session)
}

async function unfit(): Promise<void> {
  const session = await sessions.open(null)
  session.set('cart', [1n])
}

async function misused(): Promise<void> {
  createSessions(untyped<{ secrets: string }>({ secrets: SECRET, maxAge: 0 }))
}

test.each([
  [SessionConfigError, 'SessionConfigError', 'ERR_SESSION_CONFIG', misused, { option: 'maxAge' }],
  [SessionDataError, 'SessionDataError', 'ERR_SESSION_DATA', unfit, { path: 'cart[0]' }],
  [SessionTooLargeError, 'SessionTooLargeError', 'ERR_SESSION_TOO_LARGE', tooLarge, {}],
  [SessionCommittedError, 'SessionCommittedError', 'ERR_SESSION_COMMITTED', committed, {}],
])('%o has its name, its code, and where it was', async (kind, name, code, act, more) => {
  const error: unknown = await act().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(kind)
  expect(error).toBeInstanceOf(SessionError)
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name, code, ...more })
  expect(String(error)).toMatch(new RegExp(`^${name}: .`))
})

test('a change that comes too late is told what was too late for it, and what is early enough', async () => {
  await expect(committed()).rejects.toThrow(/after its cookies were made.*change it before commit/)
})

test('the family itself has a name, a code and a cause', () => {
  const cause = new Error('below')
  const error = new SessionError('ERR_SESSION_RESPONSE', 'no cookies', { cause })
  expect(error).toMatchObject({ name: 'SessionError', code: 'ERR_SESSION_RESPONSE', cause })
  expect(String(error)).toBe('SessionError: no cookies')
})
