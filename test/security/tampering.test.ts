// Whatever is done to a session's cookies on their way: every bit, every cut, every exchange of parts.
// Nothing opens, nothing throws, and the response to all of it is one and the same; only the cookies
// that it deletes are those that came. Cookies of full size are sampled; `SLOW=1` goes through all.

import { describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import {
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  claims,
  dayOf,
  mint,
  untyped,
} from '../support/mint.ts'
import { pairsOf } from '../support/cookie-jar.ts'

const slow = process.env['SLOW'] !== undefined

/** Of cookies of full size, every so many variants. */
const STEP = slow ? 1 : 149

const SMALL = { preset: 'node', cookie: 320 } as const
const FULL = { preset: 'node', responseHeader: 16_000, requestHeader: 16_000 } as const

/** Lengths of a text that take one, two and three cookies. */
const SIZES = { small: [1, 40, 230], full: [2600, 4000, 7000] }

const ENGINES = ['node:crypto', 'jose']

describe.each(ENGINES)('with %s', (engine) => {
  describe.each([1, 2, 3])('a session of %i cookies', (count) => {
    test('opens with no bit of its cookies flipped, in names and separators neither', async () => {
      const sessions = await sessionsOf(engine, { limits: SMALL })
      const header = await headerOf(sessions, count, SIZES.small)
      expect(await refused(sessions, flips(header))).toBe(8 * header.length)
      expect(await opened(sessions, header)).toEqual(untouched(count, SIZES.small))
    })

    test('opens with none of its cookies, and not its token, cut short at either end', async () => {
      const sessions = await sessionsOf(engine, { limits: SMALL })
      const header = await headerOf(sessions, count, SIZES.small)
      const values = valuesOf(header)
      const { length } = values.join('')
      expect(await refused(sessions, cutCookies(values))).toBe(2 * length - count)

      // The same of the token: put into as many cookies as before, with the right count.
      const token = tokenOf(values)
      const ofToken = Array.from(cuts(token), (cut) => pairs(divide(cut, count)))
      expect(await refused(sessions, ofToken)).toBe(2 * token.length - 1)
    })

    test(
      'of full size is refused likewise, wherever it is touched',
      { timeout: 600_000 },
      async () => {
        const sessions = await sessionsOf(engine, { limits: FULL })
        const header = await headerOf(sessions, count, SIZES.full)
        const values = valuesOf(header)
        expect(values[0]?.length).toBeGreaterThan(3400)
        const flipped = Math.ceil((8 * header.length) / STEP)
        expect(await refused(sessions, flips(header, STEP))).toBe(flipped)
        const shortened = values.map(({ length }) => Math.ceil((2 * length - 1) / STEP))
        const sum = shortened.reduce((total, each) => total + each)
        expect(await refused(sessions, cutCookies(values, STEP))).toBe(sum)
        expect(await opened(sessions, header)).toEqual(untouched(count, SIZES.full))
      },
    )
  })

  test('header, IV, ciphertext and tag of two tokens make no third one', async () => {
    const secrets = [SECRET, OLDER_SECRET]
    const sessions = await sessionsOf(engine, { secrets })
    const own = await mint(claims())
    const yesterday = { iat: START - 86_400, exp: START + 100 }
    const day = dayOf(START) - 1
    const others: Record<string, [token: string, opens: boolean]> = {
      'another session': [await mint(claims({ d: { user: 'eve' } })), true],
      'the same session, sealed again': [await mint(claims()), true],
      'the same session, renewed': [await mint(claims({ iat: START + 1, nbf: START })), true],
      'another length': [await mint(claims({ d: { user: 'somebody else' } })), true],
      'the day before': [await mint(claims(yesterday), { day }), true],
      'the older secret': [await mint(claims(), { secret: OLDER_SECRET }), true],
      'an unknown secret': [await mint(claims(), { secret: OTHER_SECRET }), false],
      'another purpose': [await mint(claims(), { purpose: 'token' }), false],
      'another cookie': [await mint(claims(), { name: 'other' }), false],
    }
    const counts: Record<string, number> = {}
    for (const [title, [other, opens]] of Object.entries(others)) {
      expect(!(await sessions.open(`${NAME}=${other}`)).isEmpty).toBe(opens)
      const mixed = mixtures(own, other)
      counts[title] = mixed.length
      expect(await refused(sessions, mixed.map(inOne))).toBe(mixed.length)
    }
    // Four parts from either, less the two tokens themselves; under one kid there is one header.
    expect(counts).toEqual({
      'another session': 6,
      'the same session, sealed again': 6,
      'the same session, renewed': 6,
      'another length': 6,
      'the day before': 14,
      'the older secret': 14,
      'an unknown secret': 14,
      'another purpose': 6,
      'another cookie': 6,
    })
  })

  test('cookies of several sessions open as one of them, whole, or not at all', async () => {
    const sessions = await sessionsOf(engine, { limits: SMALL })
    const headers: Record<string, string> = {}
    for (const [owner, count] of Object.entries({ ada: 2, bob: 2, cy: 3, dot: 3 })) {
      headers[owner] = await headerOf(sessions, count, SIZES.small, owner)
    }
    const values = Object.values(headers).flatMap(valuesOf)
    expect(values).toHaveLength(10)

    const choices = [...values, undefined]
    const variants = choices.flatMap((first) =>
      choices.flatMap((second) => choices.map((third) => pairs([first, second, third]))),
    )
    expect(variants).toHaveLength(11 ** 3)
    // What stands behind a session's last part is left over from a longer one, and is not read.
    const whole = Object.entries(headers).flatMap(([owner, header]) =>
      variants.flatMap((variant) =>
        variant === header || variant.startsWith(`${header}; `) ? [[owner, variant] as const] : [],
      ),
    )
    expect(whole).toHaveLength(2 * 11 + 2)
    for (const [owner, variant] of whole) {
      expect((await opened(sessions, variant))['owner']).toBe(owner)
    }
    const intact = new Set(whole.map(([, variant]) => variant))
    const torn = variants.filter((variant) => !intact.has(variant))
    expect(await refused(sessions, torn)).toBe(11 ** 3 - 24)
  })

  test('no other tag, IV or ciphertext does, of any length, nor a boundary between them moved', async () => {
    const sessions = await sessionsOf(engine)
    const token = await mint(claims())
    const [header = '', , ...rest] = token.split('.')
    const [iv = Buffer.of(), text = Buffer.of(), tag = Buffer.of()] = rest.map((part) =>
      Buffer.from(part, 'base64url'),
    )
    const frame = (...bytes: readonly Uint8Array[]) =>
      `${header}..${bytes.map((part) => Buffer.from(part).toString('base64url')).join('.')}`
    expect(frame(iv, text, tag)).toBe(token)
    const lengths = Array.from({ length: 40 }, (_, length) => length)
    const long = (part: Buffer) => Buffer.concat(Array.from({ length: 4 }, () => part))

    const fills = [0x00, 0xff].flatMap((byte) => [
      frame(iv, text, Buffer.alloc(16, byte)),
      frame(Buffer.alloc(12, byte), text, tag),
      frame(iv, Buffer.alloc(text.length, byte), tag),
    ])
    const tags = lengths.flatMap((length) => [
      frame(iv, text, long(tag).subarray(0, length)),
      frame(iv, text, Buffer.alloc(length)),
    ])
    const ivs = lengths.map((length) => frame(long(iv).subarray(0, length), text, tag))
    const whole = Buffer.concat([iv, text, tag])
    const moved = lengths.flatMap((start) =>
      lengths.map((end) =>
        frame(
          whole.subarray(0, start),
          whole.subarray(start, whole.length - end),
          whole.subarray(whole.length - end),
        ),
      ),
    )
    // The ciphertext a stream cipher gives up to any point, under the tag of all of it.
    const prefixes = Array.from(text, (_, length) => frame(iv, text.subarray(0, length), tag))
    const variants = [...fills, ...tags, ...ivs, ...moved, ...prefixes]
    const altered = variants.filter((variant) => variant !== token)
    // Full length of tag and IV, and the boundaries where they were: three times the token itself.
    expect(variants.length - altered.length).toBe(3)
    expect(altered).toHaveLength(6 + 79 + 39 + 1599 + text.length)
    expect(await refused(sessions, altered.map(inOne))).toBe(altered.length)
  })

  test('no other number, order or repetition of its five parts does', async () => {
    const sessions = await sessionsOf(engine)
    const token = await mint(claims())
    const parts = token.split('.')
    const lists: string[][] = [[]]
    for (let from = 0; from < lists.length; from++) {
      const list = lists[from] ?? []
      if (list.length < 5) lists.push(...parts.map((part) => [...list, part]))
    }
    const doubled = parts.map((part, at) => parts.toSpliced(at, 0, part))
    const variants = [...lists, ...doubled].map((list) => list.join('.'))
    expect(variants).toHaveLength(1 + 5 + 25 + 125 + 625 + 3125 + 5)
    const altered = variants.filter((variant) => variant !== token)
    expect(altered).toHaveLength(variants.length - 1)
    expect(await refused(sessions, altered.map(inOne))).toBe(altered.length)
    expect(await opened(sessions, pairs([token]))).toEqual({ user: 'ada' })
  })
})

/** Sessions with one engine. The other is hidden while they are made. */
async function sessionsOf(
  engine: string,
  options: Partial<SessionOptions> = {},
): Promise<Sessions> {
  const hidden = vi.spyOn(process, 'getBuiltinModule')
  if (engine === 'jose') hidden.mockReturnValue(untyped(undefined))
  const sessions = createSessions({ secrets: SECRET, clock: () => START * 1000, ...options })
  hidden.mockRestore()
  const webCrypto = vi.spyOn(crypto.subtle, 'encrypt')
  await headerOf(sessions, 1, [1])
  expect(webCrypto).toHaveBeenCalledTimes(engine === 'jose' ? 1 : 0)
  webCrypto.mockRestore()
  return sessions
}

/** The `Cookie` header of a session that takes `count` cookies. */
async function headerOf(
  sessions: Sessions,
  count: number,
  sizes: readonly number[],
  owner = 'ada',
): Promise<string> {
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(untouched(count, sizes, owner))) session.set(key, value)
  const header = pairsOf(await sessions.setCookies(session))
  expect(valuesOf(header)).toHaveLength(count)
  return header
}

function untouched(count: number, sizes: readonly number[], owner = 'ada') {
  return { owner, text: owner.at(0)?.repeat(sizes[count - 1] ?? 0) }
}

async function opened(sessions: Sessions, header: string): Promise<Record<string, unknown>> {
  return (await sessions.open(header)).toJSON()
}

/** How many headers there are: all of them are refused, in the one way. */
async function refused(sessions: Sessions, headers: Iterable<string>): Promise<number> {
  let count = 0
  const wrong: string[] = []
  const check = async (some: readonly string[]) => {
    const answers = await Promise.all(some.map((header) => answerTo(sessions, header)))
    for (const [index, header] of some.entries()) {
      count++
      if (answers[index] !== refusalOf(header)) wrong.push(`${answers[index]} to ${header}`)
    }
  }
  let waiting: string[] = []
  for (const header of headers) {
    // Enough at once to keep WebCrypto's threads busy.
    if (waiting.push(header) < 64) continue
    await check(waiting)
    waiting = []
  }
  await check(waiting)
  expect(wrong).toEqual([])
  return count
}

/** All of a response, and what the handler sees of the session. */
async function answerTo(sessions: Sessions, header: string): Promise<string> {
  try {
    const session = await sessions.open(header)
    const response = await sessions.commit(session, new Response(seen(session), { status: 203 }))
    const { status, statusText, headers } = response
    return JSON.stringify([status, statusText, [...headers], await response.text()])
  } catch (error) {
    return `threw ${String(error)}`
  }
}

function seen({ id, isNew, isEmpty, startedAt, expiresAt, ...rest }: Session): string {
  return JSON.stringify([{ id, isNew, isEmpty, startedAt, expiresAt }, rest])
}

/** The one response to a header of which nothing is believed: the cookies that came are deleted. */
function refusalOf(header: string): string {
  const names = new Set(header.split(';').map((pair) => pair.replace(/^[ \t]+/, '').split('=')[0]))
  const lines = Array.from({ length: 16 }, (_, index) => nameOf(index))
    .filter((name) => names.has(name))
    .map((name) => ['set-cookie', `${name}=; ${DELETION}`])
  const caching = lines.length === 0 ? [] : [['cache-control', 'private, no-store']]
  const fields = [...caching, ['content-type', 'text/plain;charset=UTF-8'], ...lines]
  const nothing = [{ isNew: true, isEmpty: true }, {}]
  return JSON.stringify([203, '', [...fields, ['vary', 'Cookie']], JSON.stringify(nothing)])
}

const DELETION =
  'Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'

function nameOf(index: number): string {
  return index === 0 ? NAME : `${NAME}.${index}`
}

/** Values as cookies, by their place; what is missing is not sent. */
function pairs(values: readonly (string | undefined)[]): string {
  return values
    .flatMap((value, index) => (value === undefined ? [] : [`${nameOf(index)}=${value}`]))
    .join('; ')
}

/** A token as the one cookie of a session. */
function inOne(token: string): string {
  return pairs([token])
}

function valuesOf(header: string): string[] {
  return header.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1))
}

function tokenOf(values: readonly string[]): string {
  return values.join('').replace(/^[0-9]+\./, '')
}

/** A token as the values of `count` cookies. */
function divide(token: string, count: number): string[] {
  if (count === 1) return [token]
  const length = Math.ceil(token.length / count)
  return Array.from({ length: count }, (_, index) => {
    const part = token.slice(index * length, (index + 1) * length)
    return index === 0 ? `${count}.${part}` : part
  })
}

/** Every text that differs in one bit of one character, or one of every so many. */
function* flips(text: string, step = 1): Generator<string> {
  for (let at = 0; at < 8 * text.length; at += step) {
    const index = at >> 3
    const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << (at & 7)))
    yield text.slice(0, index) + flipped + text.slice(index + 1)
  }
}

/** Every beginning and every end of a text, itself left out; nothing at all is both. */
function* cuts(text: string, step = 1): Generator<string> {
  const { length } = text
  for (let at = 0; at < 2 * length - 1; at += step) {
    yield at < length ? text.slice(0, at) : text.slice(at - length + 1)
  }
}

/** Cookies of which one is cut short. */
function* cutCookies(values: readonly string[], step = 1): Generator<string> {
  for (const [at, value] of values.entries()) {
    for (const cut of cuts(value, step)) yield pairs(values.with(at, cut))
  }
}

/** Every token of parts from two, neither of them itself. */
function mixtures(one: string, other: string): string[] {
  const [first, second] = [one.split('.'), other.split('.')]
  const mixed = new Set<string>()
  for (let choice = 0; choice < 16; choice++) {
    const from = (bit: number) => ((choice >> bit) & 1 ? second : first)
    mixed.add([from(0)[0], '', from(1)[2], from(2)[3], from(3)[4]].join('.'))
  }
  mixed.delete(one)
  mixed.delete(other)
  return [...mixed]
}
