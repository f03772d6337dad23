import { describe, expect, test } from 'vitest'
import { tooLargeMessage } from '../../../src/size/advice.ts'
import { resolveLimits } from '../../../src/size/limits.ts'
import type { LimitsOption, SizeLimits } from '../../../src/size/limits.ts'
import type { SizeUsage } from '../../../src/size/measure.ts'

const CART = [{ key: 'cart', bytes: 1800 }]

const NAME_THEM = 'name them, as in limits:'

interface Excess {
  readonly cookies?: number
  readonly requestHeader?: number
  readonly responseHeader?: number
  readonly otherCookies?: number
}

/** A session that exceeds one limit, and fits the others unless given. */
function over(
  tightest: keyof SizeLimits,
  option: LimitsOption,
  { cookies = 1, requestHeader = 500, responseHeader = 500, otherCookies = 0 }: Excess = {},
  partitioned = false,
): SizeUsage {
  const bytes = { cookie: 400, requestHeader, responseHeader, otherCookies }
  const limits = resolveLimits(option, partitioned)
  return { level: 'over', used: 1.25, tightest, cookies, bytes, limits }
}

describe('a session that does not fit', () => {
  test.each<[string, SizeUsage, string]>([
    [
      'its one cookie',
      over('cookie', { cookies: 1, cookie: 1000 }, { cookies: 2 }),
      'it takes 250 bytes more than limits.cookie (1000)',
    ],
    [
      'its number of cookies',
      over('cookies', { cookies: 4, cookie: 1000 }, { cookies: 5 }),
      'it takes 1 cookies more than limits.cookies (4)',
    ],
    [
      'the Cookie header',
      over('requestHeader', { requestHeader: 2000 }, { requestHeader: 2500, otherCookies: 40 }),
      'it takes 500 bytes more than limits.requestHeader (2000, other cookies take 40)',
    ],
    [
      'the Set-Cookie lines',
      over('responseHeader', { responseHeader: 3000 }, { responseHeader: 3001 }),
      'it takes 1 bytes more than limits.responseHeader (3000)',
    ],
  ])('gets the exceeded limit and by how much: %s', (_, usage, excess) => {
    const message = tooLargeMessage(usage, CART)
    expect(message).toContain(excess)
    expect(message).toContain('Nothing was written')
    expect(message).toContain('keep "cart" (1800 bytes) on a server, and an id in the session')
  })

  test.each<[LimitsOption, string]>([
    ['portable', 'portable'],
    [['node', 'nginx'], 'nginx'],
    [['nginx', 'node'], 'nginx'],
    [{ preset: ['cloudflare', 'ingress-nginx'], requestHeader: 9000 }, 'ingress-nginx'],
  ])('gets the tightest preset of %j: %s', (option, preset) => {
    const message = tooLargeMessage(over('responseHeader', option, { responseHeader: 4000 }), CART)
    expect(message).toContain(`(3072, the preset ${preset})`)
  })

  test('gets no advice to use a preset if the application gave the number', () => {
    const option = { preset: 'nginx', responseHeader: 3000 } as const
    const message = tooLargeMessage(over('responseHeader', option, { responseHeader: 4000 }), CART)
    expect(message).toContain('limits.responseHeader (3000)')
    expect(message).not.toContain('the preset')
  })
})

describe('the advice to name wider presets', () => {
  test.each<[string, LimitsOption, Excess, string]>([
    ['node, if that is enough', 'portable', { responseHeader: 15_360 }, "'node'"],
    ['cloudflare, if node is not', 'portable', { responseHeader: 15_361 }, "'cloudflare'"],
  ])('names %s', (_, option, excess, preset) => {
    const message = tooLargeMessage(over('responseHeader', option, excess), CART)
    expect(message).toContain(`${NAME_THEM} ${preset}`)
  })

  test.each<[string, SizeUsage]>([
    ['no preset passes so much', over('responseHeader', 'node', { responseHeader: 65_000 })],
    [
      'the browser bounds partitioned cookies',
      over('requestHeader', 'cloudflare', { requestHeader: 10_241 }, true),
    ],
    [
      'the browser bounds partitioned cookies, beyond the preset that is passed first',
      over('requestHeader', 'portable', { requestHeader: 10_241 }, true),
    ],
    [
      'there would be too many cookies all the same',
      over('responseHeader', { cookies: 3 }, { responseHeader: 9000, cookies: 4 }),
    ],
    ['the cookies are too many', over('cookies', { cookies: 3 }, { cookies: 4 })],
  ])('is not given where %s', (_, usage) => {
    const message = tooLargeMessage(usage, CART)
    expect(message).not.toContain(NAME_THEM)
    expect(message).not.toMatch(/raise|'node'|'cloudflare'/)
  })

  test.each<[string, LimitsOption]>([
    ['node', 'node'],
    ['nginx', ['node', 'nginx']],
  ])('is to raise the limit if the application named %s', (_, option) => {
    const usage = over('responseHeader', option, { responseHeader: 15_400 })
    const message = tooLargeMessage(usage, CART)
    expect(message).toMatch(/let more through, raise limits\.responseHeader$/)
    expect(message).not.toContain(NAME_THEM)
  })

  test('is to raise the number if the application gave one', () => {
    const option = { preset: 'node', requestHeader: 2000 } as const
    const usage = over('requestHeader', option, { requestHeader: 2001 })
    const message = tooLargeMessage(usage, CART)
    expect(message).toMatch(/raise limits\.requestHeader$/)
    expect(message).not.toContain(NAME_THEM)
  })
})

describe('the advice to allow more cookies', () => {
  test.each(['cookie', 'cookies'] as const)('says how many are enough, for %s', (tightest) => {
    const usage = over(tightest, { cookies: 1 }, { cookies: 3 })
    expect(tooLargeMessage(usage, CART)).toContain('allow 3 cookies with limits.cookies')
  })

  test.each<[string, Excess]>([
    ['more than 16 would be needed', { cookies: 17 }],
    ['the Cookie header would be too long', { cookies: 3, requestHeader: 7169 }],
    ['the Set-Cookie lines would be too long', { cookies: 3, responseHeader: 3073 }],
  ])('is not given where %s', (_, excess) => {
    expect(tooLargeMessage(over('cookies', { cookies: 1 }, excess), CART)).not.toContain('allow ')
  })
})

describe('[S9] the keys in a message', () => {
  const full = over('responseHeader', 'go', { responseHeader: 70_000 })
  const keys = (count: number, name: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => ({ key: name(index), bytes: 10 }))

  test('are all named up to ten', () => {
    const message = tooLargeMessage(
      full,
      keys(10, (index) => `key${index}`),
    )
    expect(message.match(/"key\d" \(10 bytes\)/g)).toHaveLength(10)
    expect(message).not.toContain('more on a server')
  })

  test('are counted beyond ten', () => {
    const message = tooLargeMessage(
      full,
      keys(10_000, (index) => `key${index}`),
    )
    expect(message.match(/"key/g)).toHaveLength(10)
    expect(message).toContain('"key9" (10 bytes) and 9990 more on a server')
    expect(tooLargeMessage(full, keys(11, String))).toContain('and 1 more on a server')
    expect(tooLargeMessage(full, keys(1_234_567, String))).toContain('and 1234557 more')
  })

  test.each([
    ['long names', 'n'.repeat(3000)],
    ['names of control characters', '\u0000'.repeat(3000)],
    ['names of characters that reverse the text', '\u202e'.repeat(3000)],
    ['names of quotes', '"'.repeat(3000)],
  ])('leave the text below 2 kB: %s', (_, name) => {
    const message = tooLargeMessage(
      full,
      keys(10_000, (index) => name + index),
    )
    expect(message).toMatch(/more on a server/)
    expect(Buffer.byteLength(message)).toBeLessThan(2000)
  })

  test('have control and bidi characters escaped', () => {
    const hostile = 'a\u001b[31m\u009b\u202e\u2066"\n\u007f'
    const message = tooLargeMessage(full, [{ key: hostile, bytes: 10 }])
    expect(message).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u)
    expect(message).toContain('"a')
  })
})

describe('other cookies that exceed the header', () => {
  const filled = (option: LimitsOption, otherCookies: number) =>
    over('requestHeader', option, { requestHeader: otherCookies + 200, otherCookies })

  test('lead to the advice to delete them, and to move no key', () => {
    const message = tooLargeMessage(filled('node', 20_000), [])
    expect(message).toContain('other cookies take 20000')
    expect(message).toContain('delete some of the other cookies')
    expect(message).not.toContain('on a server')
    expect(message).toContain('raise limits.requestHeader')
  })

  test('are not blamed if the limit itself is too small', () => {
    const message = tooLargeMessage(filled({ requestHeader: 150 }, 20), [])
    expect(message).not.toContain('delete')
    expect(message).toContain('raise limits.requestHeader')
  })

  test('lead to no advice if none would help', () => {
    const message = tooLargeMessage(over('responseHeader', 'go', { responseHeader: 70_000 }), [])
    expect(message).toMatch(/Nothing was written$/)
  })
})
