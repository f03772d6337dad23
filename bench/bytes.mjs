// What travels with every request: characters of the cookie values, as each library writes them.

import { cookieOf, valueLength } from './contenders/cookies.mjs'
import { secretbox } from './contenders/fastify-secure-session.mjs'
import { sessions, titleOf } from './contenders/index.mjs'
import { sealedSessionSubtle } from './contenders/sealed-session.mjs'
import { payloads } from './payloads.mjs'
import { median } from './timing.mjs'

/** Some formats hold base64 in base64, whose padding differs from one session to the next. */
const SAMPLES = 15

/** name -> { expires, lengths: payload -> characters, or `null` where it is refused }. */
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
