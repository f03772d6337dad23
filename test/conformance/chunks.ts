// A session that grows and shrinks over several cookies.

import { parseLine } from './browser.ts'
import { check, equal } from './check.ts'
import type { Check } from './check.ts'
import { mint } from './mint.ts'
import { createScene, filler, NAME, SECRET } from './scene.ts'

const LIMITS = { limits: 'cloudflare' as const }

export const chunks: readonly Check[] = [
  check('a session grows from one cookie to four and shrinks to two and one', async (library) => {
    const { visit, look, browser } = createScene(library, LIMITS)
    const sizes: [number, number][] = [
      [100, 1],
      [11_500, 4],
      [4500, 2],
      [2000, 1],
    ]
    for (const [bytes, count] of sizes) {
      await visit((session) => session.set('text', filler(bytes)))
      equal(browser.cookies.size, count, `cookies for ${bytes} bytes`)
      equal((await look()).get('text'), filler(bytes))
    }
  }),

  check('a leftover part is deleted with the attributes it was set with', async (library) => {
    const cookie = { name: 'sid', path: '/app', domain: 'example.com', partitioned: true }
    const { visit } = createScene(library, { limits: 'chips', cookie })
    await visit((session) => session.set('text', filler(4500)))
    const response = await visit((session) => session.set('text', 'short'))
    const lines = response.headers.getSetCookie().map(parseLine)
    equal(
      lines.map(({ name }) => name),
      ['sid', 'sid.1'],
    )
    equal(lines[1]?.value, '')
    equal(lines[1]?.attributes.toSorted(), [
      'Domain=example.com',
      'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'HttpOnly',
      'Max-Age=0',
      'Partitioned',
      'Path=/app',
      'SameSite=Lax',
      'Secure',
    ])
  }),

  check('no cookie is longer than browsers store', async (library) => {
    const { visit } = createScene(library, LIMITS)
    for (const bytes of [2900, 3000, 3100, 9000]) {
      const response = await visit((session) => session.set('text', filler(bytes)))
      for (const line of response.headers.getSetCookie()) {
        const { name, value } = parseLine(line)
        equal(name.length + value.length <= 4096, true, `${name.length + value.length} bytes`)
      }
    }
  }),

  check('parts may be in any order', async (library) => {
    const { visit, sessions, browser } = createScene(library, LIMITS)
    await visit((session) => session.set('text', filler(9000)))
    const pairs = browser.header().split('; ').toReversed()
    equal((await sessions.open(pairs.join('; '))).get('text'), filler(9000))
  }),

  check('a session without one of its parts is incomplete', async (library) => {
    const { visit, look, browser } = createScene(library, LIMITS)
    await visit((session) => session.set('text', filler(9000)))
    const whole = new Map(browser.cookies)
    for (const name of whole.keys()) {
      browser.cookies.delete(name)
      equal((await look()).rejection?.reason, 'incomplete', name)
      for (const [other, value] of whole) browser.cookies.set(other, value)
    }
    equal((await look()).get('text'), filler(9000))
  }),

  check('parts of two sessions are not joined', async (library) => {
    const { visit, look, browser } = createScene(library, LIMITS)
    await visit((session) => session.set('text', filler(9000)))
    const old = browser.cookies.get(`${NAME}.1`) ?? ''
    await visit((session) => session.set('text', filler(8990)))
    browser.cookies.set(`${NAME}.1`, old)
    equal((await look()).rejection?.reason, 'undecryptable')
  }),

  check('of two cookies of one name the newest valid session opens', async (library) => {
    const { visit, sessions, at, browser } = createScene(library)
    await visit((session) => session.set('user', 'old'))
    const old = browser.header()
    at(10)
    await visit((session) => session.set('user', 'new'))
    const fresh = browser.header()
    const garbage = `${NAME}=garbage`
    for (const header of [
      [old, fresh],
      [fresh, old],
      [garbage, old, fresh],
    ]) {
      equal((await sessions.open(header.join('; '))).get('user'), 'new')
    }
  }),

  check('an invalid count is rejected by its value', async (library) => {
    const { sessions } = createScene(library)
    const value = await mint()
    const counts: [string, string][] = [
      ['0', 'malformed'],
      ['1', 'malformed'],
      ['02', 'malformed'],
      ['2', 'incomplete'],
      ['17', 'too-large'],
      ['9999', 'too-large'],
      ['9'.repeat(17), 'malformed'],
    ]
    for (const [count, reason] of counts) {
      const session = await sessions.open(`${NAME}=${count}.${value}`)
      equal(session.rejection?.reason, reason, count)
    }
  }),

  check('a number that no secret id, day and IV follow is no count', async (library) => {
    const { sessions } = createScene(library)
    const [id = '', day = '', iv = '', ...rest] = (await mint()).split('.')
    const beginnings: [string, string][] = [
      ['2.', [id, day, iv, ...rest].join('.')],
      [`2.${id}.`, [day, iv, ...rest].join('.')],
      [`2.${id}.${day}.${iv.slice(0, 15)}`, [iv.slice(15), ...rest].join('.')],
      [`2.${id}.${day}.${iv}`, ['', ...rest].join('.')],
    ]
    for (const [first, second] of beginnings) {
      const session = await sessions.open(`${NAME}=${first}; ${NAME}.1=${second}`)
      equal(session.rejection?.reason, 'malformed', first)
    }
    const first = `2.${id}.${day}.${iv}.`
    const session = await sessions.open(`${NAME}=${first}; ${NAME}.1=${rest.join('.')}`)
    equal(session.get('user'), 'ada')
  }),

  check('a session with a secret id of digits is split and joined', async (library) => {
    const secrets = [{ secret: SECRET, id: '16' }]
    const { visit, look, browser } = createScene(library, { ...LIMITS, secrets })
    for (const [bytes, count] of [
      [100, 1],
      [4500, 2],
      [11_500, 4],
    ] as const) {
      await visit((session) => session.set('text', filler(bytes)))
      equal(browser.cookies.size, count, `cookies for ${bytes} bytes`)
      equal((await look()).get('text'), filler(bytes))
    }
  }),
]
