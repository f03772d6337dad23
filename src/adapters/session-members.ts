// The members of an Express session beside the application's keys: those of express-session and
// cookie-session.

import { assertCommittable } from '../pipeline/writable.ts'
import { hasUnwrittenChange } from '../pipeline/changes.ts'
import { SessionCommittedError, SessionError } from '../errors.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { isEmpty } from '../session/contents.ts'
import { reserveClaims } from '../session/early-claims.ts'
import { access } from '../session/state.ts'
import type { SessionRejection, SessionState } from '../session/state.ts'
import { ownProperties } from '../validate.ts'
import { createSessionCookie } from './session-cookie.ts'
import type { ExpressSessionCookie } from './session-cookie.ts'
import type { SessionKeys } from './session-keys.ts'
import { callBackOrPromise } from './callback-or-promise.ts'
import type { SessionCallback } from './callback-or-promise.ts'
import { withoutUndefined } from './undefined-members.ts'

/**
 * The members of `request.session` beside the application's keys. Each method takes a callback, or
 * returns a promise; with a callback it returns the session.
 *
 * @example
 * await request.session.regenerate()
 * request.session.user = 'ada'
 */
export interface ExpressSessionMembers {
  /** The session's id. A session that stays empty has another id in the next request. */
  readonly id: string
  /** The session's lifetime. */
  readonly cookie: ExpressSessionCookie
  /** Whether the session began in this request. */
  readonly isNew: boolean
  /** Whether any key is set. */
  readonly isPopulated: boolean
  /** Whether the session is new, or differs from the one that was received. */
  readonly isChanged: boolean
  /**
   * Begins a new session, which `request.session` returns from then on. The old object keeps its
   * values and accepts no others.
   */
  regenerate(callback: SessionCallback): this
  regenerate(): Promise<void>
  /** Ends the session. From then on `request.session` is `undefined`. */
  destroy(callback: SessionCallback): this
  destroy(): Promise<void>
  /**
   * Discards the changes of this request, and checks again whether the session is valid.
   *
   * @throws SessionError `ERR_SESSION_RELOAD` if it is not, or if none was received
   */
  reload(callback: SessionCallback): this
  reload(): Promise<void>
  /**
   * Checks that the session can be written. The cookies are written with the head of the response.
   *
   * @throws SessionTooLargeError if it does not fit `limits`
   * @throws SessionDataError if a value cannot be stored
   * @throws SessionCommittedError if it was changed after the head
   */
  save(callback: SessionCallback): this
  save(): Promise<void>
  /** Counts this request as a use, whatever `touchInterval` says. */
  touch(callback: SessionCallback): this
  touch(): Promise<void>
  /** Same as `touch`. */
  resetMaxAge(callback: SessionCallback): this
  resetMaxAge(): Promise<void>
}

/** One session of one request, as its members use it. */
export interface SessionControl {
  readonly state: SessionState
  readonly pipeline: Pipeline
  readonly report: (error: unknown) => void
  readonly touch: () => void
  readonly discard: () => void
  readonly verify: () => Promise<SessionRejection | undefined>
  /** Begins a new session, with a new object for it. */
  readonly renew: () => void
  /** Ends the session without a successor. */
  readonly end: () => void
}

/** Node's name for the method that formats an object for printing. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** The members of one object. */
export class SessionMembers {
  static {
    // Returns the data for printing. Node calls it on the proxy in front of this object.
    const inspect = ownProperties<PropertyDescriptor>({
      value(this: object) {
        return Object.fromEntries(Object.entries(this))
      },
    })
    Object.defineProperty(this.prototype, INSPECT, inspect)
    // Frozen, because every session inherits from it, and `session.__proto__` returns it.
    Object.freeze(this.prototype)
    Object.freeze(this)
  }

  readonly #control: SessionControl
  readonly #keys: SessionKeys
  /** The object that the application uses. */
  readonly #self: () => object
  #cookie: ExpressSessionCookie | undefined

  constructor(control: SessionControl, keys: SessionKeys, self: () => object) {
    this.#control = control
    this.#keys = keys
    this.#self = self
  }

  get id(): string {
    return this.#keys.keptId ?? reserveClaims(this.#control.state).id
  }

  get cookie(): ExpressSessionCookie {
    const { state, pipeline } = this.#control
    this.#cookie ??= createSessionCookie(state, pipeline)
    return this.#cookie
  }

  get isNew(): boolean {
    return access(this.#control.state).isNew
  }

  get isPopulated(): boolean {
    return this.#keys.read().size > 0
  }

  get isChanged(): boolean {
    const { state, pipeline } = this.#control
    const { isNew, changed, contents, received } = access(state)
    if (isNew) return true
    const isEmptied = isEmpty(contents) && changed && received !== undefined
    return isEmptied || hasUnwrittenChange(withCleanData(state, pipeline), pipeline)
  }

  regenerate(callback?: unknown): unknown {
    return this.#act('regenerate', callback, () => this.#control.renew())
  }

  destroy(callback?: unknown): unknown {
    return this.#act('destroy', callback, () => this.#control.end())
  }

  touch(callback?: unknown): unknown {
    return this.#act('touch', callback, () => this.#control.touch())
  }

  resetMaxAge(callback?: unknown): unknown {
    return this.#act('resetMaxAge', callback, () => this.#control.touch())
  }

  reload(callback?: unknown): unknown {
    return this.#settle('reload', callback, () => reload(this.#control))
  }

  save(callback?: unknown): unknown {
    const result = this.#settle('save', callback, () => assertSavable(this.#control))
    // If the application does not await it, the response reports the same error.
    if (result instanceof Promise) result.catch(() => {})
    return result
  }

  /**
   * Runs a change. After the head it fails, and the application may not await it: the error is reported
   * too, because a rejection that is not handled ends the process.
   */
  #act(method: string, callback: unknown, act: () => void): unknown {
    const result = this.#settle(method, callback, act)
    if (result instanceof Promise) result.catch(this.#control.report)
    return result
  }

  /** Does nothing if the object's session has ended, as the methods of express-session. */
  #settle(method: string, callback: unknown, act: () => void | Promise<void>): unknown {
    const { report } = this.#control
    const work = () => (this.#keys.keptId === undefined ? act() : undefined)
    return callBackOrPromise(method, callback, { self: this.#self(), report }, work)
  }
}

async function reload({ state, discard, verify }: SessionControl): Promise<void> {
  if (!state.committed) discard()
  const reason = state.received === undefined ? 'no session was received' : await findReason(verify)
  if (reason === undefined) return
  throw new SessionError('ERR_SESSION_RELOAD', `the session cannot be reloaded: ${reason}`)
}

async function findReason(verify: SessionControl['verify']): Promise<string | undefined> {
  const rejection = await verify()
  return rejection && `it is ${rejection.reason}`
}

async function assertSavable({ state, pipeline }: SessionControl): Promise<void> {
  if (!access(state).committed) {
    return assertCommittable(withCleanData(state, pipeline), pipeline)
  }
  await state.writing
  const isLate = hasUnwrittenChange(withCleanData(state, pipeline), pipeline)
  if (isLate) throw new SessionCommittedError()
}

/** Returns the state with the data that would be written now. */
function withCleanData(state: SessionState, { serializer }: Pipeline): SessionState {
  if (serializer !== undefined) return state
  return { ...state, contents: withoutUndefined(state.contents) }
}
