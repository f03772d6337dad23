/**
 * @module sealed-session/hono
 */
export * from '../../src/adapters/hono.ts'
