/** Options of esbuild for a runtime that is not Node. */
export const EDGE = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['workerd', 'worker', 'import'],
  external: ['node:*'],
  logLevel: 'error',
}
