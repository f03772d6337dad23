// (c) Requests a second of a real server on loopback, with and without a session.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import autocannon from 'autocannon'
import { cookieOf } from './contenders/cookies.mjs'
import { login } from './payloads.mjs'

const KINDS = {
  'no session': ['/none', '/login'],
  'session read': ['/read', '/login'],
  'session written': ['/write', '/login'],
  'iron-session read': ['/iron/read', '/iron/login'],
  'iron-session written': ['/iron/write', '/iron/login'],
}

/** @returns kind -> requests a second, by round */
export async function measureLoad(secret, { loadRounds, loadSeconds }) {
  const server = fork(new URL('server.mjs', import.meta.url), {
    env: { ...process.env, BENCH_SECRET: secret, BENCH_LOGIN: JSON.stringify(login) },
  })
  try {
    const [port] = await once(server, 'message')
    const results = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]))
    for (let round = -1; round < loadRounds; round++) {
      for (const [kind, [path, login_]] of Object.entries(KINDS)) {
        // oxlint-disable-next-line no-await-in-loop
        const rate = await load(
          `http://127.0.0.1:${port}`,
          path,
          login_,
          round < 0 ? 1 : loadSeconds,
        )
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

async function load(origin, path, loginPath, duration) {
  const response = await fetch(origin + loginPath)
  const cookie = cookieOf(response.headers.getSetCookie())
  const result = await autocannon({
    url: origin + path,
    connections: 10,
    duration,
    headers: { cookie },
  })
  if (result.errors > 0 || result.non2xx > 0) throw new Error(`${path} failed under load`)
  return result.requests.average
}
