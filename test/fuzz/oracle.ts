// What must hold of every input. The library is asked in several ways, with both engines; what it
// answers is compared with itself, with what was minted, and with the model.

import type { Session, SessionOptions, Sessions, createSessions } from 'sealed-session'
import { NAME, OLDER_SECRET, SECRET, START } from '../support/mint.ts'
import { pairsOf } from './headers.ts'
import { Meter, watchWebCrypto, withNodeCrypto, withWebCrypto } from './meter.ts'
import { accepts, claimsOf, isWritable } from './model.ts'
import { usual } from './payloads.ts'
import { DAY, openMinted, seal } from './tokens.ts'
import type { Opened, Purpose } from './tokens.ts'

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

/** Overlapping scopes are tried so often, and no more. */
const MOST_CANDIDATES = 4

/** What browsers keep of one cookie. */
const MOST_VALUE = 4096

/** Sixteen parts, and the mark. */
const MOST_LINES = 17

const LINE =
  /^(__Host-session(?:\.(?:[1-9]|1[0-5]|x))?)=([\w.-]*); Max-Age=\d+; Path=\/; (?:Expires=Thu, 01 Jan 1970 00:00:00 GMT; )?HttpOnly; Secure; SameSite=Lax$/

/**
 * The work that opening an input may cost, in executed blocks. Measured: 3.0 a character in a header of
 * semicolons and blanks, 2.2 where a token holds a thousand empty lists, below 0.7 elsewhere, and a
 * few hundred whatever comes. A step for every pair of characters would pass this at a few dozen.
 */
export function mostWork(input: string): number {
  return 1000 + 4 * input.length
}

class Broken extends Error {
  readonly promise: string

  constructor(promise: string, detail: string) {
    super(detail)
    this.promise = promise
  }
}

function hold(condition: boolean, promise: string, detail: string): void {
  if (!condition) throw new Broken(promise, detail)
}

/** All that an application can see of a session without changing it. */
interface Outcome {
  readonly reason: string | undefined
  readonly id: string | undefined
  readonly isNew: boolean
  readonly data: string
  readonly seen: string
}

export class Oracle {
  readonly #meter = new Meter()
  readonly #node: Sessions
  readonly #web: Sessions
  readonly #full: Sessions
  readonly #unwatch: () => void

  constructor(create: Create) {
    this.#unwatch = watchWebCrypto(this.#meter)
    this.#node = withNodeCrypto(this.#meter, () => create(PLAIN))
    this.#web = withWebCrypto(() => create(PLAIN))
    this.#full = withNodeCrypto(this.#meter, () => create(FULL))
  }

  /** Derives what the first sessions of all have derived. */
  async warm(): Promise<void> {
    for (const sessions of [this.#node, this.#web, this.#full]) {
      for (const secret of [SECRET, OLDER_SECRET]) {
        const session = await sessions.open(`${NAME}=${seal(usual(), { secret })}`)
        session.set('warm', true)
        await sessions.setCookies(session)
      }
      await sessions.unseal(seal(usual(), { purpose: 'token' }))
    }
  }

  close(): void {
    this.#unwatch()
  }

  /** The one call whose work is measured. */
  async probe(input: string): Promise<void> {
    await this.#node.open(input)
  }

  /** Why a cookie was refused, or `opened`, or `none`. */
  async verdict(input: string): Promise<string> {
    const { reason, isNew } = outcomeOf(await this.#node.open(input))
    return reason ?? (isNew ? 'none' : 'opened')
  }

  /** The first promise that an input breaks. */
  async check(input: string): Promise<Finding | undefined> {
    try {
      const session = await this.#openCounted(input)
      const outcome = outcomeOf(session)
      await this.#checkEngines(input, outcome, await this.#checkCommit(session, input))
      await this.#checkSources(input, outcome)
      await this.#checkWrite(input)
      await this.#checkBare(input)
      return undefined
    } catch (error) {
      if (error instanceof Broken) return { promise: error.promise, detail: error.message }
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return { promise: 'nothing throws', detail }
    }
  }

  /** Opens, and holds the result against what was decrypted. */
  async #openCounted(input: string): Promise<Session> {
    const meter = this.#meter
    meter.reset()
    const session = await this.#node.open(input)
    const { attempts, decryptions, derivations } = meter
    const { reason, id, isNew, data } = outcomeOf(session)
    hold(REASONS.has(reason), 'a reason is one of the public ones', String(reason))
    hold(decryptions <= MOST_CANDIDATES, 'at most four decryptions', String(decryptions))
    hold(derivations <= decryptions, 'no derivation without a decryption', String(derivations))
    if (!input.includes(NAME)) {
      hold(isNew && reason === undefined, 'a foreign cookie is no session', String(reason))
    }
    const logouts = logoutsIn(input)
    const minted = mintedAmong(attempts, 'cookie')
    if (isNew) {
      const only = onlyToken(input)
      const fits = only !== undefined && only.length <= MOST_VALUE
      const token = fits ? openMinted(only, 'cookie') : undefined
      const must = token !== undefined && accepts(token, logouts) === true
      hold(!must, 'a valid session opens', String(reason))
      hold(id === undefined && data === '{}', 'a refused session is empty', data)
      return session
    }
    hold(reason === undefined, 'an opened session has no rejection', String(reason))
    const source = minted.find(({ payload }) => isOf(payload, id, data))
    hold(source !== undefined, 'nothing opens that was not minted', `${id} ${data}`)
    hold(
      attempts.some((token) => isCutFrom(token, input)),
      'a token has one spelling',
      attempts.join(' '),
    )
    hold(
      minted.some((token) => isOf(token.payload, id, data) && accepts(token, logouts) !== false),
      'nothing opens that the format refuses',
      `${source?.header} ${source?.payload.toString()}`,
    )
    return session
  }

  /** What was only read is committed without an error, and what is written reads back. */
  async #checkCommit(session: Session, input: string): Promise<readonly string[]> {
    const before = outcomeOf(session)
    let lines: readonly string[]
    try {
      lines = await this.#node.setCookies(session)
    } catch (error) {
      hold(this.#isAllowed(error), 'a commit after open does not throw', String(error))
      return ['refused']
    }
    checkLines(lines, input)
    const written = headerOfLines(lines)
    if (written.startsWith(`${NAME}=`)) {
      const after = outcomeOf(await this.#node.open(written))
      const same = after.id === before.id && after.data === before.data
      hold(same, 'what is renewed reads back', `${before.data} ${after.reason} ${after.data}`)
    }
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
    hold(other === JSON.stringify(outcome), 'both engines agree', other)
    hold(
      meter.decryptions === decryptions && meter.derivations <= decryptions,
      'both engines decrypt as often',
      `${decryptions} ${meter.decryptions} ${meter.derivations}`,
    )
    const theirs = await this.#web.setCookies(session).catch(() => ['refused'])
    hold(
      theirs.map(shapeOf).join() === lines.map(shapeOf).join(),
      'both engines write the same cookies',
      theirs.map(shapeOf).join(),
    )
  }

  /** The same header by other ways, and a logout. */
  async #checkSources(input: string, outcome: Outcome): Promise<void> {
    const source = isFieldValue(input)
      ? new Headers({ cookie: input })
      : { headers: { COOKIE: [input] } }
    const session = await this.#node.open(source)
    const other = JSON.stringify(outcomeOf(session))
    hold(other === JSON.stringify(outcome), 'every source gives the same session', other)
    session.destroy()
    const response = await this.#node.commit(session, new Response(null))
    const lines = response.headers.getSetCookie()
    checkLines(lines, input)
    const kept = headerOfLines(lines)
    hold(
      kept === '' || /^__Host-session\.x=[1-9]\d{0,8}$/.test(kept),
      'a logout leaves nothing but its mark',
      kept,
    )
    if (kept === '') return
    const { reason, isNew } = outcomeOf(await this.#node.open(`${input}; ${kept}`))
    // The count ends somewhere, and a twin may have been begun under a higher one.
    const mark = Number(kept.split('=').at(-1))
    const counts = mintedAmong(this.#meter.attempts, 'cookie').every(
      ({ payload }) => Number(claimsOf(payload)?.['out'] ?? 0) < mark,
    )
    hold(isNew || !counts, 'a logout ends every session of before', String(reason))
  }

  /** A change after whatever came, with every option in use. */
  async #checkWrite(input: string): Promise<void> {
    this.#meter.reset()
    const session = await this.#full.open(input)
    const reason = session.rejection?.reason
    hold(REASONS.has(reason), 'a reason is one of the public ones', String(reason))
    const before = session.isNew ? '' : JSON.stringify(session)
    session.set('fuzz', 1)
    session.flash('note', 'saved')
    session.scope('inner').set('fuzz', 2)
    const { id } = session
    const [written, error] = await settled(this.#full.setCookies(session))
    if (written === undefined) {
      hold(this.#isAllowed(error), 'a write is refused with a code', String(error))
      return
    }
    checkLines(written, input)
    const after = await this.#full.open(headerOfLines(written))
    const isThere = after.id === id && after.get('fuzz') === 1 && after.flash('note') !== undefined
    const detail = `${before} ${after.rejection?.reason} ${JSON.stringify(after)}`
    hold(isThere && after.scope('inner').get('fuzz') === 2, 'what is written reads back', detail)
  }

  /** Refusals that are the data's fault: too much, or what another writer stored against the rules. */
  #isAllowed(error: unknown): boolean {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_SESSION_TOO_LARGE') return true
    const sources = mintedAmong(this.#meter.attempts, 'cookie')
    return (
      code === 'ERR_SESSION_DATA' && sources.some(({ payload }) => !isWritable(claimsOf(payload)))
    )
  }

  /** The same text where a bare token is expected. */
  async #checkBare(input: string): Promise<void> {
    this.#meter.reset()
    const session = await this.#node.unseal(input)
    const { attempts, decryptions } = this.#meter
    const { reason, id, isNew, data } = outcomeOf(session)
    hold(REASONS.has(reason), 'a reason is one of the public ones', String(reason))
    hold(decryptions <= 1, 'a bare token is decrypted once', String(decryptions))
    const minted = mintedAmong(attempts, 'token').some(({ payload }) => isOf(payload, id, data))
    hold(isNew || (minted && attempts[0] === input), 'nothing opens that was not minted', data)
  }
}

const clock = () => START * 1000

const PLAIN: SessionOptions = { secrets: [SECRET, OLDER_SECRET], clock, rotate: 'eager' }

/** Everything that can be configured and that an input can reach. */
const FULL: SessionOptions = {
  secrets: [SECRET, OLDER_SECRET],
  clock,
  maxAge: 30 * DAY,
  idleTimeout: false,
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

function mintedAmong(tokens: readonly string[], purpose: Purpose): Opened[] {
  return tokens.flatMap((token) => openMinted(token, purpose) ?? [])
}

function isOf(payload: Uint8Array, id: string | undefined, data: string): boolean {
  const claims = claimsOf(payload)
  return claims !== undefined && claims.jti === id && JSON.stringify(claims.d) === data
}

/** The value of the one cookie of ours in a plain header, if there is no other and no mark. */
function onlyToken(input: string): string | undefined {
  const pairs = pairsOf(input)
  const ours = pairs.filter(({ name, value }) => name.includes(NAME) || value.includes(NAME))
  const [first] = ours
  return ours.length === 1 && first?.name === NAME ? trimEnd(first.value) : undefined
}

/** The highest mark in a header, where nothing but a semicolon stands between cookies. */
function logoutsIn(input: string): number {
  const marks = pairsOf(input)
    .filter(({ name }) => name === `${NAME}.x`)
    .map(({ value }) => trimEnd(value))
  return Math.max(0, ...marks.filter((value) => /^[1-9]\d{0,8}$/.test(value)).map(Number))
}

/** Without blanks at its end. A pattern would try again from every blank of a long run. */
function trimEnd(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--
  return text.slice(0, end)
}

/** Whether a token is, character for character, some of the values in a header, one after another. */
function isCutFrom(token: string, input: string): boolean {
  const whole = input.split(/[;,]/).map((pair) => pair.slice(pair.indexOf('=') + 1))
  const plain = whole.map(trimEnd)
  const values = new Set([...plain, ...plain.map((value) => value.replace(/^\d+\./, ''))])
  values.delete('')
  const reached = new Set([0])
  for (const at of reached) {
    for (const value of values) {
      if (token.startsWith(value, at)) reached.add(at + value.length)
    }
  }
  return reached.has(token.length)
}

function checkLines(lines: readonly string[], input: string): void {
  hold(lines.length <= MOST_LINES, 'the lines are few', String(lines.length))
  const names = lines.map((line) => {
    const [, name = '', value = ''] = LINE.exec(line) ?? []
    hold(name !== '', 'a line parses', line)
    hold(value !== '' || input.includes(name), 'only what came is deleted', line)
    return name
  })
  hold(new Set(names).size === names.length, 'a name is written once', names.join())
}

/** What a browser that had no cookies would send back. */
function headerOfLines(lines: readonly string[]): string {
  return lines
    .map((line) => line.split(';', 1).join())
    .filter((pair) => !pair.endsWith('='))
    .join('; ')
}

/** A line without what is drawn at random. */
function shapeOf(line: string): string {
  return line.replace(/=([^;]*)/, (_, value: string) => `=${value.length}`)
}

/** Whether `Headers` takes it: bytes, and no line break or NUL. */
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
