// A `Cookie` header taken apart and put together, as the fuzzer sees it. Loose on purpose: what it
// makes of a header only steers the next mutation.

import { NAME } from '../support/mint.ts'
import type { Random } from './random.ts'

export interface Pair {
  readonly name: string
  readonly value: string
}

export function pairsOf(header: string): Pair[] {
  return header.split(';').map((text) => {
    const pair = text.replace(/^[ \t]+/, '')
    const at = pair.indexOf('=')
    return at === -1
      ? { name: pair, value: '' }
      : { name: pair.slice(0, at), value: pair.slice(at + 1) }
  })
}

export function headerOf(pairs: readonly Pair[]): string {
  return pairs.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ')
}

/** The name of part `index`. */
export function partName(index: number): string {
  return index === 0 ? NAME : `${NAME}.${index}`
}

/** The token of a header's first session, put together from its parts, or the header as it is. */
export function tokenIn(header: string): string {
  const pairs = pairsOf(header)
  const value = (index: number) => pairs.find(({ name }) => name === partName(index))?.value
  const first = value(0)
  if (first === undefined) return header
  const [prefix = '', digits] = /^(\d{1,2})\./.exec(first) ?? []
  const rest = Array.from({ length: Number(digits ?? 1) - 1 }, (_, at) => value(at + 1) ?? '')
  return first.slice(prefix.length) + rest.join('')
}

/** The header with another token in the place of its first session's. */
export function withToken(header: string, token: string, random: Random): string {
  const others = pairsOf(header).filter(({ name }) => !/^__Host-session(\.\d+)?$/.test(name))
  if (!header.includes(`${NAME}=`)) return token
  const pairs = cut(token, random.oneIn(3) ? 2 + random.below(15) : 1)
  const at = random.below(others.length + 1)
  return headerOf([...others.slice(0, at), ...pairs, ...others.slice(at)])
}

/** A token as this many cookies, of about the same length. */
export function cut(token: string, count: number): Pair[] {
  if (count === 1) return [{ name: NAME, value: token }]
  const size = Math.ceil(token.length / count)
  return Array.from({ length: count }, (_, index) => {
    const value = token.slice(index * size, (index + 1) * size)
    return { name: partName(index), value: index === 0 ? `${count}.${value}` : value }
  })
}
