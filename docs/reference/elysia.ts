/**
 * @module sealed-session/elysia
 */
export * from '../../src/adapters/elysia.ts'
