// (e) How the cost grows: with the data, with the number of secrets, with other cookies.

import { randomBytes } from 'node:crypto'
import { createSessions } from '../dist/index.js'
import { cookieOf } from './contenders/cookies.mjs'
import { rawNode } from './contenders/limits.mjs'
import { engineNode } from './contenders/sealed-session.mjs'
import { foreignCookies, login, sessionOf } from './payloads.mjs'
import { takeTurns } from './timing.mjs'

const DATA = [100, 400, 1600, 6400, 16_000, 32_000, 48_000, 64_000]
const SECRETS = [1, 2, 5, 10]
const FOREIGN = [0, 10, 30, 100]

/** A token with more data is longer than sixteen full cookies, and is rejected. */
const MOST_DATA = 48_000

/** Sealing and opening a bare token, by the bytes of its JSON. */
export async function growWithData(secret, effort) {
  const sessions = createSessions({ secrets: secret })
  const [raw, engine] = await Promise.all([rawNode.make(secret), engineNode.make(secret)])
  const operations = {}
  for (const size of DATA) {
    const data = sessionOf(size)
    operations[`${size}, limit`] = () => raw.open(raw.seal(data))
    operations[`${size}, engine`] = () => engine.open(engine.seal(data))
    if (size > MOST_DATA) continue
    // oxlint-disable-next-line no-await-in-loop
    const token = await tokenOf(sessions, data)
    let number = data.lastSeen
    operations[`${size}, public API`] = async () => {
      const session = await sessions.unseal(token)
      session.set('lastSeen', ++number)
      return sessions.seal(session)
    }
  }
  return takeTurns(operations, effort)
}

/** Opens a session that the oldest of this many secrets sealed. */
export async function growWithSecrets(secret, effort) {
  const cookie = await cookieOfLogin(createSessions({ secrets: secret }))
  const operations = {}
  for (const count of SECRETS) {
    const newer = Array.from({ length: count - 1 }, () => randomBytes(32).toString('base64url'))
    const sessions = createSessions({ secrets: [...newer, secret] })
    operations[count] = () => sessions.open(cookie)
  }
  return takeTurns(operations, effort)
}

/** Opens a session beside this many other cookies. */
export async function growWithCookies(secret, effort) {
  const sessions = createSessions({ secrets: secret })
  const cookie = await cookieOfLogin(sessions)
  const operations = {}
  for (const count of FOREIGN) {
    const header = [...foreignCookies(count), cookie].join('; ')
    operations[count] = () => sessions.open(header)
  }
  return takeTurns(operations, effort)
}

async function tokenOf(sessions, data) {
  return sessions.seal(await filled(sessions, data))
}

async function cookieOfLogin(sessions) {
  return cookieOf(await sessions.setCookies(await filled(sessions, login)))
}

async function filled(sessions, data) {
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  return session
}
