/**
 * @module sealed-session/lambda
 */
export * from '../../src/adapters/lambda.ts'
