import fc from 'fast-check'

/**
 * Any character of Unicode, as the unit of a string. fast-check's own, `binary`, takes seconds to
 * construct.
 */
export const codePoint: fc.Arbitrary<string> = fc
  .nat(0x10_ffff)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
