// The promises about what servers read, in every situation.

import type { Session } from 'sealed-session'
import { stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { assertPromise } from './assert-promise.ts'
import {
  absoluteEnd,
  areSame,
  contentsIn,
  endOf,
  bindingIn,
  lastUse,
  lifetimeOf,
  partNames,
  proofEnd,
  reasonsAgainst,
  useOf,
  viewOf,
} from './ledger.ts'
import type { Entry, Pair, Use } from './ledger.ts'
import { openUnlessDown } from './requests.ts'
import { TOLERANCE } from './steps.ts'
import type { Ring } from './steps.ts'
import { hasTwins, headersOf, pairsIn, sentIn, url, wholeIn } from './world.ts'
import type { Copy, Outage, World } from './world.ts'

/** A read-only request to one server. */
interface ObservedRead {
  readonly world: World
  readonly instance: Instance
  readonly session: Session
  readonly pairs: readonly Pair[]
  /** The secrets in use before and after it. */
  readonly rings: readonly Ring[]
}

/** Checks that every server, on every page, reads exactly what it must. */
export async function checkReads(world: World): Promise<void> {
  checkNames(world)
  const headers = [0, 1].map((path) => world.store.header(url(path), 'peek'))
  for (const header of new Set(headers)) {
    for (const instance of new Set(world.fleet)) await checkRead(world, instance, header)
  }
}

/** A thief's copy opens like any cookies, and no longer than the proof in it. */
export async function checkCopy(world: World, copy: Copy, instance: Instance): Promise<void> {
  const header = copy.store.header(url(0), 'peek')
  const before = instance.ring()
  const session = await openUnlessDown(world, instance, header)
  await instance.settle()
  if (session?.id === undefined) return
  const rings = [...new Set([before, instance.ring()])]
  const pairs = pairsIn(header)
  const allowed = checkEntries({ world, instance, session, pairs, rings })
  const ofProof = allowed.filter(({ binding }) => copy.proofs.has(binding))
  if (ofProof.length === 0 || ofProof.length < allowed.length) return
  const ends = ofProof.map((entry) =>
    proofEnd(entry, copy.proofs.get(entry.binding) ?? 0, instance),
  )
  const isWithin = ends.some((end) => instance.now() < end + TOLERANCE)
  assertPromise(isWithin, 'a copy ends with the proof in it')
  world.tally('a copy opened')
}

/** After a fault, every session is unchanged: only a write has changed its cookies. */
export function checkHealed(world: World, { headers }: Outage): void {
  if (headers === undefined) return
  assertPromise(
    headers.join() === headersOf(world).join(),
    'when a fault has passed, every session is as it was',
  )
  if (headers.join('') !== '') world.tally('a session outlived a fault')
}

async function checkRead(world: World, instance: Instance, header: string): Promise<void> {
  const { ended, orderly, attacked } = world
  const { now, revoked, parcels } = stage
  const seen = `${now} ${header} ${ended.size} ${orderly} ${attacked} ${revoked.size} ${parcels.version}`
  const isSteady = !instance.config.provided
  if (isSteady && world.looked.get(instance) === seen) return
  world.looked.set(instance, seen)

  const before = instance.ring()
  const session = await openUnlessDown(world, instance, header)
  await instance.settle()
  if (session === undefined) return
  const rings = [...new Set([before, instance.ring()])]
  const seenNow = { world, instance, session, pairs: pairsIn(header), rings }
  if (session.id === undefined) checkRefused(seenNow)
  else checkOpened(seenNow)
  if (world.orderly) checkLast(seenNow)
}

function checkOpened(seen: ObservedRead): void {
  const { world, instance, session, pairs } = seen
  const { id = '', startedAt, expiresAt } = session
  const allowed = checkEntries(seen)
  const bindings = allowed.map(({ binding }) => binding)
  checkLife(world, instance, id, bindings, Number(startedAt) / 1000)
  assertPromise(!world.ended.has(id), 'a logout holds')
  const { owner = 'visitor' } = world.births.get(id) ?? {}
  assertPromise(owner === 'visitor' || world.attacked, "an attacker's session has to get in first")
  if (owner === 'attacker') world.tally("opened the attacker's")
  else {
    const isLate = instance.now() * 1000 >= Number(expiresAt)
    world.tally(isLate ? 'opened within the tolerance' : 'opened')
    if (session.device !== 'none') world.tally(`opened ${session.device}`)
  }
  if (hasTwins(world, pairs)) checkNewest(seen, allowed)
}

/** Checks that an opened session was written, and may open. Returns the states that it may have. */
function checkEntries({ world, instance, session, pairs, rings }: ObservedRead): readonly Entry[] {
  const { id = '', expiresAt } = session
  const contents = contentsIn(session)
  const sent = sentIn(world, pairs)
  const matching = wholeIn(world, pairs).filter(
    (entry) => entry.id === id && areSame(viewOf(entry.contents, instance.config), contents),
  )
  assertPromise(matching.length > 0, 'a session that opens was written and received as a whole')
  const reasons = (entry: Entry) => rings.map((ring) => reasonsAgainst(entry, sent, instance, ring))
  const allowed = matching.filter((entry) => reasons(entry).some(({ length }) => length === 0))
  assertPromise(
    allowed.length > 0,
    'nothing opens that a server must reject',
    matching.flatMap(reasons).join(),
  )
  const ends = allowed.flatMap((entry) =>
    rings.map((ring) => endOf(entry, lastUse(entry, sent, instance, ring), instance)),
  )
  assertPromise(
    ends.includes(Number(expiresAt) / 1000),
    'a session ends at the nearer of its ends, and only its own use moves them',
  )
  const statuses = allowed.flatMap((entry) =>
    rings.map((ring) => statusOf(entry, useOf(entry, sent, instance, ring))),
  )
  assertPromise(statuses.includes(session.device), 'a session says whether its device is proven')
  return allowed
}

function statusOf({ binding }: Entry, { provenAt }: Use): Session['device'] {
  if (binding === '') return 'none'
  return provenAt === undefined ? 'unproven' : 'proven'
}

/** No session lives longer than to its absolute end, or than `idleTimeout` after its last use. */
function checkLife(
  world: World,
  instance: Instance,
  id: string,
  bindings: readonly string[],
  startedAt: number,
): void {
  const birth = world.births.get(id)
  assertPromise(birth !== undefined, 'what opens was begun by a request')
  if (birth === undefined) return
  assertPromise(startedAt === birth.at, 'no write moves the start')
  const times = { ...birth, startedAt: birth.at }
  const isWithin = (end: number) => instance.now() < end + TOLERANCE
  assertPromise(isWithin(absoluteEnd(times, instance)), 'nothing opens after its absolute end')
  const { idleTimeout } = lifetimeOf(times, instance, true)
  const lastUse = Math.max(...[id, ...bindings].map((own) => world.uses.get(own) ?? 0))
  const idleEnd = idleTimeout === false ? Infinity : lastUse + idleTimeout
  assertPromise(isWithin(idleEnd), 'nothing opens that has been idle for too long')
}

function checkRefused(seen: ObservedRead): void {
  const { world, instance, session, pairs, rings } = seen
  assertPromise(session.isEmpty && session.startedAt === undefined, 'what is refused is empty')
  const reason = session.rejection?.reason
  const ours = new Set(partNames(world.name))
  const came = pairs.some(([name]) => ours.has(name))
  assertPromise(came === (reason !== undefined), 'a refusal has a reason, and nothing else has one')
  if (hasTwins(world, pairs)) return checkNewest(seen, [])
  if (!came) return
  const base = pairs.find(([name]) => name === world.name)?.[1]
  const entry = wholeIn(world, pairs).find(({ pairs: [first] }) => first?.[1] === base)
  if (entry === undefined) return
  const sent = sentIn(world, pairs)
  const reasons = rings.flatMap((ring) => reasonsAgainst(entry, sent, instance, ring))
  assertPromise(
    reasons.includes(String(reason)),
    'what is refused is refused for a reason that it has',
    `${reason}, not ${reasons.join(' or ')}`,
  )
}

/** Of complete sessions in one cookie each, up to as many as are tried, the newest one opens. */
function checkNewest(
  { world, instance, pairs, rings }: ObservedRead,
  opened: readonly Entry[],
): void {
  const values = pairs.filter(([name]) => name === world.name).map(([, value]) => value)
  if (values.length > 4 || values.some((value) => /^[0-9]{1,2}\./.test(value))) return
  const sent = sentIn(world, pairs)
  const valid = wholeIn(world, pairs).filter(
    (entry) =>
      entry.pairs.length === 1 &&
      rings.every((ring) => reasonsAgainst(entry, sent, instance, ring).length === 0),
  )
  if (valid.length === 0) return
  const newest = Math.max(...valid.map(({ sealedAt }) => sealedAt))
  assertPromise(
    opened.some(({ sealedAt }) => sealedAt >= newest),
    'of several the newest valid one opens',
  )
  world.tally('the newest of several')
}

/** Without overlaps, losses and attacks the browser has what the last response left. */
function checkLast({ world, instance, session, pairs, rings }: ObservedRead): void {
  const { last } = world
  if (last === undefined) {
    assertPromise(session.id === undefined, 'in order, what ended is over')
    assertPromise(session.rejection === undefined, 'in order, nothing is left of what ended')
    return
  }
  const sent = sentIn(world, pairs)
  const verdicts = rings.map((ring) => reasonsAgainst(last, sent, instance, ring).length === 0)
  const opens = session.id === last.id
  assertPromise(opens || session.id === undefined, 'in order, no other session opens')
  assertPromise(verdicts.includes(opens), 'in order, the last write is what opens')
  if (opens) world.tally('in order')
}

/** The session's cookies are those that it may have, and in order those that it must have. */
function checkNames(world: World): void {
  const { name, setup, store, last } = world
  const domain = setup.cookie === 'domain' ? 'example.test' : 'app.example.test'
  const hostOnly = setup.cookie !== 'domain'
  const names = store
    .cookies()
    .filter((cookie) => cookie.domain === domain && cookie.hostOnly === hostOnly)
    .filter((cookie) => cookie.path === '/' && cookie.name.startsWith(name))
    .map((cookie) => cookie.name)
  const parts = new Set(partNames(name))
  const isBound = (own: string) => /^[\w-]{8}$/.test(bindingIn(own, name) ?? '')
  const isBeside = (own: string) => own === `${name}.x` || own === `${name}.t`
  const counted = names.filter((own) => !isBound(own)).length
  assertPromise(
    names.every((own) => parts.has(own) || isBeside(own) || isBound(own)) && counted <= 18,
    'sixteen parts, a ticket and a stamp, and the tickets of bindings',
  )
  if (counted > 16) world.tally('as many cookies as there may be')
  if (!world.orderly) return
  const expected = last?.pairs.map(([own]) => own) ?? []
  const kept = names.filter((own) => parts.has(own))
  assertPromise(
    kept.toSorted().join() === expected.toSorted().join(),
    'in order, no part is left over and none is missing',
    `${kept.join()} instead of ${expected.join()}`,
  )
}
