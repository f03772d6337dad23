// The use of the session in every application of the scenario, so that each has only the code of
// its framework around it.

import { createSessions } from 'sealed-session'
import type { Session, Sessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { SECRET } from '../../support/mint.ts'

/** The data of every application of the scenario. */
export interface ShopData {
  user: string
  visits: number
  big: string
  theme: string
}

/** A running application. */
export interface RunningShop {
  readonly origin: string
  stop(): Promise<unknown>
}

/** The answer to a session that does not fit, by the framework's own error handling. */
export const TOO_LARGE = { status: 507, text: 'too large' } as const

/** Bytes that take several cookies, and bytes that exceed all cookies. */
export const SEVERAL_COOKIES = 7000
export const NO_COOKIES = 40_000

export const CHUNKS: readonly string[] = ['one ', 'two ', 'three']

export function createShopSessions(): Sessions<ShopData> {
  return createSessions<ShopData>({ secrets: SECRET, limits: 'node', device: deviceBound() })
}

/** Returns the data of the session. */
export function read(session: Session<ShopData>): object {
  const { device } = session
  const bound = device === 'none' ? {} : { device }
  return {
    user: session.get('user', ''),
    visits: session.get('visits', 0),
    big: bigOf(session),
    ...bound,
  }
}

function bigOf(session: Session<ShopData>): number {
  return session.get('big', '').length
}

/** Who logs in by this name is bound to the device. */
export const BOUND_USER = 'grace'

/** Logs in, and leaves a message for the page after the redirect. */
export function login(session: Session<ShopData>, user: string | null | undefined): void {
  session.regenerate()
  session.set('user', user ?? '')
  session.flash('notice', `Hello ${user ?? ''}`)
  if (user === BOUND_USER) session.bindToDevice()
}

/** Returns the messages and the user. */
export function home(session: Session<ShopData>): string {
  return `${session.flash('notice').join(' ')}|${session.get('user', '')}`
}

export function visit(session: Session<ShopData>): number {
  session.set('visits', session.get('visits', 0) + 1)
  return session.get('visits', 0)
}

export function store(session: Session<ShopData>, bytes: number): string {
  session.set('big', 'x'.repeat(bytes))
  return 'stored'
}

/** Makes changes that must be discarded, because the handler fails afterwards. */
export function spoil(session: Session<ShopData>): void {
  session.set('user', 'mallory')
  session.flash('notice', 'spoiled')
}

export function logout(session: Session<ShopData>): string {
  session.destroy()
  return 'bye'
}

export function streamOf(chunks: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const left = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(encoder.encode(chunk))
    },
  })
}

/** Whether an error is that of a session that does not fit. */
export function isTooLarge(error: unknown): boolean {
  const code: unknown = Object(error).code ?? Object(Object(error).cause).code
  return code === 'ERR_SESSION_TOO_LARGE'
}
