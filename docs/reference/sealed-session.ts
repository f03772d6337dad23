/**
 * @module sealed-session
 */
export * from '../../src/index.ts'
