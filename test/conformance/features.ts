// The contents of a session beside its data: scopes, messages, the CSRF secret, the test cookie.

import { check, equal, holds } from './check.ts'
import type { Check } from './check.ts'
import { createScene } from './scene.ts'

export const features: readonly Check[] = [
  check('scopes have separate keys, nested ones too', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => {
      session.set('step', 'outer')
      session.scope('wizard').set('step', 'inner')
      session.scope('wizard').scope('page').set('step', 'innermost')
    })
    const session = await look()
    equal(session.toJSON(), { step: 'outer' })
    equal(session.scope('wizard').toJSON(), { step: 'inner' })
    equal(session.scope('wizard').scope('page').get('step'), 'innermost')
    await visit((again) => again.scope('wizard').clear())
    equal((await look()).scope('wizard').isEmpty, true)
    equal((await look()).get('step'), 'outer')
  }),

  check('a message is taken once, by the request after', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.flash('notice', 'saved'))
    await visit((session) => equal(session.flash('notice'), ['saved']))
    equal((await look()).flash('notice'), [])
    equal(browser.cookies.size, 0)
  }),

  check('messages keep their order, and peekFlash takes none', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => {
      session.flash('notice', 'first')
      session.flash('error', 'apart')
      session.flash('notice', 'second')
    })
    const response = await visit((session) => {
      equal(session.peekFlash('notice'), ['first', 'second'])
    })
    equal(response.headers.getSetCookie(), [])
    const session = await look()
    equal(session.flash('notice'), ['first', 'second'])
    equal([session.peekFlash('notice'), session.flash('error')], [[], ['apart']])
  }),

  check('the oldest of more than twenty messages are dropped', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => {
      for (let number = 1; number <= 25; number++) session.flash('notice', number)
    })
    equal(
      (await look()).flash('notice'),
      Array.from({ length: 20 }, (_, index) => index + 6),
    )
  }),

  check('a CSRF token differs at each call and is valid only for its session', async (library) => {
    const { visit, look } = createScene(library)
    const tokens: string[] = []
    await visit((session) => {
      tokens.push(session.csrfToken(), session.csrfToken())
    })
    const [one = '', other = ''] = tokens
    holds(one !== other, 'two calls, two tokens')
    const session = await look()
    equal([session.verifyCsrfToken(one), session.verifyCsrfToken(other)], [true, true])
    for (const wrong of [undefined, null, 7, '', one.slice(1), `${one}A`, 'A'.repeat(one.length)]) {
      equal(session.verifyCsrfToken(wrong), false)
    }
    const stranger = createScene(library)
    await stranger.visit((strange) => {
      strange.csrfToken()
      equal(strange.verifyCsrfToken(one), false)
    })
  }),

  check('the test cookie shows whether the browser stores cookies', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => {
      session.setTestCookie()
      equal(session.testCookieWorked(), false)
    })
    equal((await look()).testCookieWorked(), true)
    await visit((session) => session.deleteTestCookie())
    equal([(await look()).testCookieWorked(), browser.cookies.size], [false, 0])
  }),
]
