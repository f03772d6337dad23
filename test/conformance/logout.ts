// The end of a session, also against requests that were in flight.

import { check, equal, holds } from './check.ts'
import type { Check } from './check.ts'
import { createScene, filler, NAME } from './scene.ts'

export const logout: readonly Check[] = [
  check('destroy deletes every cookie and leaves a mark', async (library) => {
    const { visit, look, browser } = createScene(library, { limits: 'node' })
    await visit((session) => session.set('text', filler(4500)))
    await visit((session) => session.destroy())
    equal([...browser.cookies], [[`${NAME}.x`, '1']])
    equal([(await look()).isEmpty, (await look()).rejection], [true, undefined])
  }),

  check('an old response that comes after the logout does not bring it back', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const old = browser.cookies.get(NAME) ?? ''
    await visit((session) => session.destroy())
    browser.cookies.set(NAME, old)
    equal((await look()).rejection?.reason, 'destroyed')
    await visit((session) => {
      session.get('user')
    })
    equal([...browser.cookies.keys()], [`${NAME}.x`])
  }),

  check('a write after destroy begins a new session', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const { id } = await look()
    await visit((session) => {
      session.destroy()
      session.set('message', 'Goodbye')
    })
    const session = await look()
    equal(session.toJSON(), { message: 'Goodbye' })
    holds(session.id !== id, 'the id is new')
  }),

  check('the login after a logout holds, and so does the second logout', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    await visit((session) => session.destroy())
    await visit((session) => session.set('user', 'ada'))
    const second = browser.cookies.get(NAME) ?? ''
    equal((await look()).get('user'), 'ada')
    await visit((session) => session.destroy())
    equal(browser.cookies.get(`${NAME}.x`), '2')
    browser.cookies.set(NAME, second)
    equal((await look()).rejection?.reason, 'destroyed')
  }),

  check('a forged mark ends nothing but its own session and breaks nothing', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    for (const mark of ['', '0', '-1', '01', '1e3', '9'.repeat(30), 'x', '1 2']) {
      browser.cookies.set(`${NAME}.x`, mark)
      equal((await look()).get('user'), 'ada', mark)
    }
    browser.cookies.set(`${NAME}.x`, '7')
    equal((await look()).rejection?.reason, 'destroyed')
  }),
]
