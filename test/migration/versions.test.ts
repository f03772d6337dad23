// The versions of an application, as docs/migrating.md prints them.

import type { Express } from 'express'
import { afterAll, describe, expect, test } from 'vitest'
import { createJar } from '../support/cookie-jar.ts'
import { app as after } from './versions/express.ts'
import { app as before } from './versions/express-old.ts'
import fetchVersion from './versions/fetch.ts'
import { write } from './writers/iron-session.ts'

const closing: (() => void)[] = []

afterAll(() => {
  for (const close of closing) close()
})

async function start(app: Express): Promise<string> {
  app.get('/login', (request, response) => {
    Object.assign(request.session, { user: 'ada', visits: 0 })
    response.end()
  })
  app.get('/visit', (request, response) => {
    const { session } = request
    Object.assign(session, { visits: Number(Reflect.get(session, 'visits')) + 1 })
    const { cookie: _cookie, ...data } = { ...session }
    response.json(data)
  })
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
    })
    // Never closes an idle connection that a client may be about to reuse.
    server.keepAliveTimeout = 0
    closing.push(() => server.close().closeAllConnections())
  })
}

describe('with Express', () => {
  test('a session moves over, back and over again', async () => {
    const origins = { old: await start(before), new: await start(after) }
    const browser = createJar()
    const visit = async (url: string): Promise<unknown> => {
      const response = await fetch(url, { headers: { cookie: browser.header() } })
      browser.store(response)
      const text = await response.text()
      return text === '' ? undefined : JSON.parse(text)
    }
    await visit(`${origins.old}/login`)
    expect(browser.names()).toEqual(['connect.sid'])
    const order = ['old', 'new', 'new', 'old', 'old', 'new'] as const
    for (const [index, version] of order.entries()) {
      expect(await visit(`${origins[version]}/visit`)).toEqual({ user: 'ada', visits: index + 1 })
    }
    expect(browser.names()).toEqual(['__Host-moved', '__Host-session', '__Host-session.x'])
  })
})

describe('with fetch', () => {
  test('a session moves over', async () => {
    const browser = createJar()
    browser.store(await write('', () => ({ user: 'ada', visits: 1 })))
    for (const visits of [2, 3]) {
      const response = await fetchVersion.fetch(browser.request())
      browser.store(response)
      expect(await response.json()).toEqual({ user: 'ada', visits })
    }
    expect(browser.names()).toEqual(['__Host-moved', '__Host-session'])
  })
})
