// The promises about logouts: the stamp in the browser, and the sessions that it has ended for
// good.

import { stage } from './fleet.ts'
import { assertPromise } from './assert-promise.ts'
import { TOLERANCE } from './steps.ts'
import type { Step } from './steps.ts'
import { pairsIn, sentIn, url } from './world.ts'
import type { Exchange, World } from './world.ts'

/**
 * The stamp changes only if a logout's response sets another, or if an event removes it that no
 * server can prevent: by the browser, its clock, an attacker. Then sessions that know all remaining
 * stamps are out of its reach.
 */
export function followStamp(world: World, [kind]: Step): void {
  const { arriving, ended, births } = world
  const before = world.stamp
  world.stamp = ownStamp(world)?.value
  if (arriving?.stamp !== undefined && world.stamp === arriving.stamp) arriving.stampArrived = true
  if (world.stamp === before || arriving?.stampArrived === true) return
  const isTaken = ['evict', 'crowd', 'toss', 'clock', 'until'].includes(kind) || world.crowded
  assertPromise(isTaken, 'no response takes the stamp of a logout back', kind)
  world.tally('a stamp lost')
  for (const page of [0, 1]) {
    const { stamps } = sentIn(world, pairsIn(world.store.header(url(page), 'peek')))
    for (const id of ended) {
      const known = births.get(id)?.stamps ?? []
      if (stamps.every((stamp) => known.includes(stamp))) ended.delete(id)
    }
  }
}

/**
 * Records that a logout's response has arrived completely: sessions that began before its request
 * have ended. Of two overlapping logouts neither is older: the message of one whose stamp has not
 * arrived yet replaces that of the other.
 */
export function endBefore(world: World, exchange: Exchange): void {
  const { order, stamp, instance } = exchange
  if (stamp === undefined) return
  const cookie = ownStamp(world)
  assertPromise(cookie !== undefined || world.attacked || world.crowded, 'a logout leaves a stamp')
  const age = cookie === undefined ? Infinity : cookie.expiresAt / 1000 - stage.now
  const { maxAge, remembered } = instance.config
  const longest = Math.max(maxAge, remembered?.maxAge ?? 0)
  const least = Math.min(longest + TOLERANCE, 400 * 86_400)
  assertPromise(age >= least || world.attacked, 'a stamp stays as long as a session can live')
  for (const [id, { owner, order: begun, goodbyeOf }] of world.births) {
    if (owner !== 'visitor' || begun >= order) continue
    if (goodbyeOf?.stampArrived === false) world.tally('a goodbye beside another logout')
    else world.ended.add(id)
  }
  world.tally('logged out')
}

/** The cookie of the application's own responses. */
function ownStamp({ store, name, setup }: World) {
  const isShared = setup.cookie === 'domain'
  return store
    .cookies()
    .find(
      (cookie) =>
        cookie.name === `${name}.x` &&
        cookie.path === '/' &&
        cookie.hostOnly !== isShared &&
        cookie.domain === (isShared ? 'example.test' : 'app.example.test'),
    )
}
