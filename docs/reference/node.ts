/**
 * @module sealed-session/node
 */
export * from '../../src/adapters/node.ts'
