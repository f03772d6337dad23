// Checks each contender before it is timed: what it sealed must open to the same data, and altered
// values must not open. Imports nothing of Node, because workerd runs it too.

import { cookieOf } from './contenders/cookies.mjs'

/** A contender that does not work. */
export class CheckError extends Error {}

/** @throws if `seal` and `open` are not inverse, or if `open` accepts an altered value */
export async function checkFormat(name, { seal, open }, data) {
  const value = await seal(data)
  check(holds(await open(value), data), `${name} opens what it sealed`)
  check((await seal(data)) !== value, `${name} seals with a new IV each time`)
  const opened = await attempt(() => open(altered(value)))
  check(opened?.userId !== data.userId, `${name} opens no altered value`)
}

/** Checks the same for a whole session: the `Cookie` header of its lines. */
export async function checkSession(name, { write, read, step }, data) {
  const cookie = cookieOf(await write(data))
  check(holds(await read(cookie), data), `${name} reads what it wrote`)
  const lastSeen = data.lastSeen + 7
  const next = cookieOf(await step(cookie, lastSeen))
  check(holds(await read(next), { ...data, lastSeen }), `${name} reads what it changed`)
  const opened = await attempt(() => read(altered(cookie)))
  check(opened?.userId !== data.userId, `${name} reads no altered cookie`)
  return cookie
}

/**
 * Whether all of the data was opened. Members that a library adds, such as its times, are ignored.
 */
function holds(opened, data) {
  return Object.entries(data).every(
    ([key, value]) => JSON.stringify(opened?.[key]) === JSON.stringify(value),
  )
}

function check(condition, claim) {
  if (!condition) throw new CheckError(`not so: ${claim}`)
}

/** Replaces the character in the middle by another one of the alphabet. */
export function altered(value) {
  const at = Math.floor(value.length / 2)
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

async function attempt(act) {
  try {
    return await act()
  } catch {
    return undefined
  }
}
