// Finds the one altered character of a ciphertext, by the algebra of GCM's tag (NIST SP 800-38D,
// section 6): a difference of one block changes the tag by that difference times a power of H. So
// for each block the difference is computed that would explain the tag, instead of trying every
// character.

import { createCipheriv } from 'node:crypto'

const BLOCK_BITS = 128
const CHARACTER_BITS = 6

/** x^128 + x^7 + x^2 + x + 1, with the bits in GCM's order. */
const REDUCTION = 0xe1n << 120n

/**
 * Returns the position, from 0, of the only character of a ciphertext that can have been altered.
 *
 * @param difference the received tag, XOR the tag of the ciphertext
 * @param length characters of the ciphertext
 */
export function findAlteredCharacter(
  key: Buffer,
  difference: Buffer,
  length: number,
): number | undefined {
  const h = toNumber(createCipheriv('aes-256-ecb', key, null).update(Buffer.alloc(16)))
  const inverse = invert(h)
  const blocks = Math.ceil((Math.floor((length * 3) / 4) * 8) / BLOCK_BITS)
  const found: number[] = []
  // The last block of the ciphertext is before the block of lengths.
  let wanted = multiply(multiply(toNumber(difference), inverse), inverse)
  let after: bigint | undefined
  for (let block = blocks - 1; block >= 0; block--) {
    const over = after === undefined ? undefined : placeOverEnd(after, block, h)
    const place = placeInBlock(wanted, block) ?? over
    if (place !== undefined && place < length) found.push(place)
    after = wanted
    wanted = multiply(wanted, inverse)
  }
  return found.length === 1 ? found[0] : undefined
}

/** Returns the position of the character that contains a difference, if one does. */
function placeInBlock(difference: bigint, block: number): number | undefined {
  const bits = difference.toString(2).padStart(BLOCK_BITS, '0')
  const first = block * BLOCK_BITS + bits.indexOf('1')
  const last = block * BLOCK_BITS + bits.lastIndexOf('1')
  const place = Math.floor(first / CHARACTER_BITS)
  return place === Math.floor(last / CHARACTER_BITS) ? place : undefined
}

/**
 * Returns the position of the character that begins in a block and ends in the next one, if an
 * alteration of it explains the tag.
 *
 * @param wanted the difference that would explain the tag in the next block alone
 */
function placeOverEnd(wanted: bigint, block: number, h: bigint): number | undefined {
  const end = (block + 1) * BLOCK_BITS
  const place = Math.floor(end / CHARACTER_BITS)
  const before = end - place * CHARACTER_BITS
  if (before === 0) return undefined
  // A multiple of it has no bits after the rest of the character.
  const afterStart = 1n << BigInt(BLOCK_BITS - (CHARACTER_BITS - before))
  for (let pattern = 1; pattern < 1 << before; pattern++) {
    // The bits of this block, seen from the next one, are multiplied by H once more.
    const rest = wanted ^ multiply(BigInt(pattern), h)
    const isAtStart = rest % afterStart === 0n
    if (isAtStart) return place
  }
  return undefined
}

/** Multiplies in GCM's field. */
function multiply(one: bigint, other: bigint): bigint {
  let product = 0n
  let shifted = other
  for (let bit = BigInt(BLOCK_BITS - 1); bit >= 0n; bit--) {
    if ((one >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ REDUCTION : shifted >> 1n
  }
  return product
}

/** Inverts by Fermat's theorem: to the power of 2^128 - 2. */
function invert(value: bigint): bigint {
  let result: bigint | undefined
  let power = value
  for (let bit = 1; bit < BLOCK_BITS; bit++) {
    power = multiply(power, power)
    result = result === undefined ? power : multiply(result, power)
  }
  return result ?? value
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}
