// Nothing is timed that does not work: what was sealed opens to the same data, and what was altered
// opens to nothing. Imports nothing of Node: workerd runs it too.

import { cookieOf } from './contenders/cookies.mjs'

/** A contender that does not do what it is timed for. */
export class CheckError extends Error {}

/** @throws if a pair of `seal` and `open` is no pair, or takes an altered value */
export async function checkFormat(name, { seal, open }, data) {
  const value = await seal(data)
  check(holds(await open(value), data), `${name} opens what it sealed`)
  check((await seal(data)) !== value, `${name} seals with a new IV each time`)
  const opened = await attempt(() => open(altered(value)))
  check(opened?.userId !== data.userId, `${name} opens no altered value`)
}

/** The same of a whole session: the `Cookie` header that its lines become. */
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

/** Whether all of the data came out. What a library adds, its times above all, is its own. */
function holds(opened, data) {
  return Object.entries(data).every(
    ([key, value]) => JSON.stringify(opened?.[key]) === JSON.stringify(value),
  )
}

function check(condition, claim) {
  if (!condition) throw new CheckError(`not so: ${claim}`)
}

/** The character in the middle, replaced by another one of the alphabet. */
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
