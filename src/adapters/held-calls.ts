// The calls that are queued while the head of a response is held back, and the streams that wait
// for it.

import type { Call, Head } from './head.ts'
import { assertChunk, throwHeadersSent } from './node-arguments.ts'
import { setCookieFields, setHead } from './node-fields.ts'
import { callMethod, findMethod, isMethod } from './node-response.ts'

/** Calls the original method, which this module's wrapper replaced. */
export function callOriginal({ response, methods, made }: Head, { name, args }: Call): unknown {
  const method = methods.get(name)
  if (method === undefined) return undefined
  if (name !== 'writeHead' || made === undefined || response.headersSent) {
    return Reflect.apply(method, response, args)
  }
  // Sets the cookies again, because other middleware may have changed the fields since.
  const rest = setHead(response, args)
  setCookieFields(response, made)
  return Reflect.apply(method, response, rest)
}

/**
 * Queues a call, and returns what Node returns. For `write` that is `false`: a stream pauses until
 * `drain`, so it is not read into memory.
 */
export function holdCall(head: Head, call: Call): unknown {
  if (call.name === 'writeHead' && head.heldCalls.length > 0) throwHeadersSent()
  assertChunk(call.name, call.args[0])
  head.heldCalls = [...head.heldCalls, call]
  if (call.name === 'write') return false
  return call.name === 'flushHeaders' ? undefined : head.response
}

/**
 * Replays the queued calls. Returns whether a writer waits for a `drain` that Node will not emit.
 */
export function makeHeldCalls(head: Head): boolean {
  const calls = head.heldCalls
  let mustDrain = calls.some(({ name }) => name === 'write')
  for (const call of calls) {
    const result = callOriginal(head, call)
    // After `end` no writer waits, and after `false` Node emits `drain` itself.
    if (call.name === 'end' || result === false) mustDrain = false
  }
  head.heldCalls = []
  return mustDrain
}

/**
 * Records the listeners for `drain` if a response has its own `on`: compressing middleware moves
 * these listeners to a stream of its own.
 */
export function recordDrainListeners({ response, drainListeners }: Head): void {
  const on = Object.hasOwn(response, 'on') ? findMethod(response, 'on') : undefined
  if (on === undefined) return
  Reflect.set(response, 'on', (...args: unknown[]) => {
    const [event, listener] = args
    if (event === 'drain' && isMethod(listener)) drainListeners.push(listener)
    return Reflect.apply(on, response, args)
  })
}

/** Emits `drain` for the streams that wait for it. */
export function emitDrain({ response, drainListeners }: Head): void {
  const listeners: unknown = callMethod(response, 'rawListeners', 'drain')
  const moved = drainListeners.filter(
    (listener) => !(Array.isArray(listeners) && listeners.includes(listener)),
  )
  response.emit('drain')
  for (const listener of moved) Reflect.apply(listener, response, [])
}
