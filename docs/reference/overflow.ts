/**
 * @module sealed-session/overflow
 */
export * from '../../src/overflow/overflow.ts'
