// Payloads of an attacker who has the key: the mutator seals them, so that they reach the code
// after the authentication.

import { listElements } from '../support/format.ts'
import type { Payload } from '../support/format.ts'
import { DAY, START, WEEK, dayOf } from '../support/mint.ts'
import type { Random } from './random.ts'

/** Delimiters of strings that `JSON.stringify` cannot produce. */
const RAW = /"\u00ab([^"\u00bb]*)\u00bb"/g

function raw(text: string): string {
  return `\u00ab${text}\u00bb`
}

/** The elements of a payload, by their position. */
const ELEMENTS = { id: 0, sealed: 1, life: 2, age: 3, data: 4, more: 5 } as const

const MEMBERS = ['s', 'f', 'c', 't', 'o', 'l', 'x', '__proto__'] as const
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

/** Seconds around every limit of the default configuration. */
const MOMENTS = [
  0,
  1,
  4,
  5,
  6,
  8639,
  8640,
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

/** The same as elements of a payload, and their own limits. */
const SECONDS = [
  0,
  1,
  -1,
  0.5,
  59,
  60,
  3599,
  3600,
  8640,
  43_199,
  43_200,
  43_201,
  DAY - 1,
  DAY,
  DAY + 5,
  6 * DAY,
  WEEK - 1,
  WEEK,
  WEEK + 1,
  30 * DAY,
  400 * DAY - 1,
  400 * DAY,
  400 * DAY + 1,
  2 ** 53,
]

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
  raw('-0.0'),
  raw('-1e-400'),
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
  'aaaa',
  'long',
  raw(nested(98)),
  raw(nested(99)),
  raw(nested(100)),
  raw(nested(101)),
  raw(nested(1000)),
]

/** Many keys; a report on the size of a session measures it without each of them. */
const MANY = 40

/** A valid payload. */
export function usual(changes: Payload = {}): string {
  return textOf(listElements(changes))
}

/** Nested arrays, with so many levels. */
export function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}

/** Nested scopes, with so many levels. */
export function scopes(levels: number): object {
  return levels === 0 ? {} : { inner: [{ a: 1 }, scopes(levels - 1)] }
}

/** A payload, and the day of its key. */
export interface Placed {
  readonly payload: string
  readonly day: number
}

/** Changes one part of a payload. */
export function mutatePayload(placed: Placed, random: Random): Placed {
  const { day } = placed
  const elements = arrayOf(placed.payload)
  if (elements === undefined) {
    return random.oneIn(2) ? { payload: usual(), day: dayOf(START) } : placed
  }
  const at = random.below(elements.length)
  const more = elements[ELEMENTS.more]
  switch (random.below(10)) {
    case 0:
      return { payload: textOf(elements.with(at, random.pick(ODD_VALUES))), day }
    case 1:
      return momentsIn(elements, random)
    case 2: {
      const element = random.pick(['sealed', 'life', 'age'] as const)
      const seconds = random.pick(SECONDS) ?? 0
      return { payload: textOf(put(elements, ELEMENTS[element], seconds)), day }
    }
    case 3:
      return { payload: textOf(put(elements, ELEMENTS.data, treeOf(random, 4))), day }
    case 4: {
      const extras = { ...objectOf(more), ...extrasFor(random) }
      return { payload: textOf(put(elements, ELEMENTS.more, extras)), day }
    }
    case 5:
      return { payload: textOf(elements.toSpliced(at, 1)), day }
    case 6:
      return { payload: textOf(shuffled(elements, random)), day }
    case 7: {
      const member = { [random.pick(MEMBERS)]: random.pick(ODD_VALUES) }
      const changed = random.oneIn(4) ? member : { ...objectOf(more), ...member }
      return { payload: textOf(put(elements, ELEMENTS.more, changed)), day }
    }
    case 8:
      return { payload: respelled(placed.payload, random), day }
    default:
      return { payload: textOf(replaceInside(elements, random)), day }
  }
}

/** A session with its seal at some moment, under the key of that day. */
function momentsIn(elements: readonly unknown[], random: Random): Placed {
  const sealedAt = random.pick(MOMENTS) ?? START
  const age = random.pick([0, 1, 60, DAY, 6 * DAY, 7 * DAY, 400 * DAY]) ?? 0
  const life = random.pick([WEEK, WEEK, age, age + 1, 60, 400 * DAY, 30 * DAY]) ?? WEEK
  const times = put(put(elements, ELEMENTS.sealed, sealedAt % DAY), ELEMENTS.age, age)
  return { payload: textOf(put(times, ELEMENTS.life, life)), day: dayOf(sealedAt) }
}

/** The same JSON, or almost, in another spelling. */
function respelled(text: string, random: Random): string {
  switch (random.below(6)) {
    case 0:
      return text.replaceAll(',', random.pick([' ,', ',\n', ',\t ', ',,']))
    case 1:
      return random.pick([` ${text}`, `${text} `, `${text}\n`, `\ufeff${text}`, `${text}]`])
    case 2:
      return text.replace(/,(\d+)/, (_, digits: string) => `,${digits}.0`)
    case 3:
      return text.replace(/,(\d+)/, (_, digits: string) => `,${digits}e0`)
    case 4:
      return text.replace(/[A-Z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
    default:
      // A duplicate member: the last one counts.
      return text.replace('{', () => `{${JSON.stringify(random.pick(KEYS))}:1,`)
  }
}

function extrasFor(random: Random): Readonly<Record<string, unknown>> {
  switch (random.below(7)) {
    case 0:
      return { s: scopes(random.pick([0, 1, 2, 15, 16, 17, 40])) }
    case 1:
      return {
        s: { a: random.pick([[], [{}], [{}, {}], [{}, {}, {}], {}, 'a', [1, 2], [{}, []]]) },
      }
    case 2:
      return {
        f: random.pick([
          [['notice', 'saved']],
          [
            ['notice', { a: 1 }],
            ['error', null],
            ['notice', []],
          ],
          Array.from({ length: 25 }, (_, at) => ['n', at]),
          [['notice']],
          [['notice', 1, 2]],
          [[1, 'saved']],
          [],
          {},
          '[]',
          null,
        ]),
      }
    case 3:
      return { c: random.pick(['AAECAwQFBgcICQoLDA0ODw', 'AAECAwQFBgcICQoLDA0ODx', 1, null]) }
    case 4:
      return { t: random.pick([1, 0, true, '1', null]) }
    case 5:
      return {
        o: random.pick(['aaaa', 'aaaabbbb', 'aaaabbbbccccddddeeee', 'aaa', '', 'a'.repeat(24)]),
      }
    default:
      return { l: random.pick(['long', 'short', '', 'a b', '__proto__', 'l'.repeat(33), 1, null]) }
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

/** Replaces one value at some depth. */
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

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const order = list.map((value) => ({ value, place: random.next() }))
  return order.toSorted((a, b) => a.place - b.place).map(({ value }) => value)
}

/** `Object.fromEntries` defines: a key called `__proto__` stays a key. */
function fromEntries(entries: readonly [string, unknown][]): object {
  return Object.fromEntries(entries)
}

/** Replaces the element at a position, and fills all positions before it. */
function put(elements: readonly unknown[], at: number, value: unknown): unknown[] {
  const copy = [...elements]
  while (copy.length < at) copy.push(null)
  copy[at] = value
  return copy
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function arrayOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.length > 0 ? value : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(RAW, (_, text: string) => text)
}
