// Cookie names, parts of a session, and how browsers and clients treat them. Rows E1 to E14 of
// threats.md.

import * as fc from 'fast-check'
import { Cookie } from 'tough-cookie'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CookieOptions, Session } from 'sealed-session'
import { alter } from '../support/alterations.ts'
import {
  ENGINES,
  THREE_COOKIES,
  expectNothing,
  refusedOption,
  setUpAttack,
  useEngine,
  watchCrypto,
} from '../support/attacks.ts'
import { createJar } from '../support/cookie-jar.ts'
import {
  NAME,
  SECRET,
  START,
  WEEK,
  dayOf,
  mint,
  mintAt,
  payload,
  secretId,
} from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

const TODAY = dayOf(START)

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('E1: a count from the client allocates nothing, and only received cookies are deleted', async () => {
    const { sessions } = setUpAttack()
    const beginning = `AAAA.${TODAY}.${'A'.repeat(16)}.`
    const namesAfterWrite = async (session: Session<Data>) => {
      session.set('user', 'ada')
      return (await sessions.setCookies(session)).map((line) => line.split('=', 1).join())
    }
    for (const count of ['17', '999', '999999', '999999999999999']) {
      const session = await sessions.open(
        `${NAME}=${count}.${beginning}; ${NAME}.3=x; ${NAME}.99=x`,
      )
      expectNothing(session, 'too-large')
      expect(await namesAfterWrite(session)).toEqual([NAME, `${NAME}.3`])
    }
    const twins = await sessions.open(`${NAME}=16.${beginning}; ${`${NAME}.1=x; `.repeat(50_000)}`)
    expectNothing(twins, 'incomplete')
    expect(await namesAfterWrite(twins)).toEqual([NAME, `${NAME}.1`])
  })

  test('E1: a secret id of digits is not read as a count, nor a count as a secret id', async () => {
    for (const id of ['2', '16', '17', '9999999999999999']) {
      const secrets = [{ secret: SECRET, id }]
      const { cookieWith, sessions } = setUpAttack({ secrets, limits: THREE_COOKIES })
      for (const size of [1, 190]) {
        const cookie = await cookieWith({ text: 'x'.repeat(size) })
        expect((await sessions.open(cookie)).get('text')).toBe('x'.repeat(size))
      }
    }
  })

  test('E2: cookies whose names only begin like ours are not ours', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const token = cookie.slice(NAME.length + 1)
    const names = [
      '2',
      '-old',
      '.',
      '.0',
      '.00',
      '.01',
      '.16',
      '.1.1',
      '.xx',
      '.X',
      '.tt',
      '.T',
      '.1 ',
      ' ',
      '[1]',
      '_1',
    ]
    for (const suffix of names) {
      const session = await sessions.open(`${NAME}${suffix}=${token}`)
      expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
      expect((await sessions.open(`${NAME}${suffix}=junk; ${cookie}`)).get('user')).toBe('ada')
    }
    for (const name of [NAME.toLowerCase(), NAME.toUpperCase(), `x${NAME}`, 'session']) {
      expect((await sessions.open(`${name}=${token}`)).rejection).toBeUndefined()
    }
  })

  test('E3: after any sequence of sizes the browser has only the last write', async () => {
    const { sessions } = setUpAttack({ limits: THREE_COOKIES })
    const sizes = fc.array(fc.integer({ min: 0, max: 1200 }), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(sizes, async (sequence) => {
      const jar = createJar()
      for (const size of sequence) {
        const request = jar.request()
        ;(await sessions.open(request)).set('text', 'x'.repeat(size))
        const response = await sessions.commit(request, new Response())
        jar.store(response)
        expect((await sessions.open(jar.request())).toJSON()).toEqual({ text: 'x'.repeat(size) })
        const lines = response.headers.getSetCookie()
        const written = lines.filter((line) => !line.includes('Max-Age=0'))
        if (lines.length > 0) expect(jar.names()).toHaveLength(written.length)
      }
    })
    await fc.assert(property, { numRuns: 60 })
  })

  test('E4: of the same cookie twice the newest valid one wins, in any order', async () => {
    const { sessions } = setUpAttack()
    const older = mintAt({ startedAt: START - 50 }, { data: { user: 'older' } })
    const newer = mintAt({ startedAt: START - 10 }, { data: { user: 'newer' } })
    const foreign = mint(payload({ data: { user: 'foreign' } }), { name: 'other' })
    const junk = 'tossed'
    const openAll = (values: readonly string[]) =>
      sessions.open(values.map((value) => `${NAME}=${value}`).join('; '))
    expect((await openAll([older, newer])).get('user')).toBe('newer')
    expect((await openAll([newer, older])).get('user')).toBe('newer')
    expect((await openAll([junk, older, foreign])).get('user')).toBe('older')
    expect((await openAll([foreign, junk, junk, newer])).get('user')).toBe('newer')
    expectNothing(await openAll([foreign, junk]), 'undecryptable')
    expectNothing(await openAll([junk, foreign]), 'malformed')
  })

  test('E4: parts of two sessions are never mixed, and the work is bounded', async () => {
    const limits = THREE_COOKIES
    const one = (await setUpAttack({ limits }).cookieWith({ text: 'a'.repeat(190) })).split('; ')
    const two = (await setUpAttack({ limits }).cookieWith({ text: 'b'.repeat(190) })).split('; ')
    const { sessions } = setUpAttack({ limits })
    const whole = (session: Session<Data>) => /^(a{190}|b{190})$/.test(String(session.get('text')))
    expect(whole(await sessions.open([...one, ...two].join('; ')))).toBe(true)
    expect(whole(await sessions.open([...two, ...one].join('; ')))).toBe(true)
    for (const mix of [
      [one[0], two[1], one[2]],
      [one[0], one[1], two[2]],
      [two[0], one[1], one[2]],
    ]) {
      expectNothing(await sessions.open(mix.join('; ')), 'undecryptable')
    }
    const { decryptions } = watchCrypto()
    const many = Array.from({ length: 200 }, (_, index) => alter(one[index % 3] ?? ''))
    expect((await sessions.open(many.join('; '))).isEmpty).toBe(true)
    expect(decryptions()).toBeLessThanOrEqual(4)
  })

  test('E5: only space and tab are trimmed; a name is compared byte for byte', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    for (const blank of ['', ' ', '\t', ' \t ']) {
      expect((await sessions.open(`a=1;${blank}${cookie}${blank};b=2`)).get('user')).toBe('ada')
    }
    const unicode = [
      '\u00a0',
      '\u1680',
      '\u2003',
      '\u2028',
      '\u202f',
      '\u3000',
      '\ufeff',
      '\u0085',
      '\v',
      '\f',
    ]
    for (const blank of [...unicode, '\n', '\r', '\u0000', '\u200b']) {
      const before = await sessions.open(`${blank}${cookie}`)
      expect([before.isEmpty, before.rejection]).toEqual([true, undefined])
      const between = await sessions.open(cookie.replace('=', `${blank}=`))
      expect([between.isEmpty, between.rejection]).toEqual([true, undefined])
      expectNothing(await sessions.open(`${cookie}${blank}`), 'malformed')
    }
    const spaced = await sessions.open(cookie.replace('=', ' ='))
    expect([spaced.isEmpty, spaced.rejection]).toEqual([true, undefined])
  })

  test('E6: a percent-encoded name is not ours, and no value is decoded', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    for (const name of [
      '%5F%5FHost-session',
      '__Host%2Dsession',
      '__Host-sessio%6E',
      '+__Host-session',
    ]) {
      const session = await sessions.open(cookie.replace(NAME, name))
      expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
    }
    expectNothing(await sessions.open(cookie.replaceAll('.', '%2E')), 'malformed')
  })

  test('E7: quotes, versions, nameless cookies and empty pairs are harmless', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const token = cookie.slice(NAME.length + 1)
    const harmless = [
      `$Version=1; ${cookie}; $Path=/; $Domain=example.test`,
      `;;;${cookie};;;`,
      `=; ${cookie}; =x`,
      `a="1; ${cookie}`,
      `a="; ${cookie}; b="`,
      `name; ${cookie}; value`,
      `=${NAME}=junk; ${cookie}`,
    ]
    for (const header of harmless) expect((await sessions.open(header)).get('user')).toBe('ada')
    for (const header of [
      `=${NAME}=${token}`,
      `==${NAME}=${token}`,
      `a="; ${NAME} ${token}"`,
      NAME,
    ]) {
      expect((await sessions.open(header)).isEmpty).toBe(true)
    }
    expectNothing(await sessions.open(`${NAME}="${token}"`), 'malformed')
  })

  // A quadratic parser takes minutes, and fails by the timeout.
  test('E8: a header of two megabytes is read in linear time', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const units = [
      ';',
      '=',
      ' ',
      '\t',
      '; ',
      '=;',
      '"',
      '%',
      NAME,
      `${NAME};`,
      `${NAME}.`,
      'a=b;',
      `${NAME}.1=`,
    ]
    for (const unit of units) {
      const header = `${unit.repeat(2_000_000 / unit.length)};${cookie}`
      const session = await sessions.open(header)
      expect([unit, session.get('user')]).toEqual([unit, 'ada'])
    }
  })

  test('E9: cookies with the names of inherited members are ordinary cookies', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0']
    const others = names.map((name) => `${name}=x`).join('; ')
    expect((await sessions.open(`${others}; ${cookie}; ${others}`)).get('user')).toBe('ada')
    for (const name of names) {
      const named = setUpAttack({ cookie: { name } })
      const jar = await named.cookieWith({ user: name })
      expect(jar.startsWith(`${name}=${secretId()}.`)).toBe(true)
      expect((await named.sessions.open(`${others}; ${jar}`)).get('user')).toBe(name)
    }
    expect(Reflect.get({}, 'x')).toBeUndefined()
  })

  test('E10: a name, path or domain that could begin another attribute is rejected', () => {
    const inject = [
      ';',
      '\r\n',
      '\n',
      ',\r',
      '\u0000',
      '; Secure',
      '\u007f',
      'é',
      '\u2028',
      '\u{1f98a}',
    ]
    for (const text of inject) {
      expect(refusedOption({ secrets: SECRET, cookie: { name: `a${text}b` } })).toBe('cookie.name')
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', path: `/a${text}b` } })).toBe(
        'cookie.path',
      )
      const domain = `a${text}b.test`
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', domain } })).toBe(
        'cookie.domain',
      )
    }
    for (const name of [
      '',
      ' ',
      'a b',
      'a=b',
      'a,b',
      '"a"',
      'a.1',
      'a.t',
      'a.x',
      'x'.repeat(65),
      5,
      null,
    ]) {
      const refused = refusedOption({ secrets: SECRET, cookie: { name } })
      if (name !== null) expect(refused).toBe('cookie.name')
    }
    for (const path of ['', 'a', 'http://x/', '/a ', 5, `/${'x'.repeat(2000)}`]) {
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', path } })).toBe('cookie.path')
    }
    for (const domain of ['', '.example.test', 'a..b', 'a:80', '127.0.0.1', '-a.test', 'a b', 5]) {
      expect(refusedOption({ secrets: SECRET, cookie: { name: 'a', domain } })).toBe(
        'cookie.domain',
      )
    }
  })

  test('E10: a parser reads exactly the options from the line', async () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
    const property = fc.asyncProperty(
      fc.stringMatching(/^[!#$%&'*+\-^_`|~0-9A-Za-z]{1,40}$/),
      fc.stringMatching(/^\/[\x21-\x3a\x3d-\x7e]{0,40}$/),
      fc.tuple(label, fc.constant('test')).map((labels) => labels.join('.')),
      fc.constantFrom('lax', 'strict', 'none'),
      fc.constantFrom('low', 'medium', 'high', undefined),
      fc.boolean(),
      async (name, path, domain, sameSite, priority, persistent) => {
        fc.pre(!/^__(host|secure|http)-/i.test(name))
        const cookie: CookieOptions = { name, path, domain, sameSite, priority, persistent }
        const { sessions } = setUpAttack({ cookie })
        const session = await sessions.open(null)
        session.set('a', 1)
        const [line = '', ...more] = await sessions.setCookies(session)
        expect(more).toEqual([])
        const parsed = Cookie.parse(line)
        expect(parsed).toMatchObject({
          key: name,
          path,
          domain,
          sameSite,
          secure: true,
          httpOnly: true,
        })
        expect(parsed?.maxAge).toBe(persistent ? WEEK : null)
        const left = line
          .split('; ')
          .slice(1)
          .map((attribute) => attribute.split('=', 1).join())
        const expected = ['Path', 'Domain', 'SameSite', 'Secure', 'HttpOnly']
        if (persistent) expected.push('Max-Age')
        if (priority !== undefined) expected.push('Priority')
        expect(left.toSorted()).toEqual(expected.toSorted())
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })

  test('E11: attributes with which browsers would drop the cookie are a configuration error', () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ name: '__Host-a', path: '/app' }, 'cookie.path'],
      [{ name: '__Host-a', domain: 'example.test' }, 'cookie.domain'],
      [{ name: '__Host-a', secure: false }, 'cookie.secure'],
      [{ name: '__host-a', secure: false }, 'cookie.secure'],
      [{ name: '__HOST-a', path: '/app' }, 'cookie.path'],
      [{ name: '__Secure-a', secure: false }, 'cookie.secure'],
      [{ name: '__sEcUrE-a', secure: false }, 'cookie.secure'],
      [{ path: '/app' }, 'cookie.path'],
      [{ domain: 'example.test' }, 'cookie.domain'],
      [{ secure: false }, 'cookie.secure'],
      [{ name: 'a', sameSite: 'none', secure: false }, 'cookie.secure'],
      [{ name: 'a', partitioned: true, secure: false }, 'cookie.secure'],
      [{ name: 'a', sameSite: 'None' }, 'cookie.sameSite'],
      [{ name: 'a', sameSite: false }, 'cookie.sameSite'],
      [{ name: 'a', secure: 'false' }, 'cookie.secure'],
      [{ name: 'a', httpOnly: false }, 'cookie.httpOnly'],
      [{ name: 'a', maxAge: 5 }, 'cookie.maxAge'],
    ]
    for (const [cookie, option] of wrong)
      expect(refusedOption({ secrets: SECRET, cookie })).toBe(option)
  })

  test('E12: a session that does not fit is rejected before anything is written', async () => {
    const { sessions } = setUpAttack()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(50_000))
    const response = new Response('page', { headers: { 'set-cookie': 'own=1' } })
    const commit = sessions.commit(session, response)
    await expect(commit).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect(response.headers.getSetCookie()).toEqual(['own=1'])
    expect(response.headers.get('vary')).toBeNull()
  })

  test('E12: other cookies that leave no room make the write of a changed session an error, and nothing else', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const headers = { cookie: `${await cookieWith({ user: 'ada' })}; other=${'x'.repeat(7168)}` }
    const request = () => new Request('https://example.test/', { headers })
    const change = sessions.wrap((_, session) => {
      session.set('user', 'grace')
      return new Response()
    })
    await expect(change(request())).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    const read = sessions.wrap((_, session) => new Response(String(session.get('user'))))
    expect(await (await read(request())).text()).toBe('ada')
    const logOut = sessions.wrap((_, session) => {
      session.destroy()
      return new Response()
    })
    expect((await logOut(request())).headers.getSetCookie()).toHaveLength(2)
  })

  test("E13: every cookie has a line of its own, and the application's own are kept", async () => {
    const { sessions } = setUpAttack({ limits: THREE_COOKIES })
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(190))
    const response = new Response(null, { status: 204 })
    response.headers.append('Set-Cookie', 'own=1; Expires=Thu, 01 Jan 2032 00:00:00 GMT')
    response.headers.append('Set-Cookie', 'other=2')
    const { headers } = await sessions.commit(session, response)
    const lines = headers.getSetCookie()
    expect(lines.slice(0, 2)).toEqual(['own=1; Expires=Thu, 01 Jan 2032 00:00:00 GMT', 'other=2'])
    expect(lines).toHaveLength(5)
    for (const line of lines.slice(2)) expect(line.match(/__Host-session/g)).toHaveLength(1)
  })

  test('E14: the parts may be in either of two Cookie headers', async () => {
    const { sessions, cookieWith } = setUpAttack({ limits: THREE_COOKIES })
    const [one = '', two = '', three = ''] = (await cookieWith({ text: 'x'.repeat(190) })).split(
      '; ',
    )
    const headers = new Headers()
    headers.append('cookie', `${two}; a=1`)
    headers.append('cookie', `${three}; ${one}`)
    for (const source of [
      headers,
      { headers: { cookie: [two, `${one}; ${three}`] } },
      { headers: {}, cookies: [three, two, one] },
    ]) {
      expect((await sessions.open(source)).get('text')).toBe('x'.repeat(190))
    }
  })
})
