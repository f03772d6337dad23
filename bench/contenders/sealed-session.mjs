import { createSessions } from '../../dist/index.js'
import { makeJoseKey } from '../../src/token/jwe-jose.ts'
import { nodeKeys } from '../../src/token/jwe-node.ts'
import { formatValue, parseValue } from '../../src/token/jwe.ts'

const KEY_ID = { id: 'a1b2', day: 20_778 }

/** Only the token, without claims, for the comparison with the limit and with libsodium. */
function engine(name, keys) {
  return {
    name,
    form: 'JWE, dir, A256GCM',
    async make(secret) {
      const bytes = Uint8Array.from(atob(secret.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
        c.charCodeAt(0),
      )
      const key = await keys()(KEY_ID, bytes)
      const format = (sealed) => formatValue(KEY_ID, sealed)
      return {
        seal(data) {
          const sealed = key.seal(JSON.stringify(data))
          return typeof sealed === 'string' ? format(sealed) : sealed.then(format)
        },
        open(value) {
          const parsedValue = parseValue(value)
          if (parsedValue?.id !== KEY_ID.id || parsedValue.day !== KEY_ID.day) return undefined
          const text = key.open(parsedValue.sealed)
          return typeof text === 'string' ? JSON.parse(text) : text?.then(parsed)
        },
      }
    },
  }
}

function parsed(text) {
  return text === undefined ? undefined : JSON.parse(text)
}

function publicApi(name, create) {
  return {
    name,
    form: 'JWE, dir, A256GCM',
    expires: true,
    async make(secret) {
      const sessions = create({ secrets: secret, limits: 'node' })
      return {
        async write(data) {
          const session = await sessions.open(null)
          for (const [key, value] of Object.entries(data)) session.set(key, value)
          return sessions.setCookies(session)
        },
        async read(cookie) {
          return (await sessions.open(cookie)).toJSON()
        },
        async step(cookie, number) {
          const session = await sessions.open(cookie)
          session.set('lastSeen', number)
          return sessions.setCookies(session)
        },
      }
    },
  }
}

/** As in a runtime without `node:crypto`. The engine is chosen when the object is created. */
export function createWithoutNodeCrypto(options) {
  const { process } = globalThis
  const getBuiltinModule = process?.getBuiltinModule
  if (getBuiltinModule === undefined) return createSessions(options)
  process.getBuiltinModule = undefined
  try {
    return createSessions(options)
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
}

export const engineNode = engine('engine, node:crypto', nodeKeys)
export const engineJose = engine('engine, jose', () => makeJoseKey)
export const sealedSession = publicApi('sealed-session', createSessions)
export const sealedSessionSubtle = publicApi('sealed-session, WebCrypto', createWithoutNodeCrypto)
