// The characters of the cookie values that are sent with every request, as each library writes
// them.

import { createSessions } from '../dist/index.js'
import { cookieOf, valueLength } from './contenders/cookies.mjs'
import { secretbox } from './contenders/fastify-secure-session.mjs'
import { sessions, titleOf } from './contenders/index.mjs'
import { sealedSessionSubtle } from './contenders/sealed-session.mjs'
import { payloads } from './payloads.mjs'
import { median } from './timing.mjs'

/** Some formats have base64 in base64, whose padding differs from one session to the next. */
const SAMPLES = 15

/** The characters of the first format, before it was shortened: a compact JWE with named claims. */
const FORMER = {
  form: 'a whole JWE, named claims',
  expires: true,
  lengths: {
    'a bare id': 253,
    'a login': 401,
    'a cart of 15 items': 1740,
    'OIDC tokens': 2969,
    'a wizard of 6 kB': 7823,
  },
}

/** name -> { expires, lengths: payload -> characters, or `null` if it is rejected }. */
export async function measureBytes(secret) {
  const box = await secretbox.make(secret)
  const results = {
    'libsodium, the box alone': {
      form: secretbox.form,
      expires: false,
      lengths: await lengthsOf((data) => box.seal(data).length),
    },
  }
  for (const contender of sessions) {
    if (contender === sealedSessionSubtle) continue
    // oxlint-disable-next-line no-await-in-loop
    const { write } = await contender.make(secret)
    results[titleOf(contender)] = {
      form: contender.form,
      expires: contender.expires === true,
      // oxlint-disable-next-line no-await-in-loop
      lengths: await lengthsOf(async (data) => valueLength(cookieOf(await write(data)))),
    }
  }
  results['sealed-session, before the format was final'] = FORMER
  return results
}

/** payload -> bytes of the header fields of a response that records a use. */
export async function measureRenewals(secret) {
  let now = Date.UTC(2026, 0, 1)
  const sessions = createSessions({ secrets: secret, limits: 'node', clock: () => now })
  const results = {}
  for (const [payload, data] of Object.entries(payloads)) {
    // oxlint-disable-next-line no-await-in-loop
    const session = await sessions.open(null)
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    // oxlint-disable-next-line no-await-in-loop
    const cookie = cookieOf(await sessions.setCookies(session))
    now += 3 * 3_600_000
    // oxlint-disable-next-line no-await-in-loop
    const used = await sessions.open(cookie)
    if (used.get('userId') !== data.userId) throw new Error(`${payload} did not come back`)
    // oxlint-disable-next-line no-await-in-loop
    const lines = await sessions.setCookies(used)
    const bytes = lines.map((line) => `Set-Cookie: ${line}\r\n`.length)
    results[payload] = bytes.reduce((sum, length) => sum + length, 0)
  }
  return results
}

async function lengthsOf(measure) {
  const lengths = {}
  for (const [payload, data] of Object.entries(payloads)) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      const samples = await Promise.all(Array.from({ length: SAMPLES }, () => measure(data)))
      lengths[payload] = median(samples)
    } catch {
      lengths[payload] = null
    }
  }
  return lengths
}
