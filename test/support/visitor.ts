// A browser that asks a server on this machine with `fetch`.

import { createJar } from './cookie-jar.ts'
import type { Browser } from './cookie-jar.ts'

export interface Visitor extends Browser {
  /** Sends a request with this browser's cookies, and stores those of the response. Redirects are not followed. */
  visit(path: string, init?: RequestInit): Promise<Response>
}

/** Returns a browser without cookies, which sends `usual` with each request. */
export function createVisitor(origin: string, usual: HeadersInit = {}): Visitor {
  const jar = createJar()
  return {
    ...jar,
    async visit(path, init = {}) {
      const headers = new Headers(usual)
      for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
      headers.set('cookie', jar.header())
      const response = await fetch(origin + path, { ...init, headers, redirect: 'manual' })
      jar.store(response)
      return response
    },
  }
}
