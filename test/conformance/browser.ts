// A minimal cookie store of a browser: one origin, exact names, the newest value, `Max-Age`.

const ORIGIN = 'https://app.example'

export interface Browser {
  /** The `Cookie` header that it would send; the empty string without cookies. */
  header(): string
  request(init?: RequestInit): Request
  /** Stores the cookies of a response, or of lines. */
  store(from: Response | readonly string[]): void
  /** By name; tests may change it, to simulate a dishonest client. */
  readonly cookies: Map<string, string>
}

export function createBrowser(): Browser {
  const cookies = new Map<string, string>()

  function header(): string {
    return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  return {
    cookies,
    header,
    request(init = {}) {
      const headers = new Headers(init.headers)
      if (cookies.size > 0) headers.set('cookie', header())
      return new Request(`${ORIGIN}/`, { ...init, headers })
    },
    store(from) {
      for (const line of from instanceof Response ? from.headers.getSetCookie() : from) {
        const { name, value, attributes } = parseLine(line)
        if (attributes.includes('Max-Age=0')) cookies.delete(name)
        else cookies.set(name, value)
      }
    },
  }
}

/** A parsed `Set-Cookie` line. */
export function parseLine(line: string): { name: string; value: string; attributes: string[] } {
  const [pair = '', ...attributes] = line.split('; ')
  const at = pair.indexOf('=')
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes }
}
