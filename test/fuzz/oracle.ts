// The promises that hold for every input. The library is called in several ways, with both engines;
// its results are compared with each other, with what was minted, and with the reader that
// docs/format.md prints.

import { isDeepStrictEqual } from 'node:util'
import type { Session, SessionOptions, Sessions, createSessions } from 'sealed-session'
import { parseRequestCookies } from '../../src/cookies/request-cookies.ts'
import { DAY, ID, NAME, OLDER_SECRET, SECRET, START } from '../support/mint.ts'
import type { Purpose } from '../support/mint.ts'
import { Meter, watchWebCrypto, withNodeCrypto, withWebCrypto } from './meter.ts'
import { LIFETIMES } from './model.ts'
import type { Model, View } from './model.ts'
import { validPayload } from './payloads.ts'
import { PURPOSE_TEXT, openMinted, sealTicket, sealToken, sealValue, valueOf } from './tokens.ts'
import type { Opened } from './tokens.ts'

/** A promise that an input breaks. */
export interface Finding {
  readonly promise: string
  readonly detail: string
}

type Create = typeof createSessions

const REASONS: ReadonlySet<string | undefined> = new Set([
  undefined,
  'malformed',
  'incomplete',
  'unknown-key',
  'undecryptable',
  'expired',
  'idle',
  'not-yet-valid',
  'revoked',
  'destroyed',
  'invalid-data',
  'too-large',
])

/** How many overlapping scopes are tried; as many tickets are opened for each. */
const MAX_CANDIDATES = 4

/** Sixteen parts, the ticket and the stamp. */
const MAX_LINES = 18

const LINE =
  /^(__Host-session(?:\.(?:[1-9]|1[0-5]|x|t))?)=([\w.-]*); Max-Age=\d+; Path=\/; (?:Expires=Thu, 01 Jan 1970 00:00:00 GMT; )?HttpOnly; Secure; SameSite=Lax$/

/**
 * Upper bound for the work of opening an input, in executed blocks. Measured: 3.5 a character in a
 * header of semicolons and blanks, below 1.5 in all other inputs that were found, and a few hundred
 * for any input. One step for every pair of characters would exceed this at a few dozen.
 */
export function mostWork(input: string): number {
  return 1000 + 4 * input.length
}

class BrokenPromise extends Error {
  readonly promise: string

  constructor(promise: string, detail: string) {
    super(detail)
    this.promise = promise
  }
}

function assertPromise(condition: boolean, promise: string, detail: string): void {
  if (!condition) throw new BrokenPromise(promise, detail)
}

/** Everything that an application can read of a session without changing it. */
interface Outcome {
  readonly reason: string | undefined
  readonly id: string | undefined
  readonly isNew: boolean
  readonly data: string
  readonly seen: string
}

export class Oracle {
  readonly #meter = new Meter()
  readonly #model: Model
  readonly #node: Sessions
  readonly #web: Sessions
  readonly #full: Sessions
  readonly #unwatch: () => void

  constructor(create: Create, model: Model) {
    this.#model = model
    this.#unwatch = watchWebCrypto(this.#meter)
    this.#node = withNodeCrypto(this.#meter, () => create(PLAIN))
    this.#web = withWebCrypto(() => create(PLAIN))
    this.#full = withNodeCrypto(this.#meter, () => create(FULL))
  }

  /** Derives what the first sessions of all have derived. */
  async warm(): Promise<void> {
    for (const sessions of [this.#node, this.#web, this.#full]) {
      for (const secret of [SECRET, OLDER_SECRET]) {
        const ticket = sealTicket(ID, START, { secret })
        const value = sealValue(validPayload(), { secret })
        const session = await sessions.open(`${NAME}=${value}; ${NAME}.t=${ticket}`)
        session.set('warm', true)
        await sessions.setCookies(session)
      }
      await sessions.unseal(sealToken(validPayload()))
      await sessions.unseal(
        sealToken(validPayload(), { purpose: `token ${PURPOSE_TEXT}` }),
        PURPOSE_TEXT,
      )
    }
  }

  close(): void {
    this.#unwatch()
  }

  /** The call whose work is measured. */
  async probe(input: string): Promise<void> {
    await this.#node.open(input)
  }

  /** The reason of a rejection, or `opened`, or `none`. */
  async verdict(input: string): Promise<string> {
    const { reason, isNew } = outcomeOf(await this.#node.open(input))
    return reason ?? (isNew ? 'none' : 'opened')
  }

  /** Returns the first promise that an input breaks. */
  async check(input: string): Promise<Finding | undefined> {
    try {
      const session = await this.#openCounted(input)
      const outcome = outcomeOf(session)
      await this.#checkEngines(input, outcome, await this.#checkRead(session, input))
      await this.#checkLogout(input, outcome)
      await this.#checkWrite(input)
      await this.#checkBare(input)
      await this.#checkBare(input, PURPOSE_TEXT)
      return undefined
    } catch (error) {
      if (error instanceof BrokenPromise) return { promise: error.promise, detail: error.message }
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return { promise: 'nothing throws', detail }
    }
  }

  /** Opens, and compares the result with what was decrypted and with that of the printed reader. */
  async #openCounted(input: string): Promise<Session> {
    const meter = this.#meter
    meter.reset()
    const session = await this.#node.open(input)
    const { attempts, decryptions, derivations } = meter
    const { reason, id, isNew, data } = outcomeOf(session)
    assertPromise(REASONS.has(reason), 'a reason is one of the public ones', String(reason))
    const tickets = input.includes(`${NAME}.t=`) ? MAX_CANDIDATES : 0
    const most = MAX_CANDIDATES * (1 + tickets)
    assertPromise(
      decryptions <= most,
      'four decryptions at most, and four of tickets for each',
      `${decryptions}`,
    )
    assertPromise(
      derivations <= decryptions,
      'no derivation without a decryption',
      `${derivations}`,
    )
    if (!input.includes(NAME)) {
      assertPromise(isNew && reason === undefined, 'a foreign cookie is no session', String(reason))
    }
    if (isNew) {
      assertPromise(id === undefined && data === '{}', 'a refused session is empty', data)
    } else {
      assertPromise(reason === undefined, 'an opened session has no rejection', String(reason))
      const isMinted = mintedAmong(attempts, 'cookie').some(({ payload }) =>
        isOf(payload, id, data),
      )
      assertPromise(isMinted, 'nothing opens that was not minted', `${id} ${data}`)
      const values = attempts.map(valueOf)
      const isThere = values.some((value) => value !== undefined && isCutFrom(value, input))
      assertPromise(isThere, 'a value has one spelling', attempts.join(' '))
    }
    checkView(session, this.#model.cookies(input))
    return session
  }

  /** A session that was only read writes at most a ticket, with the current time. */
  async #checkRead(session: Session, input: string): Promise<readonly string[]> {
    const { reason, isNew } = outcomeOf(session)
    const before = JSON.stringify(session)
    const lines = await this.#node.setCookies(session)
    checkLines(lines, input)
    const written = headerOfLines(lines)
    if (isNew) {
      const isLeft = lines.length === 0 || (reason === 'destroyed' && written === '')
      assertPromise(isLeft, 'a refused cookie is left alone', lines.join('\n'))
      return lines
    }
    assertPromise(lines.length <= 1, 'reading writes a ticket at most', lines.join('\n'))
    if (lines.length === 0) return lines
    assertPromise(/^__Host-session\.t=[\w.-]+$/.test(written), 'reading writes no data', written)
    // Of duplicates with one id, the ticket of one may renew the other.
    if (hasTwins(input)) return lines
    const after = await this.#node.open(`${written}; ${input}`)
    const same = after.id === session.id && JSON.stringify(after) === before
    assertPromise(same, 'a ticket changes no data', `${before} ${JSON.stringify(after)}`)
    const [then, now] = [session.expiresAt?.getTime() ?? 0, after.expiresAt?.getTime() ?? 0]
    assertPromise(now >= then, 'a ticket never shortens a session', `${then} ${now}`)
    return lines
  }

  async #checkEngines(input: string, outcome: Outcome, lines: readonly string[]): Promise<void> {
    const meter = this.#meter
    meter.reset()
    await this.#node.open(input)
    const { decryptions } = meter
    meter.reset()
    const session = await this.#web.open(input)
    const other = JSON.stringify(outcomeOf(session))
    assertPromise(other === JSON.stringify(outcome), 'both engines agree', other)
    assertPromise(
      meter.decryptions === decryptions && meter.derivations <= decryptions,
      'both engines decrypt as often',
      `${decryptions} ${meter.decryptions} ${meter.derivations}`,
    )
    const theirs = await this.#web.setCookies(session)
    assertPromise(
      theirs.map(shapeOf).join() === lines.map(shapeOf).join(),
      'both engines write the same cookies',
      theirs.map(shapeOf).join(),
    )
  }

  /** Opens the same header through other sources, and logs out. */
  async #checkLogout(input: string, outcome: Outcome): Promise<void> {
    const source = isFieldValue(input)
      ? new Headers({ cookie: input })
      : { headers: { COOKIE: [input] } }
    const session = await this.#node.open(source)
    const other = JSON.stringify(outcomeOf(session))
    assertPromise(other === JSON.stringify(outcome), 'every source gives the same session', other)
    session.destroy()
    const response = await this.#node.commit(session, new Response(null))
    const lines = response.headers.getSetCookie()
    checkLines(lines, input)
    const kept = headerOfLines(lines)
    const isStamp = /^__Host-session\.x=[\w-]{4}$/.test(kept)
    assertPromise(kept === '' || isStamp, 'a logout leaves nothing but its stamp', kept)
    if (kept === '') return
    // Before the others, because a browser has one stamp of a scope, and the first four count.
    const { reason, isNew } = outcomeOf(await this.#node.open(`${kept}; ${input}`))
    assertPromise(isNew, 'a logout ends every session of before', String(reason))
  }

  /** Writes after any input, with every option in use. */
  async #checkWrite(input: string): Promise<void> {
    const session = await this.#full.open(input)
    const reason = session.rejection?.reason
    assertPromise(REASONS.has(reason), 'a reason is one of the public ones', String(reason))
    const before = session.isNew ? '' : JSON.stringify(session)
    session.set('fuzz', 1)
    session.flash('note', 'saved')
    session.scope('inner').set('fuzz', 2)
    const { id } = session
    const [written, error] = await settled(this.#full.setCookies(session))
    if (written === undefined) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
      assertPromise(
        code === 'ERR_SESSION_TOO_LARGE',
        'a write is refused for its size alone',
        String(error),
      )
      return
    }
    checkLines(written, input)
    assertPromise(written.length > 0, 'a change is written', input)
    // The stamps stay in the browser, so a write must know all that were read. A joined header
    // hides some of them from `parsePairs`, and thus which four are the first.
    const { stamps } = parseRequestCookies(input, NAME)
    const kept = (stamps.match(/.{4}/g) ?? []).map((stamp) => `; ${NAME}.x=${stamp}`).join('')
    const after = await this.#full.open(headerOfLines(written) + kept)
    const isThere = after.id === id && after.get('fuzz') === 1 && after.flash('note').length > 0
    const detail = `${before} ${after.rejection?.reason} ${JSON.stringify(after)}`
    assertPromise(
      isThere && after.scope('inner').get('fuzz') === 2,
      'what is written reads back',
      detail,
    )
  }

  /** Opens the same string as a bare token. */
  async #checkBare(input: string, purpose?: typeof PURPOSE_TEXT): Promise<void> {
    this.#meter.reset()
    const session = await this.#node.unseal(input, purpose)
    const { attempts, decryptions } = this.#meter
    const { reason, id, isNew, data } = outcomeOf(session)
    assertPromise(REASONS.has(reason), 'a reason is one of the public ones', String(reason))
    assertPromise(decryptions <= 1, 'a bare token is decrypted once', String(decryptions))
    const minted = mintedAmong(attempts, purpose === undefined ? 'token' : `token ${purpose}`)
    const isMinted = minted.some(({ payload }) => isOf(payload, id, data))
    assertPromise(
      isNew || (isMinted && attempts[0] === input),
      'nothing opens that was not minted',
      data,
    )
    checkView(session, this.#model.token(input, purpose))
  }
}

const clock = () => START * 1000

const PLAIN: SessionOptions = { secrets: [SECRET, OLDER_SECRET], clock, lifetimes: LIFETIMES }

/** Every option that an input can reach. */
const FULL: SessionOptions = {
  secrets: [SECRET, OLDER_SECRET],
  clock,
  maxAge: 30 * DAY,
  idleTimeout: false,
  lifetimes: LIFETIMES,
  limits: { cookie: 4096, cookies: 16, requestHeader: 80_000, responseHeader: 90_000 },
  validAfter: START - 20 * DAY,
  serializer: { stringify: (data) => JSON.stringify(data), parse: (text) => JSON.parse(text) },
  revoked: (session) => {
    if (session.has('cart')) throw new Error('the list is down')
    return session.has('revoked')
  },
  schema: {
    '~standard': {
      version: 1,
      vendor: 'fuzz',
      validate: (value) => {
        const user: unknown = Reflect.get(Object(value), 'user')
        return user === undefined || typeof user === 'string' ? { value } : { issues: [{}] }
      },
    },
  },
}

function outcomeOf(session: Session): Outcome {
  const { id, isNew, isEmpty, startedAt, expiresAt } = session
  const times = [startedAt?.getTime(), expiresAt?.getTime()]
  const seen = [isEmpty, session.size, session.testCookieWorked(), ...times].join()
  return { reason: session.rejection?.reason, id, isNew, data: JSON.stringify(session), seen }
}

/** Throws unless a session equals that of the printed reader for the same input. */
function checkView(session: Session, view: View | undefined): void {
  const agree = (ours: unknown, theirs: unknown) =>
    assertPromise(
      isDeepStrictEqual(ours, theirs),
      'the printed reader agrees',
      `${JSON.stringify(ours)} ${JSON.stringify(theirs)}`,
    )
  const { rejection, isNew, id, startedAt, expiresAt } = session
  agree([isNew, rejection?.reason], [view?.id === undefined, view?.reason])
  if (view?.id === undefined) return
  const { data, scopes, messages, csrf, test } = view
  const times = [startedAt, expiresAt].map((moment) => (moment?.getTime() ?? 0) / 1000)
  agree([id, ...times], [view.id, view.startedAt, view.expiresAt])
  agree([JSON.stringify(session), session.testCookieWorked()], [JSON.stringify(data), test])
  checkScopes(session, scopes as Scopes, agree)
  const all = messages as readonly (readonly [string, unknown])[]
  for (const key of new Set(all.map(([name]) => name))) {
    const expected = all.filter(([name]) => name === key).map(([, message]) => message)
    agree(session.peekFlash(key), expected)
  }
  if (csrf !== undefined) agree(session.verifyCsrfToken(masked(csrf)), true)
}

interface Scopes {
  readonly [name: string]: readonly [data: object, scopes: Scopes]
}

interface ScopeLike {
  scope(name: string): ScopeLike & { toJSON(): unknown }
}

function checkScopes(
  scope: ScopeLike,
  scopes: Scopes,
  agree: (ours: unknown, theirs: unknown) => void,
): void {
  for (const [name, [data, inner]] of Object.entries(scopes)) {
    const own = scope.scope(name)
    agree(JSON.stringify(own), JSON.stringify(data))
    checkScopes(own, inner, agree)
  }
}

/** Returns a CSRF secret under a mask of zeros. */
function masked(secret: string): string {
  return Buffer.concat([Buffer.alloc(16), Buffer.from(secret, 'base64url')]).toString('base64url')
}

function mintedAmong(tokens: readonly string[], purpose: Purpose): Opened[] {
  return tokens.flatMap((token) => openMinted(token, purpose) ?? [])
}

/** Whether a payload has this id and this data. */
function isOf(payload: Uint8Array, id: string | undefined, data: string): boolean {
  try {
    const elements: unknown = JSON.parse(Buffer.from(payload).toString())
    return Array.isArray(elements) && elements[0] === id && JSON.stringify(elements[4]) === data
  } catch {
    return false
  }
}

/** Trims trailing blanks. A regular expression would retry from every blank of a long run. */
function trimEnd(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--
  return text.slice(0, end)
}

/** Whether a value is, character for character, a concatenation of values in a header. */
function isCutFrom(value: string, input: string): boolean {
  const whole = input.split(/[;,]/).map((pair) => pair.slice(pair.indexOf('=') + 1))
  const plain = whole.map(trimEnd)
  const values = new Set([...plain, ...plain.map((text) => text.replace(/^\d+\./, ''))])
  values.delete('')
  const reached = new Set([0])
  for (const at of reached) {
    for (const text of values) {
      if (value.startsWith(text, at)) reached.add(at + text.length)
    }
  }
  return reached.has(value.length)
}

/** Whether a part of a session occurs more than once. */
function hasTwins(input: string): boolean {
  const names = input.split(/[;,]/).map((pair) => /^[ \t]*([^=]*)=/.exec(pair)?.[1] ?? '')
  const parts = names.filter((name) => /^__Host-session(?:\.\d+)?$/.test(name))
  return new Set(parts).size < parts.length
}

function checkLines(lines: readonly string[], input: string): void {
  assertPromise(lines.length <= MAX_LINES, 'the lines are few', String(lines.length))
  const names = lines.map((line) => {
    const [, name = '', value = ''] = LINE.exec(line) ?? []
    assertPromise(name !== '', 'a line parses', line)
    assertPromise(value !== '' || input.includes(name), 'only received cookies are deleted', line)
    return name
  })
  assertPromise(new Set(names).size === names.length, 'a name is written once', names.join())
}

/** Returns what a browser without other cookies would send back. */
function headerOfLines(lines: readonly string[]): string {
  return lines
    .map((line) => line.split(';', 1).join())
    .filter((pair) => !pair.endsWith('='))
    .join('; ')
}

/** Returns a line without its random parts. */
function shapeOf(line: string): string {
  return line.replace(/=([^;]*)/, (_, value: string) => `=${value.length}`)
}

/** Whether `Headers` accepts it: bytes, and no line break or NUL. */
function isFieldValue(input: string): boolean {
  return /^[^\0\r\n\u0100-\uffff]*$/.test(input)
}

async function settled<T>(promise: Promise<T>): Promise<[T | undefined, unknown]> {
  try {
    return [await promise, undefined]
  } catch (error) {
    return [undefined, error]
  }
}
