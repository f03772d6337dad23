// A browser's cookies, stored by tough-cookie: the next request sends what a response sets.

import { CookieJar } from 'tough-cookie'

const ORIGIN = 'https://example.test'

/** Browsers silently drop a longer cookie (RFC 6265bis section 5.6). */
const MOST_BYTES = 4096

export interface Browser {
  /** Returns a request as this browser sends it now. */
  request(path?: string, init?: RequestInit): Request
  /** Stores the cookies of a response, or of `Set-Cookie` lines. */
  store(from: Response | readonly string[]): void
  /** Returns the `Cookie` header. */
  header(path?: string): string
  /** Returns the names of the cookies it has, sorted. */
  names(): string[]
  /** Returns the value of a cookie; `undefined` if it has none of that name. */
  value(name: string): string | undefined
  /** Sets a cookie of the application, or the value of any. */
  put(name: string, value: string): void
  /** Removes a cookie, as browsers do when there are too many. */
  evict(name: string): void
}

export function createJar(origin: string = ORIGIN): Browser {
  const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })

  function header(path = '/'): string {
    return jar.getCookieStringSync(origin + path)
  }

  function keep(line: string): void {
    const [pair = ''] = line.split(';')
    if (Buffer.byteLength(pair) - 1 > MOST_BYTES) return
    jar.setCookieSync(line, origin)
  }

  return {
    header,
    request(path = '/', init = {}) {
      const headers = new Headers(init.headers)
      const cookies = header(path)
      if (cookies !== '') headers.set('cookie', cookies)
      return new Request(origin + path, { ...init, headers })
    },
    store(from) {
      const lines = from instanceof Response ? from.headers.getSetCookie() : from
      for (const line of lines) keep(line)
    },
    names() {
      return jar
        .getCookiesSync(origin)
        .map(({ key }) => key)
        .toSorted()
    },
    value(name) {
      return jar.getCookiesSync(origin).find(({ key }) => key === name)?.value
    },
    put(name, value) {
      jar.setCookieSync(`${name}=${value}; Path=/; Secure`, origin)
    },
    evict(name) {
      jar.setCookieSync(`${name}=; Max-Age=0; Path=/; Secure`, origin)
    },
  }
}

/** Returns the `name=value; name=value` of `Set-Cookie` lines, as a browser without others sends them. */
export function toCookieHeader(lines: readonly string[]): string {
  return lines.map((line) => line.split(';', 1).join()).join('; ')
}

/** Returns the name of the cookie of each `Set-Cookie` line. */
export function namesOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.split('=', 1).join())
}
