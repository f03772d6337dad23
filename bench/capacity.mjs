// How much JSON a session may hold within a preset of the size guard, and how much it would hold in the
// format before this one: a whole compact JWE, with named claims.

import { createSessions } from '../dist/index.js'

/** Characters that the header of a compact JWE takes, with the dots around the encrypted key. */
const HEADER = '{"alg":"dir","enc":"A256GCM","kid":"aaaa.20000"}'

/** The claims of a session that was sealed again, as named members and as elements of the array. */
const NAMED = '{"jti":"","iat":1767225600,"exp":1767830400,"nbf":1767139200,"d":}'
const IN_ARRAY = '["",86399,604800,86400,]'

/** @returns preset -> { now, before }, in bytes of JSON */
export async function measureCapacity(secrets, presets = ['portable', 'node', 'browsers']) {
  const capacity = {}
  for (const limits of presets) {
    const sessions = createSessions({ secrets, limits })
    // oxlint-disable-next-line no-await-in-loop
    const now = await largest(sessions, 0)
    const added = NAMED.length - IN_ARRAY.length + Math.ceil((headerCharacters() * 3) / 4)
    // oxlint-disable-next-line no-await-in-loop
    const before = await largest(sessions, added)
    capacity[limits] = { now, before }
  }
  return capacity
}

function headerCharacters() {
  return Math.ceil((HEADER.length * 4) / 3) + '..'.length - 'aaaa.20000.'.length
}

/** Returns the most bytes of JSON that fit, if this many more are sealed with them. */
async function largest(sessions, added) {
  let [fits, fails] = [0, 65_536]
  while (fails - fits > 1) {
    const length = (fits + fails) >> 1
    // oxlint-disable-next-line no-await-in-loop
    const session = await sessions.open(null)
    session.set('a', 'x'.repeat(Math.max(0, length + added - '{"a":""}'.length)))
    // oxlint-disable-next-line no-await-in-loop
    const { level } = await sessions.measure(session)
    if (level === 'over') fails = length
    else fits = length
  }
  return fits
}
