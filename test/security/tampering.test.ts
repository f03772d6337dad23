// Every alteration of a session's cookies in transit: every bit, every cut, every exchange of
// fields. No session opens, no call throws, and the response is the one for a visitor without
// cookies. Cookies of full size are sampled; `SLOW=1` tries all of them.

import { describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import {
  cutParts,
  cutValues,
  cuts,
  flips,
  mixtures,
  movedBoundaries,
  otherFields,
  rearrangements,
  spellings,
} from '../support/alterations.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { inEngine } from '../support/engines.ts'
import {
  DAY,
  ID,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  dayOf,
  forge,
  headerOf,
  headerOfParts,
  mint,
  mintAt,
  mintTicket,
  mintToken,
  payload,
  toToken,
} from '../support/mint.ts'
import { setAll } from '../support/set-up.ts'

const slow = process.env['SLOW'] !== undefined

/** Of cookies of full size, one in so many variants. */
const STEP = slow ? 1 : 149

const SMALL = { preset: 'node', cookie: 320 } as const
const FULL = { preset: 'node', responseHeader: 16_000, requestHeader: 16_000 } as const

/** Lengths of strings that take one, two and three cookies. */
const SIZES = { small: [1, 100, 300], full: [2700, 4100, 7100] }

const OTHER_ID = 'EBESExQVFhcYGRobHB0eHw'

const ENGINES = ['node:crypto', 'jose']

describe.each(ENGINES)('with %s', (engine) => {
  describe.each([1, 2, 3])('a session of %i cookies', (count) => {
    test('does not open with any bit flipped, in names and separators either', async () => {
      const sessions = await sessionsOf(engine, { limits: SMALL })
      const header = await cookiesOf(sessions, count, SIZES.small)
      expect(await refused(sessions, flips(header))).toBe(8 * header.length)
      expect(await opened(sessions, header)).toEqual(untouched(count, SIZES.small))
    })

    test('does not open with a cookie, or its value, truncated at either end', async () => {
      const sessions = await sessionsOf(engine, { limits: SMALL })
      const parts = partsOf(await cookiesOf(sessions, count, SIZES.small))
      const { length } = parts.join('')
      expect(await refused(sessions, cutParts(parts))).toBe(2 * length - count)

      // The same for the value: split into as many cookies as before, with the right count.
      const value = joined(parts)
      expect(await refused(sessions, cutValues(value, count))).toBe(2 * value.length - 1)
    })

    test(
      'of full size is rejected too, wherever it is altered',
      { timeout: 1_800_000 },
      async () => {
        const sessions = await sessionsOf(engine, { limits: FULL })
        const header = await cookiesOf(sessions, count, SIZES.full)
        const parts = partsOf(header)
        expect(parts[0]?.length).toBeGreaterThan(3400)
        const flipped = Math.ceil((8 * header.length) / STEP)
        expect(await refused(sessions, flips(header, STEP))).toBe(flipped)
        const shortened = parts.map(({ length }) => Math.ceil((2 * length - 1) / STEP))
        const sum = shortened.reduce((total, each) => total + each)
        expect(await refused(sessions, cutParts(parts, STEP))).toBe(sum)
        expect(await opened(sessions, header)).toEqual(untouched(count, SIZES.full))
      },
    )
  })

  test('id, day, IV, ciphertext and tag of two values do not combine into a third', async () => {
    const sessions = await sessionsOf(engine, { secrets: [SECRET, OLDER_SECRET] })
    const own = mint()
    const day = dayOf(START) - 1
    const yesterday = payload({ sealed: 80_000 })
    const others: Record<string, [value: string, opens: boolean]> = {
      'another session': [mint(payload({ data: { user: 'eve' } })), true],
      'the same session, sealed again': [mint(), true],
      'the same session, written later': [mint(payload({ sealed: 43_201, age: 1 })), true],
      'another length': [mint(payload({ data: { user: 'somebody else' } })), true],
      'the day before': [mint(yesterday, { day }), true],
      'the older secret': [mint(payload(), { secret: OLDER_SECRET }), true],
      'the older secret, the day before': [mint(yesterday, { day, secret: OLDER_SECRET }), true],
      'an unknown secret': [mint(payload(), { secret: OTHER_SECRET }), false],
      'a bare token': [mint(payload(), { purpose: 'token' }), false],
      'a ticket': [mint(payload(), { purpose: 'ticket' }), false],
      'another cookie': [mint(payload(), { name: 'other' }), false],
    }
    const counts: Record<string, number> = {}
    for (const [title, [other, opens]] of Object.entries(others)) {
      expect(!(await sessions.open(inOne(other))).isEmpty).toBe(opens)
      const mixed = mixtures(own, other)
      counts[title] = mixed.length
      expect(await refused(sessions, mixed.map(inOne))).toBe(mixed.length)
    }
    // Each field from either value, without the two values themselves; equal fields give one
    // choice.
    expect(counts).toEqual({
      'another session': 6,
      'the same session, sealed again': 6,
      'the same session, written later': 6,
      'another length': 6,
      'the day before': 14,
      'the older secret': 14,
      'the older secret, the day before': 30,
      'an unknown secret': 14,
      'a bare token': 6,
      'a ticket': 6,
      'another cookie': 6,
    })
  })

  test('cookies of several sessions open as exactly one of them, or not at all', async () => {
    const sessions = await sessionsOf(engine, { limits: SMALL })
    const headers: Record<string, string> = {}
    for (const [owner, count] of Object.entries({ ada: 2, bob: 2, cy: 3, dot: 3 })) {
      headers[owner] = await cookiesOf(sessions, count, SIZES.small, owner)
    }
    const parts = Object.values(headers).flatMap(partsOf)
    expect(parts).toHaveLength(10)

    const choices = [...parts, undefined]
    const variants = choices.flatMap((first) =>
      choices.flatMap((second) => choices.map((third) => headerOfParts([first, second, third]))),
    )
    expect(variants).toHaveLength(11 ** 3)
    // Cookies after a session's last part are left over from a longer one, and are ignored.
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

  test('no other tag, IV or ciphertext opens, of any length, nor a moved boundary between them', async () => {
    const sessions = await sessionsOf(engine)
    const value = mint()
    const length = Buffer.byteLength(payload())
    const fields = otherFields(value)
    // Six of zeros and ones; the tag, zeros and the IV in 40 lengths, of which two are unaltered.
    expect(fields).toHaveLength(6 + 3 * 40 - 2 + length)
    expect(await refused(sessions, fields.map(inOne))).toBe(fields.length)
    const moved = movedBoundaries(value)
    expect(moved).toHaveLength(40 ** 2 - 1)
    expect(await refused(sessions, moved.map(inOne))).toBe(moved.length)
  })

  test('no other number, order, repetition or spelling of its five fields opens', async () => {
    const sessions = await sessionsOf(engine)
    const value = mint()
    const rearranged = rearrangements(value)
    expect(rearranged).toHaveLength(1 + 5 + 25 + 125 + 625 + 3125 + 5 - 1)
    expect(await refused(sessions, rearranged.map(inOne))).toBe(rearranged.length)
    const spelled = spellings(value)
    expect(spelled.length).toBeGreaterThan(40)
    expect(await refused(sessions, spelled.map(inOne))).toBe(spelled.length)
    expect(await opened(sessions, inOne(value))).toEqual({ user: 'ada' })
  })

  test('no altered bare token opens, nor one with an altered header', async () => {
    const sessions = await sessionsOf(engine)
    const token = mintToken()
    const header = JSON.stringify(headerOf())
    const values = [...otherFields(mintValue()), ...spellings(mintValue())]
    const altered = [
      ...flips(token),
      ...cuts(token),
      ...Array.from(flips(header), (other) => forge(other, payload(), { purpose: 'token' })),
      ...values.map(toToken),
    ].filter((variant) => variant !== '')
    const reasons = new Set<string>()
    for (const variant of altered) {
      const session = await sessions.unseal(variant)
      expect([session.isEmpty, session.id]).toEqual([true, undefined])
      reasons.add(String(session.rejection?.reason))
    }
    expect([...reasons].toSorted()).toEqual([
      'expired',
      'malformed',
      'not-yet-valid',
      'undecryptable',
      'unknown-key',
    ])
    expect((await sessions.unseal(token)).toJSON()).toEqual({ user: 'ada' })
  })

  describe('a ticket', () => {
    const usedAt = START - 600
    /** Used a while ago: with its ticket no new one is due, without it one is. */
    const session = mintAt({ startedAt: START - 50_000 })
    /** Not used since then: only its ticket keeps it valid. */
    const unused = mintAt({ startedAt: START - 3 * DAY })
    const ticket = mintTicket(usedAt)
    const beside = (value: string) => (other: string) => `${inOne(value)}; ${NAME}.t=${other}`

    /** Tickets that do not apply to the session. */
    const wrong = (): string[] => [
      ...flips(ticket),
      ...cuts(ticket),
      ...otherFields(ticket),
      ...movedBoundaries(ticket),
      ...spellings(ticket),
      ...mixtures(ticket, mintTicket(usedAt)),
      ...mixtures(ticket, mintTicket(usedAt - DAY)),
      ...mixtures(ticket, session),
      toToken(ticket),
      session,
      mintTicket(usedAt, OTHER_ID),
      mintTicket(usedAt, ID, { purpose: 'cookie' }),
      mintTicket(usedAt, ID, { purpose: 'token' }),
      mintTicket(usedAt, ID, { name: 'other' }),
      mintTicket(usedAt, ID, { secret: OTHER_SECRET }),
      mintTicket(usedAt, ID, { day: dayOf(usedAt) + 1 }),
      mintTicket(START + 6),
    ]

    test('that is altered, truncated or another’s has no effect on a valid session', async () => {
      const sessions = await sessionsOf(engine)
      const before = await answerTo(sessions, inOne(session))
      expect(before).toContain(`["set-cookie","${NAME}.t=`)
      expect(before).not.toContain(`"${NAME}=`)
      const shape = (answer: string) => answer.replace(/(\.t=)[^;]*/, '$1')
      const headers = wrong().map(beside(session))
      expect(headers.length).toBeGreaterThan(2500)
      await answersAre(sessions, headers, shape(before), shape)

      const right = await answerTo(sessions, beside(session)(ticket))
      expect(right).not.toContain('set-cookie')
      const { expiresAt } = await sessions.open(beside(session)(ticket))
      expect(expiresAt).toEqual(new Date((usedAt + DAY) * 1000))
    })

    test('that is altered, truncated or another’s does not revive an idle session', async () => {
      const sessions = await sessionsOf(engine)
      const headers = wrong().map(beside(unused))
      expect(await refused(sessions, headers)).toBe(headers.length)
      expect(await opened(sessions, beside(unused)(ticket))).toEqual({ user: 'ada' })
    })

    test('with another day than it was sealed for does not change its time', async () => {
      const sessions = await sessionsOf(engine)
      const [id, , ...sealed] = mintTicket(START - 2 * DAY).split('.')
      const days = [dayOf(START), dayOf(START) - 1, dayOf(START) + 1]
      const moved = days.map((day) => beside(unused)([id, day, ...sealed].join('.')))
      expect(await refused(sessions, moved)).toBe(3)
    })
  })

  test('an altered stamp is ignored, or ends the session, and never keeps it', async () => {
    const sessions = await sessionsOf(engine)
    const value = mint(payload({ more: { o: 'aB-_cccc' } }))
    const withStamp = (stamp: string) => `${inOne(value)}; ${NAME}.x=${stamp}`
    const stamps = [...flips('aB-_'), ...cuts('aB-_'), 'B-_c', 'cccd', 'aB-_cccc', 'ab-_']
    const reasons = new Map<unknown, number>()
    for (const stamp of stamps) {
      const session = await sessions.open(withStamp(stamp))
      const isWellFormed = /^[\w-]{4}$/.test(stamp.split(/[;,]/, 1).join().trim())
      const reason = isWellFormed ? 'destroyed' : undefined
      expect(session.rejection?.reason, stamp).toBe(reason)
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
    expect(reasons.size).toBe(2)
    for (const known of ['aB-_', 'cccc']) {
      expect((await sessions.open(withStamp(known))).get('user')).toBe('ada')
    }
    // The session's own stamps are sealed, so they cannot be moved to another session.
    const other = mint(payload({ id: OTHER_ID }))
    expect((await sessions.open(`${inOne(other)}; ${NAME}.x=aB-_`)).isEmpty).toBe(true)
  })
})

/** Creates sessions with one engine. */
async function sessionsOf(
  engine: string,
  options: Partial<SessionOptions> = {},
): Promise<Sessions> {
  const sessions = inEngine(engine, () =>
    createSessions({ secrets: SECRET, clock: () => START * 1000, ...options }),
  )
  const webCrypto = vi.spyOn(crypto.subtle, 'encrypt')
  await cookiesOf(sessions, 1, [1])
  expect(webCrypto).toHaveBeenCalledTimes(engine === 'jose' ? 1 : 0)
  webCrypto.mockRestore()
  return sessions
}

/** Returns the `Cookie` header of a session in `count` cookies. */
async function cookiesOf(
  sessions: Sessions,
  count: number,
  sizes: readonly number[],
  owner = 'ada',
): Promise<string> {
  const session = await sessions.open(null)
  setAll(session, untouched(count, sizes, owner))
  const header = pairsOf(await sessions.setCookies(session))
  expect(partsOf(header)).toHaveLength(count)
  return header
}

function untouched(count: number, sizes: readonly number[], owner = 'ada') {
  return { owner, text: owner.at(0)?.repeat(sizes[count - 1] ?? 0) }
}

async function opened(sessions: Sessions, header: string): Promise<Record<string, unknown>> {
  return (await sessions.open(header)).toJSON()
}

/**
 * Expects that each header gets the response of a visitor without cookies. Returns their number.
 */
async function refused(sessions: Sessions, headers: Iterable<string>): Promise<number> {
  const answer = await answerTo(sessions, '')
  expect(answer).not.toContain('set-cookie')
  return answersAre(sessions, headers, answer)
}

async function answersAre(
  sessions: Sessions,
  headers: Iterable<string>,
  expected: string,
  shape: (answer: string) => string = (answer) => answer,
): Promise<number> {
  let count = 0
  const wrong: string[] = []
  const check = async (some: readonly string[]) => {
    const answers = await Promise.all(some.map((header) => answerTo(sessions, header)))
    for (const [index, header] of some.entries()) {
      count++
      if (shape(answers[index] ?? '') !== expected) wrong.push(`${answers[index]} to ${header}`)
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
  expect(wrong.slice(0, 5)).toEqual([])
  return count
}

/** Returns a whole response, and what the handler reads of the session. */
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

function seen(session: Session): string {
  const { id, isNew, isEmpty, startedAt, expiresAt } = session
  return JSON.stringify([{ id, isNew, isEmpty, startedAt, expiresAt }, session.toJSON()])
}

/** Returns a value as the one cookie of a session. */
function inOne(value: string): string {
  return headerOfParts([value])
}

/** Returns the contents of a bare token as the value of a cookie. */
function mintValue(): string {
  return mint(payload(), { purpose: 'token' })
}

function partsOf(header: string): string[] {
  return header.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1))
}

/** Returns the value of a session's parts, without their count. */
function joined(parts: readonly string[]): string {
  const value = parts.join('')
  return parts.length === 1 ? value : value.replace(/^[0-9]+\./, '')
}
