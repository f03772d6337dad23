// Mistakes of a programmer: each throws at once, with a code, and writes nothing.

import { check, equal, errorOf, holds } from './check.ts'
import type { Check } from './check.ts'
import { createScene, filler, SECRET } from './scene.ts'

export const failures: readonly Check[] = [
  check(
    'a secret that is missing, short, repeated or weak is rejected by option',
    async (library) => {
      const wrong: [string | string[] | undefined, string][] = [
        [undefined, 'secrets'],
        ['', 'secrets'],
        ['short', 'secrets'],
        ['a'.repeat(64), 'secrets'],
        [`"${SECRET}"`, 'secrets'],
        [[SECRET, SECRET], 'secrets[1]'],
      ]
      for (const [secrets, option] of wrong) {
        const { error, code } = await errorOf(() => library.createSessions({ secrets }))
        equal(code, 'ERR_SESSION_CONFIG')
        equal(error instanceof library.SessionConfigError && error.option, option)
        if (typeof secrets === 'string' && secrets !== '') {
          holds(!String(error).includes(SECRET), 'the message does not repeat the secret')
        }
      }
    },
  ),

  check('an option that browsers or the library cannot fulfil is rejected', async (library) => {
    const wrong: [object, string][] = [
      [{ maxAge: 1.5 }, 'maxAge'],
      [{ cookie: { secure: false } }, 'cookie.secure'],
      [{ cookie: { name: 'a b' } }, 'cookie.name'],
      [{ limits: 'nowhere' }, 'limits'],
      [{ lifetimes: { 'a b': {} } }, 'lifetimes.a b'],
      [{ lifetimes: { long: { maxAge: 0 } } }, 'lifetimes.long.maxAge'],
      [{ secretsGrace: -1 }, 'secretsGrace'],
      [{ unknown: 1 }, 'unknown'],
    ]
    for (const [options, option] of wrong) {
      const create = () => library.createSessions({ secrets: SECRET, ...options })
      const { error, code } = await errorOf(create)
      equal(code, 'ERR_SESSION_CONFIG')
      equal(error instanceof library.SessionConfigError && error.option, option)
    }
  }),

  check('a session that does not fit throws before any header is written', async (library) => {
    const { sessions, browser, visit, look } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const request = browser.request()
    const session = await sessions.open(request)
    session.set('cart', filler(6000))
    const response = new Response('ok')
    const before = [...response.headers]
    const { error, code } = await errorOf(() => sessions.commit(session, response))
    equal(code, 'ERR_SESSION_TOO_LARGE')
    equal(error instanceof library.SessionTooLargeError && error.report.move, ['cart'])
    equal([...response.headers], before)
    equal((await look()).toJSON(), { user: 'ada' })

    session.delete('cart')
    equal((await sessions.commit(session, response)).headers.getSetCookie(), [])
  }),

  check('a change after the commit is rejected', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    session.set('cart', ['tea'])
    await sessions.setCookies(session)
    const { error, code } = await errorOf(() => session.set('cart', []))
    equal(code, 'ERR_SESSION_COMMITTED')
    holds(error instanceof library.SessionError, 'every error of ours is a SessionError')

    const cart = session.get('cart')
    if (Array.isArray(cart)) cart.push('milk')
    equal((await errorOf(() => sessions.setCookies(session))).code, 'ERR_SESSION_COMMITTED')
  }),

  check('a meaningless argument is rejected when the method is called', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const calls: (() => unknown)[] = [
      () => Reflect.apply(session.destroy, session, [() => {}]),
      () => Reflect.apply(session.regenerate, session, [{ keep: 'user' }]),
      () => Reflect.apply(session.regenerate, session, [{ kep: ['user'] }]),
      () => Reflect.apply(session.regenerate, session, [{ lifetime: 'unknown' }]),
      () => Reflect.apply(sessions.commit, sessions, [new Response('ok'), session]),
    ]
    for (const call of calls) equal((await errorOf(call)).code, 'ERR_SESSION_CONFIG')
    equal(session.toJSON(), { user: 'ada' })
  }),

  check('a session of other sessions is rejected', async (library) => {
    const session = await createScene(library).sessions.open(null)
    const { code } = await errorOf(() => createScene(library).sessions.setCookies(session))
    equal(code, 'ERR_SESSION_CONFIG')
  }),

  check('a source without headers is rejected', async (library) => {
    const { sessions } = createScene(library)
    const source: object = { header: 'misspelt' }
    const { code } = await errorOf(() => Reflect.apply(sessions.open, undefined, [source]))
    equal(code, 'ERR_SESSION_CONFIG')
  }),

  check('a response that cannot carry cookies is rejected if there are some', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    const failed = Response.error()
    holds((await sessions.commit(session, failed)) === failed, 'nothing to write, nothing wrong')
    const other = await sessions.open(null)
    other.set('user', 'ada')
    equal((await errorOf(() => sessions.commit(other, failed))).code, 'ERR_SESSION_RESPONSE')
  }),
]
