// As much of a browser as the checks need: it keeps cookies, drops those that are too long, and
// forgets those it is told to. It keeps them past their Max-Age: what is asked here is what the server
// checks, and a copy of a cookie does not end by itself.

/** RFC 6265bis section 5.6: a cookie whose name and value come to more is ignored. */
const MOST_BYTES = 4096

export class Browser {
  #cookies = new Map()
  /** How many cookies were too long to keep. */
  dropped = 0

  /** @param {Browser} [like] a browser whose cookies to begin with */
  constructor(like) {
    if (like) this.#cookies = new Map(like.#cookies)
  }

  /** The `Cookie` header of the next request. */
  get cookies() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Name and value of each cookie whose name begins so. */
  entries(prefix = '') {
    return [...this.#cookies].filter(([name]) => name.startsWith(prefix))
  }

  /** Takes the `Set-Cookie` lines of a response, and gives the response back. */
  receive(answer) {
    for (const line of answer.setCookies) {
      const { name, value, deleted } = parseLine(line)
      if (deleted) this.#cookies.delete(name)
      else if (name.length + value.length > MOST_BYTES) this.dropped++
      else this.#cookies.set(name, value)
    }
    return answer
  }
}

/** @param {string} line a `Set-Cookie` line */
export function parseLine(line) {
  const [pair, ...attributes] = line.split(';').map((part) => part.trim())
  const at = pair.indexOf('=')
  const deleted = attributes.some((attribute) => {
    const [, key, text] = /^(max-age|expires)=(.*)$/i.exec(attribute) ?? []
    if (key === undefined) return false
    return key.toLowerCase() === 'max-age' ? Number(text) <= 0 : Date.parse(text) <= Date.now()
  })
  return { name: pair.slice(0, at), value: pair.slice(at + 1), deleted }
}
