import { parseSetCookie } from 'cookie'
import fc from 'fast-check'
import { Cookie, CookieJar } from 'tough-cookie'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import type { CookieOptions, ResolvedCookieOptions } from '../../../src/cookies/cookie-options.ts'
import { deletion, formatSetCookie } from '../../../src/cookies/set-cookie.ts'
import { configError } from '../../support/errors.ts'

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

/** Options with a name that allows every attribute. */
const named = (more: object) => resolveCookieOptions({ name: 'session', ...more })

describe('the cookie option', () => {
  test.each([[undefined], [{}], [{ name: undefined, domain: undefined, priority: undefined }]])(
    'has safe defaults for every member that is left out',
    (option) => {
      expect(resolveCookieOptions(option)).toEqual(DEFAULTS)
    },
  )

  test.each([null, 'session', 5, true, [], () => ({})])('must be an object', (option) => {
    expect(() => resolveCookieOptions(option)).toThrow(configError('cookie'))
  })

  test.each(['httpOnly', 'maxAge', 'expires', 'samesite', 'Secure', 'toString'])(
    'rejects an unknown member %s',
    (unknown) => {
      expect(() => named({ [unknown]: true })).toThrow(configError(`cookie.${unknown}`))
    },
  )

  test('is frozen after it was checked', () => {
    expect(Object.isFrozen(resolveCookieOptions())).toBe(true)
  })

  test('is not read again if the given object changes', () => {
    const given = { name: 'session', path: '/app' }
    const resolved = resolveCookieOptions(given)
    given.path = '/; Domain=evil.example'
    expect(resolved.path).toBe('/app')
  })

  test('has only own properties read', () => {
    const polluted = Object.create({ domain: 'evil.example', secure: false })
    expect(resolveCookieOptions(polluted)).toEqual(DEFAULTS)
  })
})

describe('the type CookieOptions', () => {
  test('accepts ordinary variables, and has a union of strings where only a few values are valid', () => {
    const isProduction: boolean = Date.now() < 0
    const name: string = isProduction ? '__Host-shop' : 'shop'
    const domain: string | undefined = isProduction ? 'example.test' : undefined
    const options: CookieOptions = { name, domain, path: `/${name}`, secure: isProduction }
    expect(resolveCookieOptions(options)).toMatchObject({ name: 'shop', secure: false })
    expectTypeOf<boolean>().toExtend<CookieOptions['secure']>()
    expectTypeOf<boolean>().toExtend<CookieOptions['partitioned']>()
    expectTypeOf<boolean>().toExtend<CookieOptions['persistent']>()
    expectTypeOf<string>().toExtend<CookieOptions['name']>()
    expectTypeOf<string>().toExtend<CookieOptions['path']>()
    expectTypeOf<string>().toExtend<CookieOptions['domain']>()
    expectTypeOf<CookieOptions['sameSite']>().toEqualTypeOf<'lax' | 'strict' | 'none' | undefined>()
    expectTypeOf<CookieOptions['priority']>().toEqualTypeOf<'low' | 'medium' | 'high' | undefined>()
  })

  test.each<[string, CookieOptions]>([
    ['cookie.secure', { secure: false }],
    ['cookie.path', { path: '/app' }],
    ['cookie.domain', { domain: 'example.test' }],
    ['cookie.secure', { name: 'a', secure: false, sameSite: 'none' }],
    ['cookie.secure', { name: 'a', secure: false, partitioned: true }],
    ['cookie.secure', { name: '__Secure-a', secure: false }],
  ])('leaves the rules of browsers to the check at run time: %s in %j', (option, cookie) => {
    expect(() => resolveCookieOptions(cookie)).toThrow(configError(option))
  })
})

describe('name', () => {
  test.each([
    ['one character', 's'],
    ['64 characters', 'n'.repeat(64)],
    ['every character of a token', "!#$%&'*+-.^_`|~09AZaz"],
    ['a dot and more than a number', 'session.1a'],
    ['a number without a dot', 'session1'],
    ['a dot and a longer word', 'session.txt'],
    ['a letter of a further cookie in the middle', 'session.t.x.do'],
    ['a letter of a further cookie without a dot', 'sessiont'],
    ['a letter of a further cookie in upper case', 'session.T'],
    ['a property of every object', '__proto__'],
  ])('may be %s', (_, name) => {
    expect(resolveCookieOptions({ name }).name).toBe(name)
  })

  test.each([
    ['empty', ''],
    ['of 65 characters', 'n'.repeat(65)],
    ['a number', 5],
    ['an array', ['session']],
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
    ['a number behind a dot alone', '.0'],
    ['that of a logout stamp', 'session.x'],
    ['that of a ticket', 'session.t'],
    ["that of a bound session's ticket", 'session.d.Vt3kQ'],
    ["that of a bound session's ticket, with dots in it", 'session.d.a.b'],
    ["that of a bound session's ticket, without a binding", 'session.d.'],
    ["one whose further cookies are a bound session's ticket", 'session.d'],
  ])('must not be %s', (_, name) => {
    expect(() => resolveCookieOptions({ name })).toThrow(configError('cookie.name'))
  })

  test('that belongs to another cookie of the session is rejected with the reason', () => {
    expect(() => resolveCookieOptions({ name: 'shop.t' })).toThrow(
      /is "shop\.t", and must not end in .*: the session's further cookies do/,
    )
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
    ['a number', 5],
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
    ['an object without toString', Object.create(null)],
  ])('must not be %s', (_, path) => {
    expect(() => named({ path })).toThrow(configError('cookie.path'))
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
    expect(() => named({ domain: ofLength(254) })).toThrow(configError('cookie.domain'))
    expect(() => named({ domain: `${'d'.repeat(64)}.example` })).toThrow(
      configError('cookie.domain'),
    )
  })

  test.each([
    ['empty', ''],
    ['null', null],
    ['a number', 5],
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
    expect(() => named({ domain })).toThrow(configError('cookie.domain'))
  })
})

describe('the flags and words', () => {
  test.each(['secure', 'partitioned', 'persistent'])('%s is true or false', (flag) => {
    expect(named({ [flag]: true })).toHaveProperty(flag, true)
    expect(named({ [flag]: false })).toHaveProperty(flag, false)
    for (const value of ['true', 'false', '', 0, 1, null, {}]) {
      expect(() => named({ [flag]: value })).toThrow(configError(`cookie.${flag}`))
    }
  })

  test.each([
    ['sameSite', ['lax', 'strict', 'none']],
    ['priority', ['low', 'medium', 'high']],
  ])('%s is one of its words, in lower case', (option, words) => {
    for (const word of words) expect(named({ [option]: word })).toHaveProperty(option, word)
    for (const value of ['Lax', 'LOW', 'strict; Domain=evil.example', '', true, false, 5, {}]) {
      expect(() => named({ [option]: value })).toThrow(configError(`cookie.${option}`))
    }
  })
})

describe('what is rejected because browsers would drop it', () => {
  test.each(['__Host-s', '__host-s', '__HOST-s', '__hOsT-s', '__Host-Http-s'])(
    'is a forbidden attribute beside the prefix of %s, in any case',
    (name) => {
      expect(resolveCookieOptions({ name, path: '/', secure: true }).name).toBe(name)
      expect(() => resolveCookieOptions({ name, secure: false })).toThrow(
        configError('cookie.secure'),
      )
      expect(() => resolveCookieOptions({ name, domain: 'example.com' })).toThrow(
        configError('cookie.domain'),
      )
      expect(() => resolveCookieOptions({ name, path: '/app' })).toThrow(configError('cookie.path'))
    },
  )

  test('applies to the default name too', () => {
    expect(() => resolveCookieOptions({ secure: false })).toThrow(configError('cookie.secure'))
    expect(() => resolveCookieOptions({ domain: 'example.com' })).toThrow(
      configError('cookie.domain'),
    )
    expect(() => resolveCookieOptions({ path: '/app' })).toThrow(configError('cookie.path'))
  })

  test.each(['__Secure-s', '__secure-s', '__SECURE-s', '__Http-s', '__http-s'])(
    'is %s without Secure, and with it nothing is',
    (name) => {
      expect(resolveCookieOptions({ name, domain: 'example.com', path: '/app' }).secure).toBe(true)
      expect(() => resolveCookieOptions({ name, secure: false })).toThrow(
        configError('cookie.secure'),
      )
    },
  )

  test('is SameSite=None or Partitioned without Secure', () => {
    expect(named({ sameSite: 'none', partitioned: true }).secure).toBe(true)
    expect(named({ secure: false, sameSite: 'strict' }).secure).toBe(false)
    expect(() => named({ secure: false, sameSite: 'none' })).toThrow(configError('cookie.secure'))
    expect(() => named({ secure: false, partitioned: true })).toThrow(configError('cookie.secure'))
  })

  test('does not include names that only resemble a prefix', () => {
    for (const name of ['_Host-s', 'a__Host-s', '__Hosts', '__Secure']) {
      expect(resolveCookieOptions({ name, secure: false, path: '/app' }).name).toBe(name)
    }
  })
})

describe('every option that is accepted', () => {
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
  const ages = fc.integer({ min: 1, max: 9e6 })
  const accepted = anything
    .map(resolveOrRefuse)
    .filter((options): options is ResolvedCookieOptions => options !== undefined)

  test('is read from the line by two parsers', () => {
    fc.assert(
      fc.property(accepted, fc.option(ages, { nil: undefined }), (options, maxAge) => {
        const line = formatSetCookie({ name: options.name, value: 'v4lue', maxAge }, options)
        const { persistent: _, partitioned, domain, priority, ...rest } = options
        expect(parseSetCookie(line)).toEqual({
          ...rest,
          value: 'v4lue',
          httpOnly: true,
          ...(maxAge === undefined ? {} : { maxAge }),
          ...(partitioned ? { partitioned } : {}),
          ...(domain === undefined ? {} : { domain }),
          ...(priority === undefined ? {} : { priority }),
          secure: options.secure ? true : undefined,
        })
        const cookie = Cookie.parse(line)
        expect(cookie).toMatchObject({
          key: options.name,
          value: 'v4lue',
          path: options.path,
          domain: domain === undefined ? null : domain.toLowerCase(),
          secure: options.secure,
          httpOnly: true,
          sameSite: options.sameSite,
          maxAge: maxAge ?? null,
        })
      }),
      { numRuns: 300 },
    )
  })

  test('is deleted with the attributes that it was set with', () => {
    fc.assert(
      fc.property(accepted, (options) => {
        const { name } = options
        const written = formatSetCookie({ name, value: '', maxAge: 60 }, options)
        const { maxAge, ...set } = parseSetCookie(written)
        expect(maxAge).toBe(60)
        expect(parseSetCookie(formatSetCookie(deletion(name), options))).toEqual({
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
  ])('is kept and deleted by a browser with strict rules about prefixes', async (option) => {
    const options = resolveCookieOptions(option)
    const { name } = options
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })
    const url = 'https://example.com/app'
    await jar.setCookie(formatSetCookie({ name, value: 'v', maxAge: 60 }, options), url)
    expect(await jar.getCookieString(url)).toBe(`${name}=v`)
    await jar.setCookie(formatSetCookie(deletion(name), options), url)
    expect(await jar.getCookieString(url)).toBe('')
  })
})

/**
 * Returns the options, or `undefined` if they are rejected, always with an error that names an
 * option of the cookie.
 */
function resolveOrRefuse(option: unknown): ResolvedCookieOptions | undefined {
  try {
    return resolveCookieOptions(option)
  } catch (error) {
    expect(error).toEqual(configError(expect.stringMatching(/^cookie\.[a-zA-Z]+$/)))
    return undefined
  }
}

test.each([
  ['__Host-login', '"login"'],
  ['__Host-', '"session"'],
])('a name %s that its attributes forbid is suggested without the prefix: %s', (name, other) => {
  expect(() => resolveCookieOptions({ name, secure: false })).toThrow(other)
  expect(resolveCookieOptions({ name: 'my__secure-name', secure: false }).name).toBe(
    'my__secure-name',
  )
})
