// The part of a browser that the checks need: it stores cookies, drops those that are too long, and
// deletes those that it must. It keeps them past their Max-Age, because the checks ask what the
// server verifies, and a copied cookie does not end by itself.

/** RFC 6265bis section 5.6: a cookie whose name and value are longer is ignored. */
const MOST_BYTES = 4096

export class Browser {
  #cookies = new Map()
  /** How many cookies were too long to store. */
  dropped = 0

  /** @param {Browser} [like] a browser whose cookies to start with */
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

  /** Stores the `Set-Cookie` lines of a response, and returns the response. */
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
