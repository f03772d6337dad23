// The surroundings of every suite: an application, a browser, and visitors that are removed after
// each test.

import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startApplication } from './application.ts'
import type { Application, View } from './application.ts'
import type { Browser, Product, Tab, Visitor } from './browser.ts'

export interface Scene {
  readonly product: Product
  version(): string
  /** `https://HOST:PORT` */
  secure(host?: string): string
  /** `http://HOST:PORT` */
  open(host?: string): string
  application(): Application
  /**
   * Returns a visitor without cookies. WebKitGTK has one at a time, so the former one is closed.
   */
  visit(): Promise<Visitor>
  /** Returns a tab of a new visitor, on a page of `origin`. */
  arrive(origin?: string): Promise<Tab>
  /**
   * Sends a request. Resolves when the server has it, to a function that makes the server answer
   * and resolves when the browser has the answer.
   */
  begin(tab: Tab, path: string): Promise<() => Promise<void>>
}

export const DAY = 86_400

/** The value of a logout stamp. */
export const STAMP = /^[\w-]{4}$/

/** Sets up `product` before the tests of a file, and takes it down after them. */
export function sceneOf(product: Product): Scene {
  let application: Application
  let browser: Browser
  const visitors: Visitor[] = []
  let gates = 0

  beforeAll(async () => {
    ;[application, browser] = await Promise.all([
      startApplication(randomBytes(32).toString('base64url')),
      product.launch(),
    ])
  })

  afterEach(async () => {
    await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()))
  })

  afterAll(async () => {
    await browser?.close()
    await application?.stop()
  })

  async function visit(): Promise<Visitor> {
    const visitor = await browser.visit()
    visitors.push(visitor)
    return visitor
  }

  return {
    product,
    visit,
    version: () => browser.version,
    secure: (host) => application.secure(host),
    open: (host) => application.open(host),
    application: () => application,
    arrive: async (origin = application.secure()) => openOn(origin, await visit()),
    async begin(tab, path) {
      const gate = String(gates++)
      const url = JSON.stringify(`${path}${path.includes('?') ? '&' : '?'}gate=${gate}`)
      await tab.run(`void (window.pending = fetch(${url}).then((response) => response.text()))`)
      await application.arrival(gate)
      return async () => {
        application.release(gate)
        await tab.run('window.pending')
      }
    },
  }
}

/** Opens another tab, on a page of `origin`. */
export async function openOn(origin: string, visitor: Visitor): Promise<Tab> {
  const tab = await visitor.tab()
  await tab.go(`${origin}/`)
  return tab
}

/** Returns the result of a fetch by a script of the page. */
export async function call(tab: Tab, path: string): Promise<View> {
  return tab.run<View>(`fetch(${JSON.stringify(path)}).then((response) => response.json())`)
}

/** Returns the names of a session's cookies, sorted. */
export function partNames(name: string, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `${name}.${index}`)
  return [name, ...names.slice(1)].toSorted()
}
