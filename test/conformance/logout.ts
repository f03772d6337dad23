// The end of a session, also with requests in flight.

import { check, equal, holds } from './check.ts'
import type { Check } from './check.ts'
import { createScene, filler, NAME } from './scene.ts'

const STAMP = `${NAME}.x`

export const logout: readonly Check[] = [
  check('destroy deletes every cookie, the ticket too, and leaves a stamp', async (library) => {
    const { visit, look, at, browser } = createScene(library, { limits: 'node' })
    await visit((session) => session.set('text', filler(4500)))
    at(60)
    await visit((session) => session.touch())
    equal([...browser.cookies.keys()], [NAME, `${NAME}.1`, `${NAME}.t`])
    await visit((session) => session.destroy())
    equal([...browser.cookies.keys()], [STAMP])
    holds(/^[\w-]{4}$/.test(browser.cookies.get(STAMP) ?? ''), 'a stamp has four characters')
    equal([(await look()).isEmpty, (await look()).rejection], [true, undefined])
  }),

  check(
    'an old response that arrives after the logout does not restore the session',
    async (library) => {
      const { visit, look, browser } = createScene(library)
      await visit((session) => session.set('user', 'ada'))
      const old = browser.cookies.get(NAME) ?? ''
      await visit((session) => session.destroy())
      browser.cookies.set(NAME, old)
      equal((await look()).rejection?.reason, 'destroyed')
      await visit((session) => {
        session.get('user')
      })
      equal([...browser.cookies.keys()], [STAMP])
    },
  ),

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
    const stamp = browser.cookies.get(STAMP)
    equal((await look()).get('user'), 'ada')
    await visit((session) => session.destroy())
    holds(browser.cookies.get(STAMP) !== stamp, 'a stamp of its own')
    browser.cookies.set(NAME, second)
    equal((await look()).rejection?.reason, 'destroyed')
  }),

  check('a cookie that is no stamp ends nothing', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    for (const value of [
      '',
      '0',
      '01',
      '1e3',
      '9'.repeat(30),
      'x',
      '1 2 ',
      'abc=',
      '\u00fc\u00fc',
    ]) {
      browser.cookies.set(STAMP, value)
      equal((await look()).get('user'), 'ada', value)
    }
  }),

  check('after any forged stamp, the next login and its logout hold', async (library) => {
    for (const tossed of ['9999', '____', 'AAAA', 'zzzz']) {
      const { visit, look, browser } = createScene(library)
      await visit((session) => session.set('user', 'ada'))
      browser.cookies.set(STAMP, tossed)
      equal((await look()).rejection?.reason, 'destroyed')
      await visit((session) => session.set('user', 'ada'))
      equal((await look()).get('user'), 'ada')
      const value = browser.cookies.get(NAME) ?? ''
      await visit((session) => session.destroy())
      browser.cookies.set(NAME, value)
      equal((await look()).rejection?.reason, 'destroyed')
    }
  }),

  check(
    'a flash message that does not fit after destroy is dropped, and the session ends',
    async (library) => {
      const { visit, look, browser } = createScene(library)
      await visit((session) => session.set('user', 'ada'))
      await visit((session) => {
        session.destroy()
        session.set('message', filler(9000))
      })
      equal([...browser.cookies.keys()], [STAMP])
      equal((await look()).isEmpty, true)
    },
  ),
]
