/**
 * @module sealed-session/fastify
 */
export * from '../../src/adapters/fastify.ts'
