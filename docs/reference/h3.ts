/**
 * @module sealed-session/h3
 */
export * from '../../src/adapters/h3.ts'
