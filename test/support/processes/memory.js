// Requests of every kind against one set of sessions, and what is in the heap after so many of them and
// after so many, as JSON: `node --expose-gc memory.js 20000 100000`.

import { createSessions } from '../../dist/index.js'

const [FIRST, LAST] = process.argv.slice(2).map(Number)
const SECRETS = [
  'TpO1kDOzKxnFtTFl3N3ViTQuWqhZTTjjMMXdMJHwyJ4',
  'Zv2mPqYd7uTNrc8AgW0sLkXhJf4eB9iOnVQyH3KtE6M',
]
const NAME = '__Host-session'
const START = 1_768_478_400
const DAY = 86_400

const time = { now: START }
let asked = 0
let told = 0
const options = {
  clock: () => time.now * 1000,
  observe: () => void told++,
  maxAge: 3 * DAY,
  touchInterval: 60,
}
const sessions = createSessions({
  ...options,
  secretsRefresh: 600,
  // Each answer in another order, so that each makes a ring of its own.
  secrets: () => (asked++ % 2 === 0 ? SECRETS : SECRETS.toReversed()),
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
/** Another id and another day each time, all of the right form. */
const foreign = (n) => {
  const header = `{"alg":"dir","enc":"A256GCM","kid":"k${n}.${Math.floor(time.now / DAY) - (n % 4)}"}`
  const encoded = Buffer.from(header).toString('base64url')
  return `${NAME}=${encoded}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`
}

const kinds = [
  (n) => ignore(request(`theme=dark; n=${n}`)),
  () => look(request(cookie)),
  async () => {
    const response = await visit(request(cookie))
    cookie = pairOf(response.headers.getSetCookie()) || cookie
  },
  (n) => look(request(`${NAME}=junk${n}; ${NAME}.1=x`)),
  (n) => look(request(foreign(n))),
  () => visit(request('')),
  () => leave(request(cookie)),
  // Too large to be renewed: remembered by its id, and there is another one each time.
  async (n) => {
    const late = await cookieOf(roomy, (s) => s.set('text', `${n}`.padEnd(3000, 'x')))
    time.now += 60
    const session = await tight.open(late)
    session.get('text')
    if ((await tight.setCookies(session)).length > 0) throw new Error('was renewed')
  },
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
console.log(JSON.stringify({ growth: last - first, first, asked, told, days }))
