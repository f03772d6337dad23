// The members of a response that the Node adapter uses, and how it tells Node's own from others:
// test doubles and the mocked responses of frameworks have some of these members, or none.

import { hasMethod } from '../validate.ts'

/**
 * A response that can carry a session, such as `http.ServerResponse` and `Http2ServerResponse`.
 *
 * @example
 * const fail = (response: NodeResponse): unknown => response.end('sorry')
 */
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

/** The value of a header field as `getHeader` returns it. */
export type FieldValue = ReturnType<NodeResponse['getHeader']>

/** The header fields of a response at one moment. */
export type FieldSnapshot = ReadonlyMap<string, FieldValue>

/** A method of a response, whose arguments are passed on as they were given. */
export type Method = (...args: unknown[]) => unknown

/** The methods without which no cookie reaches the head of a response. */
const REQUIRED: readonly string[] = [
  'getHeader',
  'getHeaderNames',
  'setHeader',
  'removeHeader',
  'writeHead',
  'write',
  'end',
]

/**
 * Whether the cookies of a session can be set on a response. False for the empty object that
 * replaces a response if middleware serves a WebSocket, and for a frozen one.
 */
export function canCarryCookies(response: object): boolean {
  return Object.isExtensible(response) && REQUIRED.every((name) => hasMethod(response, name))
}

/**
 * Whether a response can be held back until its cookies are made. A mock cannot: its caller reads
 * it as soon as the handler returns. Mocks keep `headersSent` as a plain property; Node has an
 * accessor.
 */
export function canWait(response: object): boolean {
  const property = Object.getOwnPropertyDescriptor(response, 'headersSent')
  return property === undefined || !Object.hasOwn(property, 'value')
}

/** Returns a method of a response; `undefined` if it has none of that name. */
export function findMethod(response: object, name: string): Method | undefined {
  const method: unknown = Reflect.get(response, name)
  return isMethod(method) ? method : undefined
}

/** Calls a method of a response, if it has one of that name. */
export function callMethod(response: object, name: string, ...args: readonly unknown[]): unknown {
  const method = findMethod(response, name)
  return method && Reflect.apply(method, response, args)
}

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function'
}
