// Sends requests of every kind to one set of sessions, and prints as JSON how much the heap grew between two
// counts of requests: `node --expose-gc memory.js 20000 100000`.

import { createSessions } from '../../../dist/index.js'

const [FIRST, LAST] = process.argv.slice(2).map(Number)
const SECRETS = [
  'TpO1kDOzKxnFtTFl3N3ViTQuWqhZTTjjMMXdMJHwyJ4',
  'Zv2mPqYd7uTNrc8AgW0sLkXhJf4eB9iOnVQyH3KtE6M',
]
const NAME = '__Host-session'
const START = 1_768_478_400
const DAY = 86_400

const time = { now: START }
let secretsCalls = 0
let eventCount = 0
const options = {
  clock: () => time.now * 1000,
  observe: () => void eventCount++,
  maxAge: 3 * DAY,
  touchInterval: 60,
}
const sessions = createSessions({
  ...options,
  secretsRefresh: 600,
  // Each result has another order, so that each creates a new ring.
  secrets: () => (secretsCalls++ % 2 === 0 ? SECRETS : SECRETS.toReversed()),
})
const roomy = createSessions({ ...options, limits: 'node', secrets: SECRETS })
const tight = createSessions({ ...options, secrets: SECRETS })

const pairOf = (lines) => lines.map((line) => line.split(';', 1)[0]).join('; ')

async function cookieOf(maker, fill) {
  const session = await maker.open(null)
  fill(session)
  return pairOf(await maker.setCookies(session))
}

const request = (cookie) => new Request('https://example.test/', { headers: { cookie } })

const visit = sessions.wrap((_, session) => {
  session.set('visits', session.get('visits', 0) + 1)
  return new Response('text')
})
const look = sessions.wrap((_, session) => new Response(session.get('user', 'nobody')))
const ignore = sessions.wrap(() => new Response('text'))
const leave = sessions.wrap((_, session) => {
  session.destroy()
  return new Response('text')
})

let cookie = ''
/** A well-formed value with another secret id and another day each time. */
const foreign = (n) => {
  const day = Math.floor(time.now / DAY) - (n % 4)
  return `k${n}.${day}.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`
}

const kinds = [
  (n) => ignore(request(`theme=dark; n=${n}`)),
  () => look(request(cookie)),
  async () => {
    const response = await visit(request(cookie))
    cookie = pairOf(response.headers.getSetCookie()) || cookie
  },
  (n) => look(request(`${NAME}=junk${n}; ${NAME}.1=x`)),
  (n) => look(request(`${NAME}=${foreign(n)}`)),
  (n) => look(request(`${cookie}; ${NAME}.t=${foreign(n)}`)),
  () => visit(request('')),
  () => leave(request(cookie)),
  // Over the limits of `tight`: still gets a ticket, each time for another session.
  async (n) => {
    const late = await cookieOf(roomy, (session) => session.set('text', `${n}`.padEnd(3000, 'x')))
    time.now += 60
    const session = await tight.open(late)
    session.get('text')
    const names = (await tight.setCookies(session)).map((line) => line.split('=', 1)[0])
    if (names.join() !== `${NAME}.t`) throw new Error(`wrote ${names.join()} instead of a ticket`)
  },
  // A logout stamp that this session does not know.
  (n) => look(request(`${NAME}.x=${n.toString(36).padStart(4, '0')}; ${cookie}`)),
]

async function upTo(count, from = 0) {
  for (let n = from; n < count; n++) await kinds[n % kinds.length](n)
  gc()
  await new Promise((resolve) => setTimeout(resolve, 10))
  gc()
  return process.memoryUsage().heapUsed
}

cookie = await cookieOf(sessions, (session) => session.set('user', 'ada'))
const first = await upTo(FIRST)
const last = await upTo(LAST, FIRST)
const days = (time.now - START) / DAY
console.log(JSON.stringify({ growth: last - first, first, secretsCalls, eventCount, days }))
