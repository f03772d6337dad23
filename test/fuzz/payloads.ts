// Payloads as somebody writes them who has the key and means ill: sealed again by the mutator, they
// reach what stands behind the authentication.

import { START } from '../support/mint.ts'
import type { Random } from './random.ts'
import { DAY } from './tokens.ts'

/** Text that `JSON.stringify` cannot make stands between these. */
const RAW = /"\u00ab([^"\u00bb]*)\u00bb"/g

function raw(text: string): string {
  return `\u00ab${text}\u00bb`
}

const MEMBERS = ['jti', 'iat', 'exp', 'nbf', 'out', 'd', 's', 'f', 'c', 't'] as const
const KEYS = [
  'user',
  'cart',
  'id',
  '__proto__',
  'constructor',
  'prototype',
  'toJSON',
  'then',
  '',
  '0',
  'length',
  'revoked',
  '\ud800',
  'gr\u00fc\u00dfe',
] as const

/** Seconds around every boundary that the default configuration has. */
const MOMENTS = [
  0,
  1,
  4,
  5,
  6,
  8640,
  8641,
  DAY - 1,
  DAY,
  DAY + 4,
  DAY + 5,
  DAY + 6,
  43_200,
  7 * DAY - 1,
  7 * DAY,
  7 * DAY + 4,
  7 * DAY + 5,
  7 * DAY + 6,
  8 * DAY,
  400 * DAY,
].flatMap((distance) => [START - distance, START + distance])

const ODD_VALUES: readonly unknown[] = [
  0,
  1,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  2 ** 53 - 1,
  -(2 ** 53),
  999_999_999,
  1_000_000_000,
  null,
  true,
  false,
  '',
  '5',
  'x'.repeat(300),
  [],
  {},
  [[]],
  [{}, {}],
  { a: [1] },
  raw('1e999'),
  raw('-0'),
  raw('1E2'),
  raw('0.1e1'),
  raw('[1,]'),
  raw('NaN'),
  'AAECAwQFBgcICQoLDA0ODw',
  'AAECAwQFBgcICQoLDA0ODx',
  'AAECAwQFBgcICQoLDA0OD_',
  '\ud800',
  '\u0000',
  '\u2028',
  'eyJhbGciOiJub25lIn0.e30.',
  raw(nested(98)),
  raw(nested(99)),
  raw(nested(100)),
  raw(nested(101)),
  raw(nested(1000)),
]

/** Enough keys to be many; a report on the size of a session weighs it without each of them. */
const MANY = 40

/** A payload that is right in everything. */
export function usual(changes: Readonly<Record<string, unknown>> = {}): string {
  const claims = { jti: 'AAECAwQFBgcICQoLDA0ODw', iat: START, exp: START + DAY }
  return textOf({ ...claims, d: { user: 'ada' }, ...changes })
}

/** Lists in lists, so many levels. */
export function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}

/** Scopes in scopes, so many levels. */
export function scopes(levels: number): object {
  return levels === 0 ? {} : { inner: [{ a: 1 }, scopes(levels - 1)] }
}

/** A payload with something about it changed. */
export function mutatePayload(payload: string, random: Random): string {
  const members = objectOf(payload)
  if (members === undefined) return random.oneIn(2) ? usual() : payload
  switch (random.below(9)) {
    case 0:
      return textOf({ ...members, [random.pick(MEMBERS)]: random.pick(ODD_VALUES) })
    case 1:
      return textOf({ ...members, ...momentsFor(random) })
    case 2:
      return textOf({ ...members, [random.pick(['iat', 'exp', 'nbf'])]: random.pick(MOMENTS) })
    case 3:
      return textOf({ ...members, d: treeOf(random, 4) })
    case 4:
      return textOf({ ...members, ...extrasFor(random) })
    case 5:
      return textOf(Object.fromEntries(without(Object.entries(members), random)))
    case 6:
      return textOf(Object.fromEntries(shuffled(Object.entries(members), random)))
    case 7:
      // The same member twice: the last one counts.
      return payload.replace('{', () => textOf(momentsFor(random)).slice(0, -1) + ',')
    default:
      return textOf(replaceInside(members, random))
  }
}

/** Times that belong together, more or less. */
function momentsFor(random: Random): Readonly<Record<string, unknown>> {
  const iat = random.pick(MOMENTS) ?? START
  const exp = iat + (random.pick([1, 5, 60, 8640, DAY, 7 * DAY, 0]) ?? 0)
  const nbf = iat - (random.pick([0, 1, DAY, 6 * DAY, 7 * DAY, 400 * DAY]) ?? 0)
  return random.oneIn(2) ? { iat, exp } : { iat, exp, nbf }
}

function extrasFor(random: Random): Readonly<Record<string, unknown>> {
  switch (random.below(6)) {
    case 0:
      return { s: scopes(random.pick([0, 1, 2, 15, 16, 17, 40])) }
    case 1:
      return {
        s: { a: random.pick([[], [{}], [{}, {}], [{}, {}, {}], {}, 'a', [1, 2], [{}, []]]) },
      }
    case 2:
      return { f: { notice: random.pick([['saved'], [], 'saved', {}, [[], {}], null]) } }
    case 3:
      return { c: random.pick(['AAECAwQFBgcICQoLDA0ODw', 'AAECAwQFBgcICQoLDA0ODx', 1, null]) }
    case 4:
      return { t: random.pick([1, 0, true, '1', null]) }
    default:
      return { out: random.pick([0, 1, 2, 999_999_999, 1_000_000_000, -1, '1']) }
  }
}

function treeOf(random: Random, levels: number): unknown {
  if (levels === 0 || random.oneIn(5)) return random.pick(ODD_VALUES)
  if (random.oneIn(4)) {
    return Array.from({ length: random.below(5) }, () => treeOf(random, levels - 1))
  }
  const count = random.oneIn(40) ? MANY : random.below(4)
  return fromEntries(
    Array.from({ length: count }, (_, at): [string, unknown] => [
      count === MANY ? `k${at}` : random.pick(KEYS),
      treeOf(random, Math.min(levels - 1, count === MANY ? 0 : levels)),
    ]),
  )
}

/** One value somewhere below. */
function replaceInside(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.oneIn(6)) return treeOf(random, 2)
  const entries = Object.entries(value)
  const at = random.below(entries.length)
  const changed = entries.map(([key, inner], index): [string, unknown] => [
    index === at && random.oneIn(4) ? random.pick(KEYS) : key,
    index === at ? replaceInside(inner, random) : inner,
  ])
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : fromEntries(changed)
}

function without<T>(list: readonly T[], random: Random): T[] {
  const left = random.below(list.length)
  return list.filter((_, at) => at !== left)
}

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const order = list.map((value) => ({ value, place: random.next() }))
  return order.toSorted((a, b) => a.place - b.place).map(({ value }) => value)
}

/** `Object.fromEntries` defines: a key called `__proto__` stays a key. */
function fromEntries(entries: readonly [string, unknown][]): object {
  return Object.fromEntries(entries)
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(RAW, (_, text: string) => text)
}
