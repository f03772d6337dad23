import { parseSetCookie } from 'cookie'
import fc from 'fast-check'
import { Cookie, CookieJar } from 'tough-cookie'
import { describe, expect, test } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import type { ResolvedCookieOptions } from '../../../src/cookies/cookie-options.ts'
import { deleteCookie, writeCookie } from '../../../src/cookies/request-cookies.ts'
import { refusal } from '../../support/refusal.ts'

const DEFAULTS = {
  name: '__Host-session',
  path: '/',
  domain: undefined,
  secure: true,
  sameSite: 'lax',
  partitioned: false,
  priority: undefined,
  persistent: true,
}

/** A named cookie, to which everything may be added. */
const named = (more: object) => resolveCookieOptions({ name: 'session', ...more })

describe('the cookie option', () => {
  test.each([[undefined], [{}], [{ name: undefined, domain: undefined, priority: undefined }]])(
    'has safe defaults for all that is left out',
    (option) => {
      expect(resolveCookieOptions(option)).toEqual(DEFAULTS)
    },
  )

  test.each([null, 'session', 5, true, [], () => ({})])('must be an object', (option) => {
    expect(() => resolveCookieOptions(option)).toThrow(refusal('cookie'))
  })

  test.each(['httpOnly', 'maxAge', 'expires', 'samesite', 'Secure', 'toString'])(
    'has no member %s',
    (stranger) => {
      expect(() => named({ [stranger]: true })).toThrow(refusal(`cookie.${stranger}`))
    },
  )

  test('is frozen once it is checked', () => {
    expect(Object.isFrozen(resolveCookieOptions())).toBe(true)
  })

  test('is not read again: changing the object given changes nothing', () => {
    const given = { name: 'session', path: '/app' }
    const settings = resolveCookieOptions(given)
    given.path = '/; Domain=evil.example'
    expect(settings.path).toBe('/app')
  })
})

describe('name', () => {
  test.each([
    ['one character', 's'],
    ['64 characters', 'n'.repeat(64)],
    ['every character of a token', "!#$%&'*+-.^_`|~09AZaz"],
    ['a dot and what is no number', 'session.1a'],
    ['a number without a dot', 'session1'],
    ['what is an object member everywhere', '__proto__'],
  ])('may be %s', (_, name) => {
    expect(resolveCookieOptions({ name }).name).toBe(name)
  })

  test.each([
    ['empty', ''],
    ['of 65 characters', 'n'.repeat(65)],
    ['no text', 5],
    ['a list', ['session']],
    ['with a semicolon', 'session;Domain=evil.example'],
    ['with a comma', 'session,other'],
    ['with an equals sign', 'session=x'],
    ['with a carriage return', 'session\r'],
    ['with a line feed', 'session\n'],
    ['with a whole header injected', 'a\r\nSet-Cookie: b'],
    ['with NUL', 'session\0'],
    ['with DEL', 'session\x7f'],
    ['with a tab', 'ses\tsion'],
    ['with a blank at the end', 'session '],
    ['with a quote', '"session"'],
    ['with a bracket', 'session[a]'],
    ['with a character beyond ASCII', 'séssion'],
    ['with a blank of Unicode', 'session\u00a0'],
    ['that of the second part', 'session.1'],
    ['that of a part there cannot be', 'session.99'],
    ['that of a mark', 'session.x'],
  ])('must not be %s', (_, name) => {
    expect(() => resolveCookieOptions({ name })).toThrow(refusal('cookie.name'))
  })
})

describe('path', () => {
  test.each(['/', '/app', '/a b', '/a,b', '/a=b', '/a"b', `/${'p'.repeat(1023)}`])(
    'may be %j',
    (path) => {
      expect(named({ path }).path).toBe(path)
    },
  )

  test.each([
    ['empty', ''],
    ['relative', 'app'],
    ['an address', 'https://example.com/'],
    ['of 1 025 characters', `/${'p'.repeat(1024)}`],
    ['no text', 5],
    ['with a semicolon', '/; Domain=evil.example'],
    ['with a carriage return', '/\rX: y'],
    ['with a line feed', '/\nX: y'],
    ['with a line feed at the end', '/\n'],
    ['with NUL', '/\0'],
    ['with DEL', '/\x7f'],
    ['with a tab', '/\t'],
    ['with a blank at the end, which parsers cut', '/a '],
    ['with a character beyond ASCII', '/é'],
    ['with <, which the serialiser would refuse at every response', '/a<b'],
    ['an object without a text of its own', Object.create(null)],
  ])('must not be %s', (_, path) => {
    expect(() => named({ path })).toThrow(refusal('cookie.path'))
  })
})

describe('domain', () => {
  const ofLength = (length: number) =>
    `${`${'d'.repeat(63)}.`.repeat(3)}${'d'.repeat(length - 192)}`

  test.each(['example.com', 'a.b.c.example', 'localhost', 'EXAMPLE.com', '1.example', 'xn--4ca.a'])(
    'may be %s',
    (domain) => {
      expect(named({ domain }).domain).toBe(domain)
    },
  )

  test('may have 253 characters', () => {
    expect(named({ domain: ofLength(253) }).domain).toHaveLength(253)
    expect(() => named({ domain: ofLength(254) })).toThrow(refusal('cookie.domain'))
    expect(() => named({ domain: `${'d'.repeat(64)}.example` })).toThrow(refusal('cookie.domain'))
  })

  test.each([
    ['empty', ''],
    ['null', null],
    ['no text', 5],
    ['with a leading dot', '.example.com'],
    ['with a dot at the end', 'example.com.'],
    ['with an empty label', 'example..com'],
    ['with a label that begins with a hyphen', '-a.example'],
    ['with a label that ends with a hyphen', 'a-.example'],
    ['with a port', 'example.com:443'],
    ['with a scheme', 'https://example.com'],
    ['with a path', 'example.com/'],
    ['an IPv4 address', '127.0.0.1'],
    ['an IPv6 address', '[::1]'],
    ['a bare IPv6 address', '::1'],
    ['a wildcard', '*.example.com'],
    ['with an underscore', 'my_app.example'],
    ['with a semicolon', 'example.com; Path=/'],
    ['with a comma', 'example.com,evil.example'],
    ['with a carriage return', 'example.com\r'],
    ['with a line feed', 'example.com\n'],
    ['with NUL', 'example.com\0'],
    ['with a blank', 'example .com'],
    ['not in its ASCII form', 'bücher.example'],
  ])('must not be %s', (_, domain) => {
    expect(() => named({ domain })).toThrow(refusal('cookie.domain'))
  })
})

describe('the flags and words', () => {
  test.each(['secure', 'partitioned', 'persistent'])('%s is true or false only', (flag) => {
    expect(named({ [flag]: true })).toHaveProperty(flag, true)
    expect(named({ [flag]: false })).toHaveProperty(flag, false)
    for (const value of ['true', 'false', '', 0, 1, null, {}]) {
      expect(() => named({ [flag]: value })).toThrow(refusal(`cookie.${flag}`))
    }
  })

  test.each([
    ['sameSite', ['lax', 'strict', 'none']],
    ['priority', ['low', 'medium', 'high']],
  ])('%s is one of its words, in lower case', (option, words) => {
    for (const word of words) expect(named({ [option]: word })).toHaveProperty(option, word)
    for (const value of ['Lax', 'LOW', 'strict; Domain=evil.example', '', true, false, 5, {}]) {
      expect(() => named({ [option]: value })).toThrow(refusal(`cookie.${option}`))
    }
  })
})

describe('what browsers would drop', () => {
  test.each(['__Host-s', '__host-s', '__HOST-s', '__hOsT-s', '__Host-Http-s'])(
    'is refused for the prefix of %s in any case',
    (name) => {
      expect(resolveCookieOptions({ name, path: '/', secure: true }).name).toBe(name)
      expect(() => resolveCookieOptions({ name, secure: false })).toThrow(refusal('cookie.secure'))
      expect(() => resolveCookieOptions({ name, domain: 'example.com' })).toThrow(
        refusal('cookie.domain'),
      )
      expect(() => resolveCookieOptions({ name, path: '/app' })).toThrow(refusal('cookie.path'))
    },
  )

  test('is refused for the default name, too', () => {
    expect(() => resolveCookieOptions({ secure: false })).toThrow(refusal('cookie.secure'))
    expect(() => resolveCookieOptions({ domain: 'example.com' })).toThrow(refusal('cookie.domain'))
    expect(() => resolveCookieOptions({ path: '/app' })).toThrow(refusal('cookie.path'))
  })

  test.each(['__Secure-s', '__secure-s', '__SECURE-s', '__Http-s', '__http-s'])(
    'is refused for %s without Secure, and nothing else is',
    (name) => {
      expect(resolveCookieOptions({ name, domain: 'example.com', path: '/app' }).secure).toBe(true)
      expect(() => resolveCookieOptions({ name, secure: false })).toThrow(refusal('cookie.secure'))
    },
  )

  test('is SameSite=None or Partitioned without Secure', () => {
    expect(named({ sameSite: 'none', partitioned: true }).secure).toBe(true)
    expect(named({ secure: false, sameSite: 'strict' }).secure).toBe(false)
    expect(() => named({ secure: false, sameSite: 'none' })).toThrow(refusal('cookie.secure'))
    expect(() => named({ secure: false, partitioned: true })).toThrow(refusal('cookie.secure'))
  })

  test('is not a name that only looks like a prefix', () => {
    for (const name of ['_Host-s', 'a__Host-s', '__Hosts', '__Secure']) {
      expect(resolveCookieOptions({ name, secure: false, path: '/app' }).name).toBe(name)
    }
  })
})

describe('whatever is accepted', () => {
  const token = (unit: string, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...unit), minLength: 1, maxLength })
  const anything = fc.record(
    {
      name: fc.oneof(
        token("!#$%&'*+-.^_`|~019AZaxz", 20),
        token('hostHOST', 6).map((text) => `__Host-${text}`),
      ),
      path: fc.oneof(
        fc.constant('/'),
        fc.string({ maxLength: 30, unit: 'binary-ascii' }).map((text) => `/${text}`),
      ),
      domain: token('abz019.-', 20),
      secure: fc.boolean(),
      sameSite: fc.constantFrom('lax', 'strict', 'none'),
      partitioned: fc.boolean(),
      priority: fc.constantFrom('low', 'medium', 'high'),
      persistent: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  const accepted = anything
    .map(resolved)
    .filter((settings): settings is ResolvedCookieOptions => settings !== undefined)

  test('parses back to exactly itself, by two parsers', () => {
    fc.assert(
      fc.property(accepted, fc.integer({ min: 1, max: 9e6 }), (settings, maxAge) => {
        const line = writeCookie(settings, settings.name, 'v4lue', maxAge)
        const { persistent, partitioned, domain, priority, ...rest } = settings
        expect(parseSetCookie(line)).toEqual({
          ...rest,
          value: 'v4lue',
          httpOnly: true,
          ...(persistent ? { maxAge } : {}),
          ...(partitioned ? { partitioned } : {}),
          ...(domain === undefined ? {} : { domain }),
          ...(priority === undefined ? {} : { priority }),
          secure: settings.secure ? true : undefined,
        })
        const cookie = Cookie.parse(line)
        expect(cookie).toMatchObject({
          key: settings.name,
          value: 'v4lue',
          path: settings.path,
          domain: domain === undefined ? null : domain.toLowerCase(),
          secure: settings.secure,
          httpOnly: true,
          sameSite: settings.sameSite,
          maxAge: persistent ? maxAge : null,
        })
      }),
      { numRuns: 300 },
    )
  })

  test('is deleted with the attributes it was set with', () => {
    fc.assert(
      fc.property(accepted, (settings) => {
        const { maxAge, ...set } = parseSetCookie(writeCookie(settings, settings.name, '', 60))
        expect(maxAge).toBe(settings.persistent ? 60 : undefined)
        expect(parseSetCookie(deleteCookie(settings, settings.name))).toEqual({
          ...set,
          maxAge: 0,
          expires: new Date(0),
        })
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    [undefined],
    [{ name: '__Secure-s', domain: 'example.com', path: '/app' }],
    [{ name: 's', sameSite: 'none', partitioned: true, priority: 'high', persistent: false }],
  ])('is kept by a jar with strict rules about prefixes, and leaves it', async (option) => {
    const settings = resolveCookieOptions(option)
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })
    const url = 'https://example.com/app'
    await jar.setCookie(writeCookie(settings, settings.name, 'v', 60), url)
    expect(await jar.getCookieString(url)).toBe(`${settings.name}=v`)
    await jar.setCookie(deleteCookie(settings, settings.name), url)
    expect(await jar.getCookieString(url)).toBe('')
  })
})

/** The settings, or nothing for what is refused, which always names an option of the cookie. */
function resolved(option: unknown): ResolvedCookieOptions | undefined {
  try {
    return resolveCookieOptions(option)
  } catch (error) {
    expect(error).toEqual(refusal(expect.stringMatching(/^cookie\.[a-zA-Z]+$/)))
    return undefined
  }
}

test.each([
  ['__Host-login', '"login"'],
  ['__Host-', '"session"'],
])('a name %s that its attributes forbid is given one without the prefix: %s', (name, other) => {
  expect(() => resolveCookieOptions({ name, secure: false })).toThrow(other)
  expect(resolveCookieOptions({ name: 'my__secure-name', secure: false }).name).toBe(
    'my__secure-name',
  )
})
