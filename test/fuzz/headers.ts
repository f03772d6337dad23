// Parses and formats a `Cookie` header for the fuzzer. Lenient on purpose: the result only selects
// the next mutation.

import { NAME, formatParts, split } from '../support/mint.ts'
import type { Random } from './random.ts'

export interface Pair {
  readonly name: string
  readonly value: string
}

/** A count. The day and the IV after it distinguish it from a secret id of digits. */
const COUNT = /^(\d{1,2})\.(?=[\w-]{1,32}\.\d{1,6}\.[\w-]{16}\.)/

const PART = new RegExp(`^${NAME}(\\.\\d+)?$`)

export function parsePairs(header: string): Pair[] {
  return header.split(';').map((text) => {
    const pair = text.replace(/^[ \t]+/, '')
    const at = pair.indexOf('=')
    return at === -1
      ? { name: pair, value: '' }
      : { name: pair.slice(0, at), value: pair.slice(at + 1) }
  })
}

export function formatPairs(pairs: readonly Pair[]): string {
  return pairs.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ')
}

/** Returns a value cut into this many cookies of about the same length. */
export function cut(value: string, count: number): Pair[] {
  return parsePairs(formatParts(split(value, count)))
}

/**
 * Returns the value of a header's first session, or the input itself, which may be a bare token.
 */
export function valueIn(input: string): string {
  const pairs = parsePairs(input)
  const part = (index: number) =>
    pairs.find(({ name }) => name === (index === 0 ? NAME : `${NAME}.${index}`))?.value
  const first = part(0)
  if (first === undefined) return input
  const [prefix = '', digits] = COUNT.exec(first) ?? []
  const rest = Array.from({ length: Number(digits ?? 1) - 1 }, (_, at) => part(at + 1) ?? '')
  return first.slice(prefix.length) + rest.join('')
}

/** Returns the header with another value in place of its first session's. */
export function withValue(input: string, value: string, random: Random): string {
  if (!input.includes(`${NAME}=`)) return value
  const others = parsePairs(input).filter(({ name }) => !PART.test(name))
  const pairs = cut(value, random.oneIn(3) ? 2 + random.below(15) : 1)
  const at = random.below(others.length + 1)
  return formatPairs([...others.slice(0, at), ...pairs, ...others.slice(at)])
}
