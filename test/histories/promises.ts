// What must hold whatever happens. Each promise has a name; a history that breaks one says which.

import type { Session } from 'sealed-session'
import { stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { contentsIn, pairOf, partNames, reasonsAgainst } from './ledger.ts'
import type { Entry, Pair } from './ledger.ts'
import { TOLERANCE } from './steps.ts'
import type { Step } from './steps.ts'
import { markIn, pairsOf, url, wholeIn } from './world.ts'
import type { Exchange, World } from './world.ts'

/** The name of the promise that a history broke. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

export function hold(holds: boolean, promise: string, detail = ''): void {
  if (!holds) throw new BrokenPromise(detail === '' ? promise : `${promise}: ${detail}`)
}

/** Every server, on every page, sees what it must see and nothing else. */
export async function look(world: World): Promise<void> {
  checkNames(world)
  const headers = [0, 1].map((path) => world.store.header(url(path), 'peek'))
  for (const header of new Set(headers)) {
    for (const instance of new Set(world.fleet)) await lookAt(world, instance, header)
  }
}

async function lookAt(world: World, instance: Instance, header: string): Promise<void> {
  const seen = `${stage.now} ${header} ${world.ended.size} ${world.orderly}`
  const place = JSON.stringify(instance.config)
  if (world.looked.get(place) === seen) return
  world.looked.set(place, seen)

  const session = await instance.sessions.open(header)
  const pairs = pairsOf(header)
  const mark = markIn(pairs, world.name)
  if (session.id === undefined) checkRefused(world, instance, session, pairs, mark)
  else checkOpened(world, instance, session, pairs, mark)
  if (world.orderly) checkLast(world, instance, session, mark)
}

function checkOpened(
  world: World,
  instance: Instance,
  session: Session,
  pairs: readonly Pair[],
  mark: number,
): void {
  const { id = '', startedAt, expiresAt } = session
  const contents = contentsIn(session)
  const matching = wholeIn(world, pairs).filter(
    (entry) => entry.id === id && entry.contents === contents,
  )
  hold(matching.length > 0, 'what opens was written as a whole, and came as a whole')
  const allowed = matching.filter((entry) => reasonsAgainst(entry, instance, mark).length === 0)
  hold(
    allowed.length > 0,
    'nothing opens that a server must refuse',
    reasonsOf(matching, instance, mark),
  )
  const birth = world.births.get(id)
  hold(birth !== undefined, 'what opens was begun by a request')
  const { at = 0, owner = 'visitor' } = birth ?? {}
  const { maxAge } = instance.config
  hold(startedAt?.getTime() === at * 1000, 'no renewal moves the start')
  hold(instance.now() < at + maxAge + TOLERANCE, 'nothing opens after its absolute end')
  hold(!world.ended.has(id), 'a logout holds')
  hold(owner === 'visitor' || world.attacked, "an attacker's session has to get in first")
  if (owner === 'attacker') world.tally("opened the attacker's")
  else
    world.tally(
      instance.now() * 1000 >= Number(expiresAt) ? 'opened within the tolerance' : 'opened',
    )
  if (world.putBack) world.tally('opened after a mark was put back')
  if (areTwins(pairs, world.name)) checkNewest(world, instance, allowed, pairs, mark)
}

function checkRefused(
  world: World,
  instance: Instance,
  session: Session,
  pairs: readonly Pair[],
  mark: number,
): void {
  hold(session.isEmpty && session.startedAt === undefined, 'what is refused is empty')
  const reason = session.rejection?.reason
  const ours = new Set(partNames(world.name))
  const came = pairs.some(([name]) => ours.has(name))
  hold(came === (reason !== undefined), 'a refusal has a reason, and nothing else has one')
  if (areTwins(pairs, world.name)) return checkNewest(world, instance, [], pairs, mark)
  if (!came) return
  const base = pairs.find(([name]) => name === world.name)?.[1]
  const entry = wholeIn(world, pairs).find(({ pairs: [first] }) => first?.[1] === base)
  if (entry === undefined) return
  const reasons = reasonsAgainst(entry, instance, mark)
  hold(
    reasons.includes(String(reason)),
    'what is refused is refused for a reason that it has',
    reason,
  )
}

/** Among whole sessions of one cookie each, which is as many as are tried, the newest one opens. */
function checkNewest(
  world: World,
  instance: Instance,
  opened: readonly Entry[],
  pairs: readonly Pair[],
  mark: number,
): void {
  const values = pairs.filter(([name]) => name === world.name).map(([, value]) => value)
  if (values.length > 4 || values.some((value) => /^[0-9]/.test(value))) return
  const valid = wholeIn(world, pairs).filter(
    (entry) => entry.pairs.length === 1 && reasonsAgainst(entry, instance, mark).length === 0,
  )
  if (valid.length === 0) return
  const newest = Math.max(...valid.map(({ sealedAt }) => sealedAt))
  const found = opened.some(({ sealedAt }) => sealedAt === newest)
  hold(found, 'of several the newest valid one opens')
  world.tally('the newest of several')
}

/** Without overlaps, losses and attacks the browser has what the last response left. */
function checkLast(world: World, instance: Instance, session: Session, mark: number): void {
  const { last } = world
  const opens = last !== undefined && reasonsAgainst(last, instance, mark).length === 0
  hold(session.id === (opens ? last.id : undefined), 'in order, the last write is what opens')
  if (last === undefined)
    hold(session.rejection === undefined, 'in order, nothing is left of what ended')
  if (opens) world.tally('in order')
}

/** The session's cookies are those it may have, and in order those it has. */
function checkNames(world: World): void {
  const { name, setup, store, last } = world
  const domain = setup.cookie === 'domain' ? 'example.test' : 'app.example.test'
  const hostOnly = setup.cookie !== 'domain'
  const names = store
    .cookies()
    .filter((cookie) => cookie.domain === domain && cookie.hostOnly === hostOnly)
    .filter((cookie) => cookie.path === '/' && cookie.name.startsWith(name))
    .map((cookie) => cookie.name)
  const allowed = new Set([...partNames(name), `${name}.x`])
  hold(names.every((own) => allowed.has(own)) && names.length <= 17, 'sixteen parts and a mark')
  if (names.length > 16) world.tally('as many cookies as there may be')
  if (!world.orderly) return
  const expected = last?.pairs.map(([own]) => own) ?? []
  const parts = names.filter((own) => own !== `${name}.x`)
  hold(
    parts.toSorted().join() === expected.toSorted().join(),
    'in order, no part is left over and none is missing',
    `${parts.join()} instead of ${expected.join()}`,
  )
}

/** What a response writes is what its handler left, with the times it has to have. */
export function checkWritten(world: World, exchange: Exchange, entry: Entry): void {
  const { session, instance } = exchange
  const { maxAge, idleTimeout } = instance.config
  const { id, startedAt, sealedAt, expiresAt } = entry
  const birth = world.births.get(id)
  hold(birth !== undefined && session?.id === id, "what is written is the handler's session")
  if (birth === undefined || session === undefined) return
  const [data, scope] = JSON.parse(entry.contents)
  hold(JSON.stringify(data) === JSON.stringify(session), 'what is written is what was set')
  hold(
    JSON.stringify(scope) === JSON.stringify(session.scope('s')),
    'what is written is what was set in a scope',
  )
  hold(startedAt === birth.at, 'no renewal moves the start')
  hold(
    birth.least <= entry.logouts && entry.logouts <= birth.logouts,
    'a session carries the logouts before it',
    `${entry.logouts}, not ${birth.least} to ${birth.logouts}`,
  )
  world.births.set(id, { ...birth, logouts: entry.logouts, least: entry.logouts })
  hold(entry.secret === instance.sealing(), 'the newest active secret seals')
  const { action, came } = exchange
  if (came !== undefined && action === 'read' && !isDue(came, instance)) {
    hold(sealedAt === came.sealedAt && expiresAt === came.expiresAt, 'a new secret moves no expiry')
  }
  const moved = world.ledger.some(
    (other) => other.id === id && other.sealedAt === sealedAt && other.expiresAt === expiresAt,
  )
  if (moved) return
  const end = startedAt + maxAge
  hold(
    sealedAt === Math.min(Math.max(instance.now(), startedAt), end),
    'a write has the time of its response',
  )
  const idleEnd = idleTimeout === false ? Infinity : sealedAt + idleTimeout
  hold(expiresAt === Math.min(end, idleEnd), 'a session ends at the nearer of its ends')
}

/** A logout counts itself, and nothing else does. */
export function checkMark(world: World, exchange: Exchange, lines: readonly string[]): void {
  const { counts } = exchange
  const value = lines.map(pairOf).find(([name]) => name === `${world.name}.x`)?.[1]
  hold(
    (value === undefined) === (counts === undefined),
    'a logout, and nothing else, leaves a mark',
  )
  if (value === undefined || counts === undefined) return
  const [least, most] = counts
  exchange.logout = Number(value)
  hold(
    least <= exchange.logout && exchange.logout <= most,
    'a logout counts one more than what came',
    `${value}, not ${least} to ${most}`,
  )
}

/** A handler's change that fits is written, or it would be lost in silence. */
export function checkNothingLost({ action, came, session }: Exchange): void {
  const changing = ['set', 'add', 'login', 'goodbye', 'flash', 'scope', 'touch']
  hold(!changing.includes(action), 'a change is written')
  if (came === undefined || session === undefined) return
  const [data, , messages] = JSON.parse(came.contents)
  hold(action !== 'take' || messages.length === 0, 'a message is taken once')
  hold(JSON.stringify(data) === JSON.stringify(session), 'what is not written has not changed')
}

/** Nothing changed, and nothing due: nothing is sent. */
export function checkQuiet({ action, came, instance }: Exchange, lines: readonly string[]): void {
  if (came === undefined || action !== 'read') return
  const stale = instance.config.rotate === 'eager' && came.secret !== instance.sealing()
  if (!isDue(came, instance) && !stale)
    hold(lines.length === 0, 'a session that was only read is not sent again')
}

/**
 * The mark only falls where something takes it that no server can help: the browser, its clock, an
 * attacker, or the response of an older logout that arrives after a newer one's. Then what was begun
 * under as high a count is out of its reach, and of that of logouts to come.
 */
export function followMark(world: World, [kind]: Step): void {
  const { arrived } = world
  const before = world.mark
  world.mark = markIn(pairsOf(world.store.header(url(0), 'peek')), world.name)
  if (world.mark < before) {
    const overtaken = arrived?.logout !== undefined && arrived.logout < before
    const taken = ['evict', 'crowd', 'toss', 'clock', 'until'].includes(kind) || world.crowded
    hold(overtaken || taken, 'no response takes the mark of a logout back')
    world.tally(overtaken ? 'a mark put back by an older logout' : 'a mark lost')
    world.markLost = true
    world.putBack ||= overtaken
  }
  if (!world.markLost) return
  for (const id of world.ended) {
    if ((world.births.get(id)?.logouts ?? 0) >= world.mark) world.ended.delete(id)
  }
}

/**
 * All of a logout's response is in the browser: what began before its request is over. Of two logouts
 * that overlap neither is the older one: what one of them says goodbye with, the other does not end.
 */
export function endBefore(world: World, { order, logout, instance }: Exchange): void {
  if (logout === undefined) return
  const mark = world.store.cookies().find(({ name }) => name === `${world.name}.x`)
  hold(mark !== undefined || world.attacked || world.crowded, 'a logout leaves a mark')
  const age = mark === undefined ? Infinity : mark.expiresAt / 1000 - stage.now
  const least = Math.min(instance.config.maxAge + TOLERANCE, 400 * 86_400)
  hold(age >= least || world.attacked, 'a mark stays as long as a session can live')
  for (const [id, birth] of world.births) {
    if (birth.owner !== 'visitor' || birth.order >= order) continue
    if (birth.goodbye && birth.logouts >= logout) world.tally('a goodbye beside another logout')
    else world.ended.add(id)
  }
  world.tally('logged out')
}

function isDue({ sealedAt }: Entry, { config, now }: Instance): boolean {
  return now() - sealedAt >= config.touchInterval
}

function areTwins(pairs: readonly Pair[], name: string): boolean {
  const names = pairs.map(([own]) => own).filter((own) => own.startsWith(name))
  return new Set(names).size < names.length
}

function reasonsOf(entries: readonly Entry[], instance: Instance, mark: number): string {
  return entries.flatMap((entry) => reasonsAgainst(entry, instance, mark)).join()
}
