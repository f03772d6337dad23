// The cost of the size guard in a write of a session that is well within its limits: the sums over
// existing lines, as a share of the whole write. `node bench/guard.mjs`, after a build.

import { createSessions } from '../dist/index.js'
import { resolveLimits } from '../src/size/limits.ts'
import { measureUsage } from '../src/size/measure.ts'

const ROUNDS = 15
const CALLS = 2000

const sessions = createSessions({ secrets: crypto.randomUUID() + crypto.randomUUID() })
const limits = resolveLimits('portable', false)
const login = { userId: 'u-4711', name: 'Ada', roles: ['admin', 'editor'], visits: 0 }

const first = await sessions.open(null)
for (const [key, value] of Object.entries(login)) first.set(key, value)
const [line] = await sessions.setCookies(first)
const cookie = line.split(';')[0]
const { bytes, level, cookies } = await sessions.measure(first)
if (level !== 'ok') throw new Error('the session is not well within its limits')

const load = {
  token: bytes.requestHeader,
  capacity: limits.cookie * limits.cookies,
  pairs: [bytes.requestHeader],
  cookies,
  lines: [line.length],
  otherBytes: 0,
}

const shares = []
for (let round = 0; round < ROUNDS; round++) {
  const whole = await timed(write)
  shares.push((await timed(guard)) / whole)
}
const median = shares.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]
console.log(
  `the guard's share of a write: ${(median * 100).toFixed(1)} % (median of ${ROUNDS} rounds)`,
)

async function write(call) {
  const session = await sessions.open(cookie)
  session.set('visits', call + 1)
  await sessions.setCookies(session)
}

async function guard() {
  if (measureUsage(load, limits).level !== 'ok') throw new Error('weighed wrongly')
}

async function timed(work) {
  const start = performance.now()
  for (let call = 0; call < CALLS; call++) await work(call)
  return performance.now() - start
}
