/**
 * @module sealed-session/express
 */
export * from '../../src/adapters/express.ts'
