/**
 * @module sealed-session/device
 */
export * from '../../src/device/binding.ts'
