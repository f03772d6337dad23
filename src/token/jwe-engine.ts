// Which implementation of AES-GCM seals: `node:crypto` where the runtime has it, because it is
// synchronous; else jose, which is loaded at the first key.

import type { MakeKey } from './jwe.ts'
import { makeJoseKey } from './jwe-jose.ts'
import { nodeKeys } from './jwe-node.ts'

/** Returns how this runtime makes keys. */
export function chooseEngine(): MakeKey {
  return nodeKeys() ?? makeJoseKey
}
