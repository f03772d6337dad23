// docs/format.md, checked: its worked example byte for byte, and the reader that it prints. The
// reader runs on the vectors and on every input that tampering.test.ts gives to the library, and
// must return the same verdicts.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { compactDecrypt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, Sessions } from 'sealed-session'
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
import { inEngine } from '../support/engines.ts'
import {
  DAY,
  ID,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  WEEK,
  dayOf,
  forge,
  headerOf,
  headerOfParts,
  mint,
  mintAt,
  mintTicket,
  mintToken,
  payload,
  split,
  toToken,
} from '../support/mint.ts'
import { FORMAT_PAGE, loadPrintedReader } from '../support/printed-reader.ts'
import type { PrintedReader, ReaderConfig, ReaderResult } from '../support/printed-reader.ts'
import { readVectors } from '../support/vectors.ts'
import type { Vector } from '../support/vectors.ts'

const vectors = readVectors()
let reader: PrintedReader

beforeAll(async () => {
  reader = await loadPrintedReader()
})

describe('the reader that is printed in docs/format.md', () => {
  const config: ReaderConfig = {
    name: vectors.name,
    now: vectors.now,
    clockTolerance: vectors.clockTolerance,
    validAfter: vectors.validAfter,
    secrets: vectors.secrets.map((secret) =>
      typeof secret === 'string'
        ? { bytes: Buffer.from(secret) }
        : { bytes: Buffer.from(secret.secret), id: secret.id },
    ),
    lifetimes: {
      default: vectors.lifetimes.default,
      named: new Map(Object.entries(vectors.lifetimes.named)),
    },
  }

  function read({ cookie = '', token, purpose, serializer }: Vector): ReaderResult | undefined {
    const deserialize = (text: string): unknown => JSON.parse(text)
    const full = serializer === undefined ? config : { ...config, deserialize }
    return token === undefined
      ? reader.openCookies(cookie, full)
      : reader.openToken(token, full, purpose)
  }

  test.each(vectors.valid)('opens: $title', (valid) => {
    const { id, startedAt, expiresAt, data, scopes = {}, messages = [], csrf } = valid
    const expected = { id, startedAt, expiresAt, scopes, messages, csrf, test: valid.test ?? false }
    const result = read(valid)
    expect(result).toMatchObject(expected)
    expect(JSON.stringify(result?.data)).toBe(JSON.stringify(data))
  })

  test.each(vectors.invalid)('rejects as $reason: $about: $title', (invalid) => {
    expect(read(invalid)).toEqual({ reason: invalid.reason })
  })

  test('is used as the page says', () => {
    const [, example = ''] = /^```js\n(const config = \{[\s\S]*?)^```$/m.exec(FORMAT_PAGE) ?? []
    const cookie = `${NAME}=${mint()}`
    const printed: unknown[] = []
    // oxlint-disable-next-line typescript/no-implied-eval -- the page's own code, with what it names
    const run = new Function('openCookies', 'request', 'process', 'console', 'Date', example)
    run(
      (header: string, given: ReaderConfig) => reader.openCookies(header, given),
      { headers: { cookie } },
      { env: { SESSION_SECRETS: SECRET } },
      { log: (value: unknown) => printed.push(value) },
      { now: () => START * 1000 },
    )
    expect(printed).toEqual([{ user: 'ada' }])
  })

  test('finds no session without cookies', () => {
    for (const header of ['', 'theme=dark', `x${NAME}=1`, `${NAME}x=1`, `${NAME}.16=1`]) {
      expect(reader.openCookies(header, config)).toBeUndefined()
    }
    expect(reader.openCookies(`${NAME}.t=1; ${NAME}.x=aaaa`, config)).toBeUndefined()
  })
})

describe.each(['node:crypto', 'jose'])('the printed reader and the library, with %s', (engine) => {
  const config: ReaderConfig = {
    name: NAME,
    now: START,
    clockTolerance: 5,
    secrets: [{ bytes: Buffer.from(SECRET) }, { bytes: Buffer.from(OLDER_SECRET) }],
    lifetimes: { default: { maxAge: WEEK, idleTimeout: DAY }, named: new Map() },
  }
  let sessions: Sessions

  beforeAll(() => {
    const options = { secrets: [SECRET, OLDER_SECRET], clock: () => START * 1000 }
    sessions = inEngine(engine, () => createSessions(options))
  })

  /** Reads all of these with both. Returns how often each verdict occurred. */
  async function compare(
    inputs: Iterable<string>,
    library: (input: string) => Promise<Session>,
    printed: (input: string) => ReaderResult | undefined,
  ): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    const different: string[] = []
    for (const input of inputs) {
      const session = await library(input)
      const result = printed(input)
      const verdict = result?.reason ?? (result === undefined ? 'none' : 'opened')
      counts[verdict] = (counts[verdict] ?? 0) + 1
      const [ours, theirs] = [viewOf(session), viewOfResult(result)]
      if (ours !== theirs) different.push(`${input}\n${ours}\n${theirs}`)
    }
    expect(different).toEqual([])
    return counts
  }

  const compareCookies = (headers: Iterable<string>) =>
    compare(
      headers,
      (header) => sessions.open(header),
      (header) => reader.openCookies(header, config),
    )

  const compareTokens = (tokens: Iterable<string>) =>
    compare(
      tokens,
      (token) => sessions.unseal(token),
      (token) => reader.openToken(token, config),
    )

  const inOne = (values: Iterable<string>) => Array.from(values, (value) => headerOfParts([value]))

  test.each([1, 2, 3])('agree about %i cookies with any bit flipped', async (count) => {
    const header = headerOfParts(split(mint(payload({ data: { text: 'tea'.repeat(40) } })), count))
    const counts = await compareCookies([header, ...flips(header)])
    expect(counts['opened']).toBe(1)
    expect(counts['undecryptable']).toBeGreaterThan(500)
    expect(counts['malformed']).toBeGreaterThan(500)
  })

  test.each([1, 2, 3])('agree about %i truncated cookies', async (count) => {
    const value = mint()
    const parts = split(value, count)
    const counts = await compareCookies([...cutParts(parts), ...cutValues(value, count)])
    expect(counts['opened']).toBeUndefined()
    expect(counts['malformed']).toBeGreaterThan(200)
  })

  test('agree about fields of two values, combined', async () => {
    const own = mint()
    const day = dayOf(START) - 1
    const others = [
      mint(payload({ data: { user: 'eve' } })),
      mint(payload()),
      mint(payload({ sealed: 1 }), { day }),
      mint(payload(), { secret: OLDER_SECRET }),
      mint(payload(), { secret: OTHER_SECRET }),
      mint(payload(), { purpose: 'token' }),
      mint(payload(), { purpose: 'ticket' }),
      mint(payload(), { name: 'other' }),
    ]
    const mixed = others.flatMap((other) => mixtures(own, other))
    const counts = await compareCookies(inOne(mixed))
    expect(counts['opened']).toBeUndefined()
    expect(mixed).toHaveLength(6 * 6 + 14 * 3 - 6)
  })

  test('agree about every other length, boundary, order, number and spelling of its fields', async () => {
    // 56 bytes of payload, so that the last character of the ciphertext has spare bits.
    const value = mint()
    const altered = [
      ...otherFields(value),
      ...movedBoundaries(value),
      ...rearrangements(value),
      ...spellings(value),
    ]
    expect(altered.length).toBeGreaterThan(5000)
    const counts = await compareCookies(inOne(altered))
    expect(counts['opened']).toBeUndefined()
  })

  test('S3: open nothing with a tag of any length but 16 bytes', async () => {
    const [id, day, iv, ciphertext, tag = ''] = mint().split('.')
    const bytes = Buffer.concat([Buffer.from(tag, 'base64url'), Buffer.alloc(16)])
    const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 32]
    const values = lengths.map((length) =>
      [id, day, iv, ciphertext, bytes.subarray(0, length).toString('base64url')].join('.'),
    )
    expect(await compareCookies(inOne(values))).toEqual({ malformed: 18 })
    expect(await compareTokens(values.map(toToken))).toEqual({ malformed: 18 })
  })

  test('agree about bare tokens that are altered', async () => {
    const token = mintToken()
    const header = JSON.stringify(headerOf())
    const forged = Array.from(flips(header), (other) =>
      forge(other, payload(), { purpose: 'token' }),
    )
    const counts = await compareTokens([token, ...flips(token), ...cuts(token), ...forged])
    expect(counts).toMatchObject({ opened: 1 })
    expect(counts['malformed']).toBeGreaterThan(1000)
  })

  test('agree about altered tickets, with which the session still opens', async () => {
    const session = mintAt({ startedAt: START - 50_000 })
    const ticket = mintTicket(START - 600)
    const altered = [ticket, ...flips(ticket), ...cuts(ticket), ...otherFields(ticket)]
    const headers = altered.map((each) => `${NAME}=${session}; ${NAME}.t=${each}`)
    expect(await compareCookies(headers)).toEqual({ opened: headers.length })
  })

  test('agree about altered stamps', async () => {
    const session = mint(payload({ more: { o: 'aB-_cccc' } }))
    const stamps = ['aB-_', ...flips('aB-_'), ...cuts('aB-_'), 'B-_c', 'aB-_cccc']
    const headers = stamps.map((stamp) => `${NAME}=${session}; ${NAME}.x=${stamp}`)
    const counts = await compareCookies(headers)
    expect(counts).toEqual({ opened: expect.any(Number), destroyed: expect.any(Number) })
  })

  function viewOf(session: Session): string {
    const { rejection, isNew, id, startedAt, expiresAt } = session
    if (rejection !== undefined) return JSON.stringify([rejection.reason])
    if (isNew) return 'none'
    return JSON.stringify([id, startedAt, expiresAt, session])
  }

  function viewOfResult(result: ReaderResult | undefined): string {
    if (result === undefined) return 'none'
    if (result.reason !== undefined) return JSON.stringify([result.reason])
    const { id, startedAt = 0, expiresAt = 0, data } = result
    return JSON.stringify([id, new Date(startedAt * 1000), new Date(expiresAt * 1000), data])
  }
})

describe('the worked example of docs/format.md', () => {
  const rows = new Map(
    [...FORMAT_PAGE.matchAll(/^\| (.+?) +\| `([^`]+)`(?:, which is `?([^`|]+?)`?)? *\|$/gm)].map(
      ([, what = '', value = '', other = '']) => [what, { value, other }],
    ),
  )

  function row(what: string): string {
    const found = rows.get(what)
    if (found === undefined) throw new Error(`the example has no row ${what}`)
    return found.value
  }

  const hkdf = (info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', row('secret'), '', info, bytes))

  test('the bytes of the secret, and what HKDF extracts from them', () => {
    expect(Buffer.from(row('secret')).toString('hex')).toBe(row('its bytes'))
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(row('secret')).digest('hex')
    expect(extracted).toBe(row("after HKDF's extraction"))
  })

  test('the id of the secret', () => {
    const id = hkdf(row('`info` of its id'), 3)
    expect([id.toString('hex'), id.toString('base64url')]).toEqual([
      row('its id'),
      rows.get('its id')?.other,
    ])
  })

  test('the day', () => {
    const noon = Date.parse('2026-01-15T12:00:00Z') / 1000
    expect(String(dayOf(noon))).toBe(row('day'))
    expect(noon % DAY).toBe(43_200)
  })

  test('the keys', () => {
    const place = `${row('day')} ${row('`NAME`')}`
    expect(row("`info` of the cookie's key")).toBe(`sealed-session/1 cookie ${place}`)
    const keys = {
      "the cookie's key": `cookie ${place}`,
      "the ticket's key": `ticket ${place}`,
      "a parcel's key": `overflow ${place}`,
      "a bare token's key": `token ${place}`,
      '… with the text `password reset`': `token ${place} password reset`,
    }
    for (const [what, context] of Object.entries(keys)) {
      expect(hkdf(`sealed-session/1 ${context}`, 32).toString('hex'), what).toBe(row(what))
    }
  })

  test('the value, sealed and opened', () => {
    const header = row('header')
    const aad = Buffer.from(header).toString('base64url')
    expect(aad).toBe(row('associated data'))
    const key = Buffer.from(row("the cookie's key"), 'hex')
    const iv = Buffer.from(row('IV'), 'hex')
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad))
    const ciphertext = Buffer.concat([cipher.update(row('payload')), cipher.final()])
    const tag = cipher.getAuthTag()
    expect(ciphertext.toString('hex')).toBe(row('ciphertext'))
    expect(tag.toString('hex')).toBe(row('tag'))
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad))
    decipher.setAuthTag(tag)
    expect(decipher.update(ciphertext).toString() + decipher.final('utf8')).toBe(row('payload'))
    const sealed = [iv, ciphertext, tag].map((part) => part.toString('base64url')).join('.')
    expect(FORMAT_PAGE).toContain(`\n__Host-session=ucs7.20468.${sealed}\n`)
  })

  test('opens with the library and with jose', async () => {
    const [, value = ''] = /^__Host-session=(ucs7\.\S+)$/m.exec(FORMAT_PAGE) ?? []
    const sessions = createSessions({ secrets: row('secret'), clock: () => START * 1000 })
    const session = await sessions.open(`__Host-session=${value}`)
    expect([session.id, session.toJSON()]).toEqual([ID, { user: 'ada' }])
    const key = Buffer.from(row("the cookie's key"), 'hex')
    const { plaintext } = await compactDecrypt(toToken(value), key)
    expect(new TextDecoder().decode(plaintext)).toBe(row('payload'))
  })
})
