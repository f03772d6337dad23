// (c) Requests a second of a real server on loopback: without a session, and with each library's.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import autocannon from 'autocannon'
import { titleOf } from './contenders/index.mjs'
import { authCore } from './contenders/auth-core.mjs'
import { cookieOf } from './contenders/cookies.mjs'
import { fastifySecureSession } from './contenders/fastify-secure-session.mjs'
import { ironSession } from './contenders/iron-session.mjs'
import { reactRouter } from './contenders/react-router.mjs'
import { sealedSession } from './contenders/sealed-session.mjs'

const LIBRARIES = [sealedSession, fastifySecureSession, reactRouter, ironSession, authCore]

/** The baseline of all comparisons. */
export const NO_SESSION = 'no session'

/** @returns kind -> requests a second, by round */
export async function measureLoad(secret, { loadRounds, loadSeconds }) {
  const given = JSON.stringify({ names: LIBRARIES.map(({ name }) => name), secret })
  const server = fork(new URL('server.mjs', import.meta.url), [given])
  try {
    const [port] = await once(server, 'message')
    const origin = `http://127.0.0.1:${port}`
    const kinds = await kindsOf(origin)
    const results = Object.fromEntries(kinds.map(({ kind }) => [kind, []]))
    for (let round = -1; round < loadRounds; round++) {
      for (const { kind, url, cookie } of kinds) {
        // oxlint-disable-next-line no-await-in-loop
        const rate = await load(url, cookie, round < 0 ? 1 : loadSeconds)
        if (round >= 0) results[kind].push(rate)
      }
    }
    return results
  } finally {
    const exited = once(server, 'exit')
    server.disconnect()
    await exited
  }
}

async function kindsOf(origin) {
  const kinds = await Promise.all(
    LIBRARIES.map(async (library, place) => {
      const response = await fetch(`${origin}/${place}/login`)
      const cookie = cookieOf(response.headers.getSetCookie())
      return ['read', 'write'].map((action) => ({
        kind: `${titleOf(library)}, ${action}`,
        url: `${origin}/${place}/${action}`,
        cookie,
      }))
    }),
  )
  const [[{ cookie }]] = kinds
  return [{ kind: NO_SESSION, url: `${origin}/0/none`, cookie }, ...kinds.flat()]
}

async function load(url, cookie, duration) {
  const result = await autocannon({ url, connections: 10, duration, headers: { cookie } })
  if (result.errors > 0 || result.non2xx > 0) throw new Error(`${url} failed under load`)
  return result.requests.average
}
