// Every alteration of a session's cookies in transit: every bit, every cut, every exchange of
// fields, every other spelling. The generators yield only altered inputs, never the original.

import { headerOfParts, split } from './mint.ts'

/** A parsed value. */
interface Fields {
  readonly id: string
  readonly day: string
  readonly iv: Buffer
  readonly ciphertext: Buffer
  readonly tag: Buffer
}

/** Changes one character of the ciphertext in a value, a token or the last cookie of a header. */
export function alter(value: string): string {
  const at = value.length - 30
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

/** Every string that differs in one bit of one character, or one of every `step` of them. */
export function* flips(text: string, step = 1): Generator<string> {
  for (let at = 0; at < 8 * text.length; at += step) {
    const index = at >> 3
    const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << (at & 7)))
    yield text.slice(0, index) + flipped + text.slice(index + 1)
  }
}

/** Every proper prefix and suffix of a string; the empty string is both. */
export function* cuts(text: string, step = 1): Generator<string> {
  const { length } = text
  for (let at = 0; at < 2 * length - 1; at += step) {
    yield at < length ? text.slice(0, at) : text.slice(at - length + 1)
  }
}

/** The `Cookie` headers of parts of which one is truncated. */
export function* cutParts(parts: readonly string[], step = 1): Generator<string> {
  for (const [at, part] of parts.entries()) {
    for (const cut of cuts(part, step)) yield headerOfParts(parts.with(at, cut))
  }
}

/** The `Cookie` headers of a value that is truncated before it is split into `count` cookies. */
export function* cutValues(value: string, count: number): Generator<string> {
  for (const cut of cuts(value)) yield headerOfParts(split(cut, count))
}

/**
 * Every combination of the fields of two values, except the two: id, day, IV, ciphertext and tag.
 */
export function mixtures(one: string, other: string): string[] {
  const [first, second] = [one.split('.'), other.split('.')]
  const mixed = new Set<string>()
  for (let choice = 0; choice < 32; choice++) {
    mixed.add(first.map((field, at) => ((choice >> at) & 1 ? second[at] : field)).join('.'))
  }
  mixed.delete(one)
  mixed.delete(other)
  return [...mixed]
}

/** Other tags, IVs and ciphertexts: of every length up to 39 bytes, and of zeros and ones. */
export function otherFields(value: string): string[] {
  const fields = parseFields(value)
  const { iv, ciphertext, tag } = fields
  const lengths = Array.from({ length: 40 }, (_, length) => length)
  const long = (part: Buffer) => Buffer.concat([part, part, part, part])
  const variants = [
    ...[0x00, 0xff].flatMap((byte) => [
      joinFields({ ...fields, tag: Buffer.alloc(16, byte) }),
      joinFields({ ...fields, iv: Buffer.alloc(12, byte) }),
      joinFields({ ...fields, ciphertext: Buffer.alloc(ciphertext.length, byte) }),
    ]),
    ...lengths.flatMap((length) => [
      joinFields({ ...fields, tag: long(tag).subarray(0, length) }),
      joinFields({ ...fields, tag: Buffer.alloc(length) }),
      joinFields({ ...fields, iv: long(iv).subarray(0, length) }),
    ]),
    // GCM is a stream cipher: each prefix of a ciphertext decrypts to a prefix of the text.
    ...Array.from(ciphertext, (_, length) =>
      joinFields({ ...fields, ciphertext: ciphertext.subarray(0, length) }),
    ),
  ]
  return variants.filter((variant) => variant !== value)
}

/** The same bytes with the boundaries between IV, ciphertext and tag moved. */
export function movedBoundaries(value: string): string[] {
  const { id, day, iv, ciphertext, tag } = parseFields(value)
  const whole = Buffer.concat([iv, ciphertext, tag])
  const lengths = Array.from({ length: 40 }, (_, length) => length)
  const cutAt = (start: number, end: number): Fields => ({
    id,
    day,
    iv: whole.subarray(0, start),
    ciphertext: whole.subarray(start, whole.length - end),
    tag: whole.subarray(whole.length - end),
  })
  return lengths
    .flatMap((start) => lengths.map((end) => joinFields(cutAt(start, end))))
    .filter((variant) => variant !== value)
}

/** Every number, order and repetition of a value's fields, up to five. */
export function rearrangements(value: string): string[] {
  const fields = value.split('.')
  const lists: string[][] = [[]]
  for (let from = 0; from < lists.length; from++) {
    const list = lists[from] ?? []
    if (list.length < 5) lists.push(...fields.map((field) => [...list, field]))
  }
  const doubled = fields.map((field, at) => fields.toSpliced(at, 0, field))
  return [...lists, ...doubled].map((list) => list.join('.')).filter((variant) => variant !== value)
}

/** Other spellings of the same bytes, which lenient decoders accept. */
export function spellings(value: string): string[] {
  const fields = value.split('.')
  const [id = '', day = ''] = fields
  const padded = [2, 3, 4].flatMap((at) =>
    lenientSpellings(fields[at] ?? '').map((other) => fields.with(at, other).join('.')),
  )
  return [
    ...padded,
    value.replaceAll('-', '+').replaceAll('_', '/'),
    value.replaceAll('.', '%2E'),
    encodeURIComponent(`"${value}"`),
    `"${value}"`,
    `${value}.`,
    `.${value}`,
    `${value}\u00a0`,
    `${value}\u0000`,
    [id, `0${day}`, ...fields.slice(2)].join('.'),
    [id, `+${day}`, ...fields.slice(2)].join('.'),
    [id, `${day}.0`, ...fields.slice(2)].join('.'),
    [id.toLowerCase(), day, ...fields.slice(2)].join('.'),
    [id.toUpperCase(), day, ...fields.slice(2)].join('.'),
    `1.${value}`,
    `01.${value}`,
    `17.${value}`,
  ].filter((variant) => variant !== value)
}

function lenientSpellings(field: string): string[] {
  const [start, end] = [field.slice(0, 4), field.slice(4)]
  const blanks = [`${start} ${end}`, `${start}\u000b${end}`]
  return [`${field}=`, `${field}==`, ...blanks, ...otherTrailingBits(field)]
}

/** Every other last character that decodes to the same bytes. */
function otherTrailingBits(field: string): string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const bytes = Buffer.from(field, 'base64url')
  return [...alphabet]
    .map((character) => field.slice(0, -1) + character)
    .filter((other) => other !== field && Buffer.from(other, 'base64url').equals(bytes))
}

function parseFields(value: string): Fields {
  const [id = '', day = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
  return { id, day, iv: bytesOf(iv), ciphertext: bytesOf(ciphertext), tag: bytesOf(tag) }
}

function joinFields({ id, day, iv, ciphertext, tag }: Fields): string {
  const sealed = [iv, ciphertext, tag].map((part) => Buffer.from(part).toString('base64url'))
  return [id, day, ...sealed].join('.')
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
