// The head of a Node response, held back until the cookies of its sessions are made. Making them is
// asynchronous, `writeHead` and `end` are not: what is called meanwhile waits, and is done in order.

import { ownProperties } from '../validate.ts'
import { setHeaderFields } from '../http/response.ts'
import type { HeaderFields } from '../http/response.ts'

/** What is needed of a response: `http.ServerResponse` and `Http2ServerResponse` have it. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  getHeader(name: string): number | string | readonly string[] | undefined
  getHeaderNames(): readonly string[]
  setHeader(name: string, value: string | readonly string[]): unknown
  removeHeader(name: string): void
  writeHead(statusCode: number): unknown
  write(chunk: string | Uint8Array): boolean
  end(chunk?: string | Uint8Array): unknown
  emit(event: string): boolean
  destroy(): unknown
}

/** A session that a response may have to carry cookies of. */
export interface PendingSession {
  isUsed(): boolean
  /** Makes the cookies; from then on, or without it, no change can reach the browser. */
  lines(): Promise<readonly string[]>
  /** The head goes without it, or (`false`) does not go after all. */
  close(closed: boolean): void
  /** Told why there are no cookies. The response is as new if nothing of it went, else destroyed. */
  fail(error: unknown): void
}

type Name = 'writeHead' | 'write' | 'end' | 'flushHeaders'
type Method = (...given: unknown[]) => unknown

interface Call {
  readonly name: Name
  readonly given: readonly unknown[]
}

/** One response's head: who rides on it, and how far it is. */
interface Head {
  readonly response: NodeResponse
  readonly passengers: Map<object, PendingSession>
  /** The methods as they were found: Node's, or another middleware's around them. */
  readonly methods: ReadonlyMap<Name, Method>
  phase: 'open' | 'held' | 'gone'
  /** Those it goes without. */
  left: readonly PendingSession[]
  calls: Call[]
  lines: readonly string[] | undefined
  /** A response was withdrawn before: this is the one that says so. */
  second: boolean
  /** Who listens for `drain` by an `on` that other middleware has put there. */
  readonly waiting: Method[]
  /** What stands behind the pretence, once there is one. */
  behind: object | undefined
}

const NAMES: readonly Name[] = ['writeHead', 'write', 'end', 'flushHeaders']

/** What describes a body that is not sent after all. */
const BODY_FIELDS =
  /^(?:content-(?:disposition|encoding|language|length|location|range|type)|etag|last-modified|location|expires|accept-ranges)$/

/** Where a response keeps its head: a WeakMap of them costs the garbage collector several times more. */
const HEAD: unique symbol = Symbol('head')

interface Guarded extends NodeResponse {
  readonly [HEAD]: Head
}

/** Makes a response wait for the cookies of a session; one for each key. */
export function attachSession(
  response: NodeResponse,
  key: object,
  passenger: PendingSession,
): void {
  const head = isGuarded(response) ? response[HEAD] : guard(response)
  if (head.passengers.has(key)) return
  head.passengers.set(key, passenger)
  if (head.phase !== 'open' || response.headersSent) passenger.close(true)
}

/**
 * Puts this module before the four methods by which a head can go. They stay there: taking them away
 * would take away what others put around them since.
 */
function guard(response: NodeResponse): Head {
  const head: Head = {
    response,
    passengers: new Map(),
    methods: new Map(NAMES.map((name) => [name, methodOf(response, name)])),
    phase: 'open',
    left: [],
    calls: [],
    lines: undefined,
    second: false,
    waiting: [],
    behind: undefined,
  }
  for (const name of NAMES) {
    Reflect.set(response, name, (...given: unknown[]) => called(head, { name, given }))
  }
  if (Object.hasOwn(response, 'on')) rememberWaiting(head)
  Object.defineProperty(response, HEAD, ownProperties({ value: head }))
  return head
}

function isGuarded(response: NodeResponse): response is Guarded {
  return HEAD in response
}

/** Middleware that compresses takes the listeners for `drain` to a stream of its own. */
function rememberWaiting({ response, waiting }: Head): void {
  const on = methodOf(response, 'on')
  Reflect.set(response, 'on', (...given: unknown[]) => {
    const [event, listener] = given
    if (event === 'drain' && isMethod(listener)) waiting.push(listener)
    return Reflect.apply(on, response, given)
  })
}

function called(head: Head, call: Call): unknown {
  if (head.phase === 'held') return hold(head, call)
  if (head.phase === 'open') {
    const used = [...head.passengers.values()].filter((passenger) => passenger.isUsed())
    if (used.length > 0 && !head.response.headersSent) return begin(head, used, call)
    return leave(head, call)
  }
  return pass(head, call)
}

/** Nobody looked at a session, or the head went by other ways: nothing is done to it. */
function leave(head: Head, call: Call): unknown {
  head.phase = 'gone'
  close(head)
  try {
    return pass(head, call)
  } catch (error) {
    if (!head.response.headersSent) reopen(head)
    throw error
  }
}

/** Nothing has gone, after all. */
function reopen(head: Head): void {
  head.phase = 'open'
  for (const passenger of head.left) passenger.close(false)
}

/** What the sessions are told that nobody looked at; the others know by their cookies. */
function close(head: Head): void {
  head.left = [...head.passengers.values()].filter((passenger) => !passenger.isUsed())
  for (const passenger of head.left) passenger.close(true)
}

function begin(head: Head, used: readonly PendingSession[], call: Call): unknown {
  const { response } = head
  // What Node refuses at once is refused at once, with nothing begun.
  refuseChunk(call)
  const held = call.name === 'writeHead' ? { ...call, given: setHead(response, call.given) } : call
  refuseStatus(response.statusCode)
  head.phase = 'held'
  close(head)
  pretend(head)
  const answer = keep(head, held)
  void settle(head, used)
  return answer
}

function hold(head: Head, call: Call): unknown {
  if (call.name === 'writeHead') refuse()
  refuseChunk(call)
  return keep(head, call)
}

/** A held `write` asks its caller to wait for `drain`, so that no stream is read into memory. */
function keep(head: Head, call: Call): unknown {
  head.calls.push(call)
  if (call.name === 'write') return false
  return call.name === 'flushHeaders' ? undefined : head.response
}

async function settle(head: Head, used: readonly PendingSession[]): Promise<void> {
  const { statusCode } = head.response
  const results = await Promise.allSettled(used.map((passenger) => passenger.lines()))
  head.phase = 'gone'
  head.response.statusCode = statusCode
  const failure = results.findIndex(({ status }) => status === 'rejected')
  const [result, passenger] = [results[failure], used[failure]]
  // The application knows by now: the page that says so goes out, without those cookies.
  if (result?.status === 'rejected' && passenger !== undefined && !head.second) {
    withdraw(head, passenger, result.reason)
    return
  }
  head.lines = results.flatMap((made) => (made.status === 'fulfilled' ? made.value : []))
  release(head, used)
}

/** The head goes, and everything that waited behind it. */
function release(head: Head, used: readonly PendingSession[]): void {
  const { response, lines = [], calls } = head
  head.calls = []
  let flows = calls.some(({ name }) => name === 'write')
  try {
    bring(response, lines)
    for (const call of calls) {
      const answer = pass(head, call)
      if (call.name === 'end' || answer === false) flows = false
    }
  } catch (error) {
    head.calls = calls
    const [first] = used
    if (first !== undefined) withdraw(head, first, error)
    return
  }
  // Where Node itself said to wait, Node will tell.
  if (flows) drain(head)
}

/** Whoever was told to wait goes on. */
function drain({ response, waiting }: Head): void {
  const told: unknown = Reflect.apply(methodOf(response, 'rawListeners'), response, ['drain'])
  const others = waiting.filter((listener) => !(Array.isArray(told) && told.includes(listener)))
  response.emit('drain')
  for (const listener of others) Reflect.apply(listener, response, [])
}

/**
 * There will be no cookies, so there must be no response that needs them. A complete one is dropped,
 * with all that described it, and the application may give another. One that is still being written
 * cannot be replaced under its writer's hands: it ends as if the client had gone.
 */
function withdraw(head: Head, passenger: PendingSession, error: unknown): void {
  const { response, calls } = head
  const isComplete = calls.some(({ name }) => name === 'end')
  head.calls = []
  head.lines = undefined
  if (isComplete && !head.second && !response.headersSent) {
    reopen(head)
    head.second = true
    for (const name of response.getHeaderNames()) {
      if (BODY_FIELDS.test(name)) response.removeHeader(name)
    }
    response.setHeader('Cache-Control', 'no-store')
    response.statusCode = 500
    // HTTP/2 has no reason phrase: there it is no property of the response's own.
    Reflect.deleteProperty(response, 'statusMessage')
  } else {
    head.phase = 'gone'
    response.destroy()
  }
  for (const callback of calls.flatMap(({ given }) => given.filter(isMethod))) {
    queueMicrotask(() => callback(error))
  }
  passenger.fail(error)
}

function pass({ response, methods, lines }: Head, { name, given }: Call): unknown {
  const method = methods.get(name)
  if (method === undefined) return undefined
  if (name !== 'writeHead' || lines === undefined || response.headersSent) {
    return Reflect.apply(method, response, given)
  }
  // The last word: other middleware may have changed the fields since the cookies were set.
  const rest = setHead(response, given)
  bring(response, lines)
  return Reflect.apply(method, response, rest)
}

/** Sets what the cookies need; a second time, only what has been lost since. */
function bring(response: NodeResponse, lines: readonly string[]): void {
  const set = listOf(response.getHeader('Set-Cookie'))
  const fields = fieldsOf(response)
  setHeaderFields(fields, lines)
  const missing = lines.filter((line) => !set.includes(line))
  if (missing.length > 0) response.setHeader('Set-Cookie', [...set, ...missing])
}

/**
 * While the head waits, the response behaves as if it had gone: frameworks ask it, and nobody may
 * change what has been decided. The same properties for every response, and left there: V8 makes a
 * slow dictionary of an object that properties of its own kind come to and go from.
 */
function pretend(head: Head): void {
  const { response } = head
  if (head.behind !== undefined) return
  const names = Object.keys(PRETENCE).filter((name) => name in response)
  const own = names.filter((name) => Object.hasOwn(response, name))
  // Other middleware may have put some of them there.
  const before = own.map((name) => {
    return [name, ownProperties(Reflect.getOwnPropertyDescriptor(response, name) ?? {})] as const
  })
  head.behind =
    own.length === 0
      ? Object.getPrototypeOf(response)
      : Object.create(Object.getPrototypeOf(response), Object.fromEntries(before))
  for (const name of names)
    Object.defineProperty(response, name, ownProperties(PRETENCE[name] ?? {}))
}

const PRETENCE: Readonly<Record<string, PropertyDescriptor>> = {
  headersSent: {
    configurable: true,
    get(this: Guarded): unknown {
      return this[HEAD].phase === 'held' || behind(this, 'headersSent')
    },
  },
  writableEnded: {
    configurable: true,
    get(this: Guarded): unknown {
      const { phase, calls } = this[HEAD]
      const isHeld = phase === 'held'
      return isHeld ? calls.some(({ name }) => name === 'end') : behind(this, 'writableEnded')
    },
  },
  setHeader: unless('setHeader', refuse),
  setHeaders: unless('setHeaders', refuse),
  appendHeader: unless('appendHeader', refuse),
  removeHeader: unless('removeHeader', refuse),
  // Middleware calls it where it finds no head yet.
  _implicitHeader: unless('_implicitHeader', () => undefined),
}

/** A method that does something else while the head is held back. */
function unless(name: string, instead: Method): PropertyDescriptor {
  return {
    configurable: true,
    writable: true,
    value(this: Guarded, ...given: unknown[]): unknown {
      if (this[HEAD].phase === 'held') return instead()
      const method = behind(this, name)
      return isMethod(method) ? Reflect.apply(method, this, given) : undefined
    },
  }
}

function behind(response: Guarded, name: string): unknown {
  return Reflect.get(response[HEAD].behind ?? {}, name, response)
}

function refuse(): never {
  const error = new Error('the head of this response has been written')
  throw coded(error, 'ERR_HTTP_HEADERS_SENT')
}

/**
 * `writeHead(status, reason?, fields?)` as settings of the response, so that cookies can be added to
 * them. Returns what is left to say: the status, and the reason if one was given.
 */
function setHead(response: NodeResponse, given: readonly unknown[]): unknown[] {
  const [status, second, third] = given
  const code = Math.trunc(Number(status))
  refuseStatus(code)
  response.statusCode = code
  const hasReason = typeof second === 'string'
  for (const [name, value] of pairsOf(hasReason ? third : (second ?? third))) {
    Reflect.apply(methodOf(response, 'setHeader'), response, [name, value])
  }
  return hasReason ? [code, second] : [code]
}

/** The three forms Node takes: an object, pairs, and names and values by turns. */
function pairsOf(fields: unknown): [string, unknown][] {
  if (typeof fields !== 'object' || fields === null) return []
  if (!Array.isArray(fields)) return Object.entries(fields).filter(([name]) => name !== '')
  const turns: unknown[] = Array.isArray(fields[0]) ? fields.flat() : fields
  const pairs = new Map<string, [string, unknown]>()
  for (let at = 0; at < turns.length; at += 2) {
    const [name, value] = [String(turns[at]), turns[at + 1]]
    const known = pairs.get(name.toLowerCase())
    if (known === undefined) pairs.set(name.toLowerCase(), [name, value])
    else known[1] = [known[1], value].flat()
  }
  return [...pairs.values()]
}

/** The fields of a response whose cookies are written apart. */
function fieldsOf(response: NodeResponse): HeaderFields {
  return ownProperties<HeaderFields>({
    get(name) {
      const values = listOf(response.getHeader(name))
      return values.length === 0 ? null : values.join(', ')
    },
    set: (name, value) => void response.setHeader(name, value),
    append: () => {},
    delete: (name) => response.removeHeader(name),
    keys: () => response.getHeaderNames(),
  })
}

function listOf(value: number | string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'object' ? value : [String(value)]
}

function methodOf(target: object, name: string): Method {
  const method: unknown = Reflect.get(target, name)
  if (isMethod(method)) return method
  throw new TypeError(`the response has no ${name}`)
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function'
}

function refuseChunk({ name, given: [chunk] }: Call): void {
  if (name !== 'write' && name !== 'end') return
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  if (name === 'end' && (chunk === undefined || chunk === null || isMethod(chunk))) return
  throw coded(new TypeError('a chunk must be a string or a Uint8Array'), 'ERR_INVALID_ARG_TYPE')
}

function refuseStatus(status: number): void {
  if (status >= 100 && status <= 999) return
  throw coded(new RangeError(`Invalid status code: ${status}`), 'ERR_HTTP_INVALID_STATUS_CODE')
}

/** Errors as Node throws them: frameworks look at their codes. */
function coded<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code })
}
