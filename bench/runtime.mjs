// Run by the runtime that is measured: prints size -> name -> microseconds by round, as JSON.

import { portableOperations } from './portable.mjs'
import { takeTurns } from './timing.mjs'

const { secret, effort } = JSON.parse(globalThis.process.argv[2])
const results = {}
for (const [size, operations] of Object.entries(await portableOperations(secret))) {
  // oxlint-disable-next-line no-await-in-loop
  results[size] = await takeTurns(operations, effort)
}
console.log(JSON.stringify(results))
