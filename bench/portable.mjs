// The measurements that every runtime supports: the limits, this library's engines and its public
// API, and the two most used of the others. Imports nothing of Node.

import { checkFormat, checkSession } from './check.mjs'
import { authCore } from './contenders/auth-core.mjs'
import { ironSession } from './contenders/iron-session.mjs'
import { rawNode, rawSubtle } from './contenders/limits.mjs'
import {
  engineJose,
  engineNode,
  sealedSession,
  sealedSessionSubtle,
} from './contenders/sealed-session.mjs'
import { login, sessionOf } from './payloads.mjs'

export const RUNTIME_SIZES = ['login', 4677]

/** size -> name -> one operation, of all contenders that work in this runtime. */
export async function portableOperations(secret) {
  const operations = {}
  for (const size of RUNTIME_SIZES) {
    const data = size === 'login' ? login : sessionOf(size)
    // oxlint-disable-next-line no-await-in-loop
    operations[size] = await operationsOf(secret, data)
  }
  return operations
}

async function operationsOf(secret, data) {
  const operations = {}
  for (const contender of [rawNode, engineNode, rawSubtle, engineJose]) {
    if (needsNode(contender) && !hasNodeCrypto()) continue
    // oxlint-disable-next-line no-await-in-loop
    const { seal, open } = await contender.make(secret)
    // oxlint-disable-next-line no-await-in-loop
    await checkFormat(contender.name, { seal, open }, data)
    const isAsync = seal(data) instanceof Promise
    operations[contender.name] = isAsync
      ? async () => open(await seal(data))
      : () => open(seal(data))
  }
  for (const contender of [sealedSession, sealedSessionSubtle, ironSession, authCore]) {
    // oxlint-disable-next-line no-await-in-loop
    const session = await contender.make(secret)
    // oxlint-disable-next-line no-await-in-loop
    const cookie = await checkSession(contender.name, session, data)
    let number = data.lastSeen
    operations[contender.name] = () => session.step(cookie, ++number)
  }
  return operations
}

function needsNode(contender) {
  return contender === rawNode || contender === engineNode
}

function hasNodeCrypto() {
  return globalThis.process?.getBuiltinModule?.('node:crypto') !== undefined
}
