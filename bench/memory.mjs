// (f) Memory: what one request allocates, what a million of them leave behind, and what those that are
// under way hold. In a process of its own, whose young generation is larger than what is measured, so that
// no collection comes in between.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createSessions } from '../dist/index.js'
import { cookieOf } from './contenders/cookies.mjs'
import { login, sessionOf } from './payloads.mjs'

const URL_OF_SHOP = 'https://shop.example/cart'

/** Requests of one measurement; the least of several counts, since the compiler allocates too. */
const REQUESTS = 1000
const REPETITIONS = 7

const MILLION = 1_000_000
const SLICES = 5

/** Requests under way at a time. */
const AT_ONCE = 10_000

const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=512']

/** @returns `allocated`: kind -> bytes, `kept`: heap after each fifth of a million, `held`: bytes each */
export async function measureMemory(secret) {
  const script = new URL(import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, script, secret])
  return JSON.parse(stdout)
}

async function measure(secret) {
  const sessions = createSessions({ secrets: secret, limits: 'node' })
  const cookies = {
    login: cookieOf(await written(sessions, login)),
    large: cookieOf(await written(sessions, sessionOf(8500))),
  }
  const requestOf = (cookie) => new Request(URL_OF_SHOP, { headers: { cookie } })
  const read = sessions.wrap((_, session) => new Response(session.get('userId', 'nobody')))
  const write = sessions.wrap((_, session) => {
    session.set('lastSeen', session.get('lastSeen') + 1)
    return new Response('changed')
  })
  const kinds = {
    'without a session': async () => {
      const request = requestOf(cookies.login)
      return new Response(request.method)
    },
    'a login read': () => read(requestOf(cookies.login)),
    'a login changed': () => write(requestOf(cookies.login)),
    'three cookies read': () => read(requestOf(cookies.large)),
    'three cookies changed': () => write(requestOf(cookies.large)),
  }
  const allocated = {}
  // oxlint-disable-next-line no-await-in-loop
  for (const [kind, act] of Object.entries(kinds)) allocated[kind] = await allocationOf(act)
  return {
    allocated,
    kept: await keptByAMillion(sessions, cookies.login),
    held: await heldByEach(),
  }

  /** Sessions that were opened from requests whose handlers have not returned yet. */
  async function heldByEach() {
    gc()
    const before = heap()
    let release
    const gate = new Promise((resolve) => {
      release = resolve
    })
    const handle = sessions.wrap(async (_, session) => {
      const user = session.get('userId')
      await gate
      return new Response(user)
    })
    const requests = Array.from({ length: AT_ONCE }, () => requestOf(cookies.login))
    const own = (heap() - before) / AT_ONCE
    const answers = requests.map((request) => handle(request))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    gc()
    const all = (heap() - before) / AT_ONCE
    release()
    await Promise.all(answers)
    return { request: own, both: all }
  }
}

/** Bytes that one call allocates. */
async function allocationOf(act) {
  const calls = async () => {
    // oxlint-disable-next-line no-await-in-loop
    for (let done = 0; done < REQUESTS; done++) await act()
  }
  await calls()
  await calls()
  let least = Infinity
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    gc()
    const before = heap()
    // oxlint-disable-next-line no-await-in-loop
    await calls()
    least = Math.min(least, (heap() - before) / REQUESTS)
  }
  return least
}

/** The heap after each part of a million sessions, opened one after the other, in bytes. */
async function keptByAMillion(sessions, cookie) {
  const after = []
  for (let slice = 0; slice < SLICES; slice++) {
    for (let done = 0; done < MILLION / SLICES; done++) {
      // oxlint-disable-next-line no-await-in-loop
      await sessions.open(cookie)
    }
    gc()
    after.push(heap())
  }
  return after
}

async function written(sessions, data) {
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  return sessions.setCookies(session)
}

function heap() {
  return process.memoryUsage().heapUsed
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.stdout.write(JSON.stringify(await measure(process.argv[2])))
}
