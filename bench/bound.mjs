// The bytes that a session that is bound to a device sends with each request, beside an unbound
// one.

import { deviceBound } from '../dist/device/binding.js'
import { createSessions } from '../dist/index.js'
import { payloads } from './payloads.mjs'

/**
 * payload -> characters of the `Cookie` header with a ticket: of an unbound session, and of a bound
 * one.
 */
export async function measureBound(secret) {
  let now = Date.UTC(2026, 0, 1)
  const options = { secrets: secret, limits: 'node', clock: () => now, device: deviceBound() }
  const sessions = createSessions(options)
  const results = {}
  for (const [payload, data] of Object.entries(payloads)) {
    const headers = []
    for (const isBound of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop
      const session = await sessions.open(null)
      for (const [key, value] of Object.entries(data)) session.set(key, value)
      if (isBound) session.bindToDevice()
      // oxlint-disable-next-line no-await-in-loop
      const cookies = new Map(pairsIn(await sessions.setCookies(session)))
      now += 3 * 3_600_000
      // oxlint-disable-next-line no-await-in-loop
      const used = await sessions.open([...cookies.values()].join('; '))
      used.touch()
      // oxlint-disable-next-line no-await-in-loop
      for (const [name, pair] of pairsIn(await sessions.setCookies(used))) cookies.set(name, pair)
      headers.push([...cookies.values()].join('; ').length)
    }
    const [plain, bound] = headers
    results[payload] = { plain, bound, more: bound - plain }
  }
  return results
}

function pairsIn(lines) {
  return lines
    .map((line) => line.split(';', 1).join())
    .map((pair) => [pair.split('=', 1).join(), pair])
}
