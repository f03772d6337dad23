import { expect, test } from 'vitest'
import { discardChanges } from '../../../src/adapters/failed-handler.ts'
import { createSessions } from '../../../src/create-sessions.ts'
import { SECRET } from '../../support/mint.ts'

interface Data {
  user: string
}

const sessions = createSessions<Data>({ secrets: SECRET })
const request = () => new Request('https://example.test/')

test('changes are discarded, and the answer still varies by the cookie', async () => {
  const handler = sessions.wrap((_, session) => {
    session.set('user', 'mallory')
    discardChanges(session)
    return new Response('failed')
  })
  const { headers } = await handler(request())
  expect([headers.getSetCookie(), headers.get('vary')]).toEqual([[], 'Cookie'])
})

test('a session that was not used stays unused', async () => {
  const handler = sessions.wrap((_, session) => {
    discardChanges(session)
    return new Response('failed')
  })
  expect([...(await handler(request())).headers.keys()]).toEqual(['content-type'])
})

test('a committed session is left as it is', async () => {
  const session = await sessions.open(null)
  session.set('user', 'ada')
  const lines = await sessions.setCookies(session)
  discardChanges(session)
  expect(await sessions.setCookies(session)).toEqual(lines)
})
