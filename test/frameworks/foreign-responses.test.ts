// Responses of other implementations than the platform's: the package undici, and node-fetch.

import { Response as NodeFetchResponse } from 'node-fetch'
import { Response as UndiciResponse } from 'undici'
import { expect, test } from 'vitest'
import { pairsOf } from '../support/cookie-jar.ts'
import { untyped } from '../support/mint.ts'
import { createTestSessions } from './application.ts'

const COOKIES = ['a=1; Expires=Thu, 01 Jan 2032 00:00:00 GMT', 'b=2']
const INIT = {
  status: 201,
  statusText: 'Made',
  headers: COOKIES.map((line) => ['Set-Cookie', line]),
}

const made: [string, () => Response][] = [
  ['undici', () => untyped(new UndiciResponse('text', untyped(INIT)))],
  ['node-fetch', () => untyped(new NodeFetchResponse('text', untyped(INIT)))],
]

test.each(made)(
  'L9: a Response of %s carries the session, returned or thrown',
  async (_, respond) => {
    const sessions = createTestSessions()
    for (const mode of ['returned', 'thrown']) {
      const handler = sessions.wrap((_request, session) => {
        session.set('message', mode)
        if (mode === 'thrown') throw respond()
        return respond()
      })
      const response = await handler(new Request('https://app.example/'))
      expect([response.status, response.statusText, await response.text()]).toEqual([
        201,
        'Made',
        'text',
      ])
      const lines = response.headers.getSetCookie()
      expect(lines.slice(0, -1)).toEqual(COOKIES)
      expect((await sessions.open(pairsOf(lines))).get('message')).toBe(mode)
    }
  },
)

test.each(made)('L9: a Response of %s whose body was read is an error', async (_, respond) => {
  const sessions = createTestSessions()
  const handler = sessions.wrap(async (_request, session) => {
    session.set('message', 'read')
    const response = respond()
    await response.text()
    return response
  })
  await expect(handler(new Request('https://app.example/'))).rejects.toMatchObject({
    code: 'ERR_SESSION_RESPONSE',
  })
})

test.each(made)(
  'L9: a Response of %s without a session in use is passed on',
  async (_, respond) => {
    const response = respond()
    expect(
      await createTestSessions().wrap(() => response)(new Request('https://app.example/')),
    ).toBe(response)
  },
)
