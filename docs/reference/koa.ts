/**
 * @module sealed-session/koa
 */
export * from '../../src/adapters/koa.ts'
