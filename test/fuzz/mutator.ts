// Mutates an input into the next one. Half of the mutations change bytes without knowledge. The
// others know headers, counts, stamps, tickets, values, tokens and payloads, and change one part of
// a valid one.

import { formatHeader } from '../support/format.ts'
import { DAY, ID, NAME, START, dayOf, partName } from '../support/mint.ts'
import { cut, headerOf, pairsOf, valueIn, withValue } from './headers.ts'
import type { Pair } from './headers.ts'
import { mutatePayload, shuffled, usual } from './payloads.ts'
import type { Placed } from './payloads.ts'
import type { Random } from './random.ts'
import { IDS, PURPOSES, SECRETS, open, sealTicket, sealToken, sealValue } from './tokens.ts'
import type { Sealing } from './tokens.ts'

/** Twice the length of sixteen full cookies: a longer input reaches nothing new. */
const MAX_INPUT = 140_000

type Mutation = (input: string, random: Random, other: string) => string

/** Returns a mutation of `input`, sometimes combined with a second one. */
export function mutate(input: string, random: Random, other: string): string {
  let mutated = input
  for (let left = 1 + random.below(random.pick([1, 2, 6])); left > 0; left--) {
    mutated = random.pick(MUTATIONS)(mutated, random, other)
    if (mutated.length > MAX_INPUT) mutated = mutated.slice(0, MAX_INPUT)
  }
  return mutated
}

const NAMES = [
  NAME,
  `${NAME}.x`,
  `${NAME}.t`,
  `${NAME}.1`,
  `${NAME}.2`,
  `${NAME}.9`,
  `${NAME}.10`,
  `${NAME}.15`,
  `${NAME}.16`,
  `${NAME}.0`,
  `${NAME}.01`,
  `${NAME}.1 `,
  `${NAME}.`,
  `${NAME}.xx`,
  `${NAME}x`,
  `x${NAME}`,
  '__host-session',
  '%5F%5FHost-session',
  `\u00a0${NAME}`,
  '__proto__',
  'constructor',
  '',
  '$Version',
  '"',
  'theme',
  `${NAME}=${NAME}`,
] as const

const MAGIC = [
  ';',
  ',',
  '=',
  '; ',
  ';;',
  ' ',
  '\t',
  '"',
  '.',
  '..',
  '-',
  '_',
  '\\',
  '%',
  '%3D',
  '%00',
  '\u0000',
  '\r\n',
  '\u007f',
  '\u00a0',
  '\u00ff',
  '\ufeff',
  '\u2028',
  '\ud800',
  '\u{1f36a}',
  '0.',
  '1.',
  '2.',
  '3.',
  '02.',
  '10.',
  '16.',
  '17.',
  '999999.',
  '9999999999999999.',
  '.x=',
  '.t=',
  'ucs7.20468.',
  'eyJ',
  'eyJhbGciOiJub25lIn0',
  'e30',
  'AAAA',
  'A',
  'Q',
  '==',
  'null',
  '{}',
  '__proto__',
  `${NAME}=`,
  `${NAME}.x=aaaa`,
  `; ${NAME}.t=`,
  `; ${NAME}.1=`,
  `,${NAME}=`,
  '$Path=/',
  '$Version=1; ',
] as const

const COUNTS = [
  '',
  '0.',
  '1.',
  '2.',
  '3.',
  '9.',
  '10.',
  '15.',
  '16.',
  '17.',
  '02.',
  '1e1.',
] as const
const STAMPS = [
  'aaaa',
  'bbbb',
  'cccc',
  'dddd',
  'eeee',
  'aaab',
  'AAAA',
  'aB-_',
  '',
  'aaa',
  'aaaaa',
  'aa.a',
  'aaa ',
] as const

const TOKEN_HEADERS = [
  '{"alg":"none"}',
  '{"alg":"dir","enc":"A128GCM","kid":"KID"}',
  '{"alg":"A256KW","enc":"A256GCM","kid":"KID"}',
  '{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA","kid":"KID"}',
  '{"alg":"dir","enc":"A256GCM","zip":"DEF","kid":"KID"}',
  '{"alg":"dir","enc":"A256GCM","kid":"KID","crit":["x"],"x":1}',
  '{"alg":"dir","enc":"A256GCM","kid":"KID","cty":"JWT"}',
  '{"enc":"A256GCM","alg":"dir","kid":"KID"}',
  '{"alg":"dir","enc":"A256GCM","kid":"KID","kid":"KID"}',
  '{"alg":"dir","enc":"A256GCM","kid":{"a":1}}',
  '{"alg":"dir","enc":"A256GCM","kid":"__proto__.20468"}',
  '{"alg":"dir", "enc":"A256GCM","kid":"KID"}',
] as const

const BYTE_MUTATIONS: readonly Mutation[] = [
  (input, random) => {
    const at = random.below(input.length)
    const flipped = input.charCodeAt(at) ^ (1 << random.below(random.oneIn(8) ? 16 : 8))
    return input === '' ? '' : replaced(input, at, at + 1, String.fromCharCode(flipped))
  },
  (input, random) => {
    const at = random.below(input.length + 1)
    return replaced(input, at, at, String.fromCharCode(random.below(256)))
  },
  (input, random) => replaced(input, ...random.range(input.length), ''),
  (input, random) => {
    const at = random.below(input.length)
    return replaced(input, at, at + 1 + random.below(4), '')
  },
  (input, random) => {
    const [from, to] = random.range(input.length)
    return replaced(input, to, to, input.slice(from, to))
  },
  (input, random) => {
    const at = random.below(input.length + 1)
    return replaced(input, at, at + (random.oneIn(2) ? 1 : 0), random.pick(MAGIC))
  },
  (input, random, other) =>
    input.slice(0, random.below(input.length + 1)) + other.slice(random.below(other.length + 1)),
  (input, random) => {
    const at = random.below(input.length + 1)
    const length = random.oneIn(40) ? 70_000 : random.oneIn(8) ? 4_097 : random.below(60)
    const unit = random.pick(MAGIC)
    return replaced(input, at, at, unit.repeat(Math.ceil(length / unit.length)))
  },
]

const HEADER_MUTATIONS: readonly Mutation[] = [
  (input, random) => headerOf(shuffled(pairsOf(input), random)),
  (input, random) => {
    const pairs = pairsOf(input)
    const twin = pairs[random.below(pairs.length)]
    return twin === undefined ? input : headerOf(inserted(pairs, twin, random))
  },
  (input, random) => {
    const pairs = pairsOf(input)
    return headerOf(pairs.toSpliced(random.below(pairs.length), 1))
  },
  (input, random) =>
    changedPair(input, random, ({ value }) => ({ name: random.pick(NAMES), value })),
  (input, random, other) => {
    const found = random.pick(pairsOf(other))
    return found === undefined ? input : headerOf(inserted(pairsOf(input), found, random))
  },
  (input, random) => {
    const pair = { name: random.pick(NAMES), value: random.pick(MAGIC) }
    return headerOf(inserted(pairsOf(input), pair, random))
  },
  (input, random) =>
    changedPair(input, random, ({ name, value }) => ({ name, value: `"${value}"` })),
  (input, random) =>
    input.replace(/; /g, (usual) =>
      random.oneIn(3) ? random.pick([';', ',', ', ', ' ; ', ';;', ';\t', ';\u00a0']) : usual,
    ),
  (input, random) => {
    const pair = { name: `${NAME}.x`, value: random.pick(STAMPS) }
    return headerOf(inserted(pairsOf(input), pair, random))
  },
  (input, random) => {
    const pair = { name: `${NAME}.t`, value: ticketFor(input, random) }
    return headerOf(inserted(pairsOf(input), pair, random))
  },
  (input, random, other) =>
    changedPair(input, random, ({ name, value }) => {
      const change = random.pick<Mutation>([...BYTE_MUTATIONS]) ?? keep
      return name === `${NAME}.t`
        ? { name, value: change(value, random, valueIn(other)) }
        : { name, value }
    }),
  (input, random) => {
    const count = random.oneIn(2) ? random.pick(COUNTS) : `${random.below(20)}.`
    return headerOf(
      pairsOf(input).map(({ name, value }) =>
        name === NAME ? { name, value: count + value.replace(/^\d+\./, '') } : { name, value },
      ),
    )
  },
  (input, random) => {
    const others = pairsOf(input).filter(({ name }) => !name.startsWith(NAME))
    return headerOf([...others, ...cut(valueIn(input), 1 + random.below(17))])
  },
  (input, random) => {
    const pair = { name: partName(random.below(18)), value: valueIn(input).slice(0, 40) }
    return headerOf(inserted(pairsOf(input), pair, random))
  },
]

const TOKEN_MUTATIONS: readonly Mutation[] = [
  (input, random, other) => {
    const theirs = valueIn(other).split('.')
    const at = random.below(5)
    const fields = valueIn(input).split('.')
    return withValue(input, fields.with(at % fields.length, theirs[at] ?? '').join('.'), random)
  },
  (input, random) => {
    const fields = valueIn(input).split('.')
    const changed = random.oneIn(2)
      ? fields.toSpliced(random.below(fields.length), 1)
      : fields.toSpliced(random.below(fields.length), 0, random.pick(MAGIC))
    return withValue(input, changed.join('.'), random)
  },
  (input, random, other) => {
    const change = random.pick<Mutation>([...BYTE_MUTATIONS]) ?? keep
    return withValue(input, change(valueIn(input), random, valueIn(other)), random)
  },
  // Headers and ids, authenticated or not.
  (input, random) => {
    const text = valueIn(input)
    const opened = random.oneIn(2) ? open(text) : undefined
    const fields = text.split('.')
    if (fields[1] === '') {
      const before = Buffer.from(fields[0] ?? '', 'base64url').toString('latin1')
      const header = otherHeader(before, random)
      if (opened !== undefined) {
        return withValue(input, sealToken(opened.payload, { ...opened, header }), random)
      }
      const encoded = Buffer.from(header, 'latin1').toString('base64url')
      return withValue(input, fields.with(0, encoded).join('.'), random)
    }
    const kid = otherKid(fields.slice(0, 2).join('.'), random)
    if (opened !== undefined) {
      const { secret, purpose, day } = opened
      const sealing = { secret, purpose, day, kid }
      return withValue(input, sealValue(opened.payload, sealing), random)
    }
    return withValue(input, [kid, ...fields.slice(2)].join('.'), random)
  },
  // Conversion of a value to a token and back.
  (input, random) => {
    const text = valueIn(input)
    const opened = open(text)
    if (opened === undefined) return withValue(input, sealValue(usual()), random)
    const { secret, purpose, day, kid, payload } = opened
    const sealing = { secret, purpose, day, kid }
    const isToken = text.split('.')[1] === ''
    const other = isToken ? sealValue(payload, sealing) : sealToken(payload, sealing)
    return random.oneIn(3) ? other : withValue(input, other, random)
  },
  (input, random) => {
    const opened = open(valueIn(input))
    const payload = opened?.payload ?? usual()
    return withValue(input, sealAs(input, payload, bindingFor(random)), random)
  },
]

/** Authenticated values that are wrong. */
const PAYLOAD_MUTATIONS: readonly Mutation[] = [
  resealed((placed, random) => mutatePayload(placed, random)),
  resealed((placed, random) => mutatePayload(mutatePayload(placed, random), random)),
  resealed(({ payload, day }, random) => {
    const change = random.pick<Mutation>([...BYTE_MUTATIONS]) ?? keep
    return { payload: change(payload, random, payload), day }
  }),
]

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  among(BYTE_MUTATIONS),
  among(HEADER_MUTATIONS),
  among(TOKEN_MUTATIONS),
  among(PAYLOAD_MUTATIONS),
]

function keep(input: string): string {
  return input
}

/** Draws one of these, so that each kind is equally likely, however many it has. */
function among(mutations: readonly Mutation[]): Mutation {
  return (input, random, other) => (random.pick(mutations) ?? keep)(input, random, other)
}

/** Changes the payload and, usually, seals it under the key of its day. */
function resealed(change: (placed: Placed, random: Random) => Placed): Mutation {
  return (input, random) => {
    const opened = open(valueIn(input))
    const before = { payload: opened?.payload.toString('utf8') ?? usual(), day: dayOf(START) }
    const { payload, day } = change({ ...before, ...(opened && { day: opened.day }) }, random)
    // Latin-1 leaves bytes that are not UTF-8.
    const bytes = Buffer.from(payload, random.oneIn(10) ? 'latin1' : 'utf8')
    const { secret = SECRETS[0], purpose = 'cookie' } = opened ?? {}
    const sealing = { secret, purpose, day: random.oneIn(12) ? dayOf(START) : day }
    return withValue(input, sealAs(input, bytes, sealing), random)
  }
}

/** Seals in the form of the input: a bare token mostly stays one. */
function sealAs(input: string, payload: string | Buffer, sealing: Sealing): string {
  const isToken = valueIn(input).split('.')[1] === ''
  return isToken ? sealToken(payload, sealing) : sealValue(payload, sealing)
}

/** A ticket of the input's session, or of another, at some moment. */
function ticketFor(input: string, random: Random): string {
  const opened = random.oneIn(8) ? undefined : open(valueIn(input))
  const [, id = ID] = /"([\w-]{22})"/.exec(opened?.payload.toString('latin1') ?? '') ?? []
  const ago = random.pick([0, -5, -6, 1, 60, 8640, 50_000, DAY + 4, DAY + 5, 3 * DAY, 20 * DAY])
  const secret = random.oneIn(4) ? random.pick(SECRETS) : SECRETS[0]
  if (random.oneIn(6)) {
    const texts = ['[]', `["${id.slice(0, 8)}"]`, `["${id.slice(0, 8)}",43200,1]`, `["${id}",1]`]
    return sealValue(random.pick(texts) ?? '', { purpose: 'ticket', secret })
  }
  return sealTicket(id, START - (ago ?? 0), { secret })
}

function otherHeader(header: string, random: Random): string {
  const [, kid = `${IDS[0]}.${dayOf(START)}`] = /"kid":"([^"]*)"/.exec(header) ?? []
  switch (random.below(3)) {
    case 0:
      return random.pick(TOKEN_HEADERS).replaceAll('KID', kid)
    case 1: {
      const change = random.pick<Mutation>([...BYTE_MUTATIONS]) ?? keep
      return change(header, random, header)
    }
    default:
      return formatHeader(otherKid(kid, random))
  }
}

function otherKid(kid: string, random: Random): string {
  const ids = ['', 'a'.repeat(32), 'a'.repeat(33), '../x', '__proto__', '2', '16', ...IDS] as const
  const [own = ''] = kid.split('.')
  return `${random.oneIn(3) ? own : random.pick(ids)}.${neighbourOf(kid, random)}`
}

/** A day close to that of a `kid`, or none. */
function neighbourOf(kid: string, random: Random): string {
  const day = Number(kid.split('.').at(-1)) || dayOf(START)
  const steps = [0, 1, -1, 2, -6, -7, -8, -29, -30, -31, 400, -400, -day, 10 ** 6]
  const other = String(day + (random.pick(steps) ?? 0))
  return random.oneIn(10) ? random.pick([`0${other}`, `${other}.0`, '', '1e4', ' 1']) : other
}

function bindingFor(random: Random): Sealing {
  const secret = random.pick(SECRETS)
  const purpose = random.oneIn(2) ? 'cookie' : random.pick(PURPOSES)
  const name = random.pick([NAME, NAME, `${NAME}2`] as const)
  const day = dayOf(START) - (random.pick([0, 0, 0, 1, 7, 8, 30, 31, -1]) ?? 0)
  return { secret, purpose, name, day }
}

function replaced(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to)
}

function inserted(pairs: readonly Pair[], pair: Pair, random: Random): Pair[] {
  return pairs.toSpliced(random.below(pairs.length + 1), 0, pair)
}

function changedPair(header: string, random: Random, change: (pair: Pair) => Pair): string {
  const pairs = pairsOf(header)
  const at = random.below(pairs.length)
  return headerOf(pairs.map((pair, index) => (index === at ? change(pair) : pair)))
}
