// Sessions on a clock that a test moves, and the browser between two of their requests.

import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions, Sessions } from 'sealed-session'
import { createJar, pairsOf } from './cookie-jar.ts'
import type { Browser } from './cookie-jar.ts'
import { inEngine } from './engines.ts'
import { SECRET, START, untyped } from './mint.ts'

export type Data = Record<string, unknown>

export interface SetUp<D extends object> {
  /** The clock, in seconds. */
  readonly time: { now: number }
  /** The arguments of `observe`. */
  readonly events: SessionEvent[]
  readonly sessions: Sessions<D>
  /** Creates sessions with the same options and further ones. */
  make(more?: Partial<SessionOptions<D>>): Sessions<D>
  /**
   * Opens the session that the browser has after this one: stores the cookies of `session`, and sends
   * all that the browser has to `by`.
   */
  next(session: Session<D>, by?: Sessions<D>): Promise<Session<D>>
  /** Returns the `Cookie` header of a new session that `fill` has filled. */
  cookieOf(fill: (session: Session<D>) => unknown, by?: Sessions<D>): Promise<string>
  /** Opens the session of a request, which `fill` has filled in the request before. */
  received(fill: (session: Session<D>) => unknown): Promise<Session<D>>
}

/** The browser that a session came from, and the sessions that opened it. */
interface Visit<D extends object> {
  readonly browser: Browser
  readonly owner: Sessions<D>
}

/** Creates sessions with a clock of their own, in one of the engines. */
export function setUp<D extends object = Data>(
  options: Partial<SessionOptions<D>> = {},
  engine = 'node:crypto',
): SetUp<D> {
  const time = { now: START }
  const events: SessionEvent[] = []
  const make = (more: Partial<SessionOptions<D>> = {}) => {
    const usual = {
      secrets: SECRET,
      clock: () => time.now * 1000,
      observe: (event: SessionEvent) => void events.push(event),
    }
    // The types here do not know whether `D` needs a serializer.
    const all = untyped<SessionOptions<D>>({ ...usual, ...options, ...more })
    return inEngine(engine, () => createSessions<D>(all))
  }
  const sessions = make()
  const visits = new WeakMap<Session<D>, Visit<D>>()

  async function next(session: Session<D>, by?: Sessions<D>): Promise<Session<D>> {
    const { browser, owner } = visits.get(session) ?? { browser: createJar(), owner: sessions }
    browser.store(await owner.setCookies(session))
    const reader = by ?? owner
    const later = await reader.open(browser.header())
    visits.set(later, { browser, owner: reader })
    return later
  }

  async function received(fill: (session: Session<D>) => unknown): Promise<Session<D>> {
    const session = await sessions.open(null)
    fill(session)
    return next(session)
  }

  return {
    time,
    events,
    sessions,
    make,
    next,
    received,
    cookieOf: (fill, by = sessions) => cookieOf(by, fill),
  }
}

/** Sets the user, as a login does. */
export function setUser(session: { set(key: 'user', value: string): unknown }): void {
  session.set('user', 'ada')
}

/** Sets every key of an object. */
export function setAll<D extends object>(session: Session<D>, data: Partial<D>): void {
  const dictionary = untyped<Session>(session)
  for (const [key, value] of Object.entries(data)) dictionary.set(key, value)
}

/** Returns the `Cookie` header of a new session that `fill` has filled. */
export async function cookieOf<D extends object = Data>(
  sessions: Sessions<D>,
  fill: (session: Session<D>) => unknown = (session) => setUser(untyped(session)),
): Promise<string> {
  const session = await sessions.open(null)
  fill(session)
  return pairsOf(await sessions.setCookies(session))
}

/** Opens the session of a visitor without cookies. */
export function openNew<D extends object = Data>(
  options: Partial<SessionOptions<D>> = {},
): Promise<Session<D>> {
  return setUp(options).sessions.open(null)
}
