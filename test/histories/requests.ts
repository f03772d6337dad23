// A request and its response: the received cookies, the handler, the written cookies.

import { SessionDataError, SessionError, SessionTooLargeError } from 'sealed-session'
import type { Session } from 'sealed-session'
import { registrationOf } from 'sealed-session/device'
import type { CookieStore } from '../support/cookie-store.ts'
import { stage } from './fleet.ts'
import { act, beginsAnother, carries } from './handlers.ts'
import { assertPromise } from './assert-promise.ts'
import { lifetimeOf, partNames, reasonsAgainst } from './ledger.ts'
import type { Instance } from './fleet.ts'
import { checkResponse } from './responses.ts'
import type { Action, Ring } from './steps.ts'
import { deviceTicketsIn, hasTwins, instanceOf, pairsIn, sentIn, url, wholeIn } from './world.ts'
import type { Answer, Exchange, Owner, Received, World } from './world.ts'

/** The action of a request, and its tab. */
export interface RequestPlan {
  readonly owner: Owner
  readonly store: CookieStore
  readonly instance: number
  readonly path: number
  readonly action: Action
  readonly amount: number
}

/**
 * Begins a request: its cookies are sent, and its handler acts.
 *
 * @param alone whether no other request is in flight
 */
export async function begin(world: World, asked: RequestPlan, alone: boolean): Promise<Exchange> {
  const { owner, store, path, action, amount } = asked
  world.tally(`action ${action}`)
  const order = world.requests++
  const instance = instanceOf(world, asked.instance)
  const common = { owner, instance, order, action, alone, isOfDevice: false }
  const later = { stamp: undefined, stampArrived: false, answer: undefined }
  const header = store.header(url(path))
  const before = instance.ring()
  const session = action === 'ignore' ? undefined : await openUnlessDown(world, instance, header)
  if (session === undefined) {
    const unseen = {
      session,
      request: undefined,
      carriesReceived: false,
      action: 'ignore',
    } as const
    return { ...common, ...later, ...unseen }
  }
  await instance.settle()
  const { id } = session
  const rejection = session.rejection?.reason
  const rings = [...new Set([before, instance.ring()])]
  const received = { ...receive(world, header, instance, rings, id), id, rejection }

  act(session, action, `${order}`, amount, instance)
  if (action === 'verify' && id !== undefined) {
    const { sessions } = instance
    const verdict = await sessions.verify(session)
    assertPromise(
      verdict === undefined,
      'what has just been opened is still valid',
      verdict?.reason,
    )
    await checkSealed(session, instance)
    await sessions.measure(session)
  }
  if (beginsAnother(action, amount))
    assertPromise(session.id !== id, 'a login begins another session')
  const carriesReceived = id !== undefined && carries(action, amount, received.entry)
  const request: Exchange = { ...common, ...later, session, request: received, carriesReceived }
  recordBirth(world, request)
  return request
}

/** Opens a session; `undefined` if the store is required and unavailable. */
export async function openUnlessDown(
  world: World,
  { config, sessions }: Instance,
  header: string,
): Promise<Session | undefined> {
  try {
    return await sessions.open(header)
  } catch (error) {
    const mayFail = config.overflow && stage.parcels.isDown && isOfStore(error)
    const needsStore = wholeIn(world, pairsIn(header)).some(({ parcel }) => parcel !== undefined)
    if (!mayFail || !needsStore) throw error
    world.tally('not opened without the store')
    return undefined
  }
}

export function isOfStore(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_STORE'
}

/** A bare token contains everything, and so may be too large even if a session is not. */
async function checkSealed(session: Session, { config, sessions }: Instance): Promise<void> {
  try {
    const isSealed = (await sessions.seal(session)) !== ''
    assertPromise(isSealed || session.isEmpty, 'what has just been opened can be sealed')
  } catch (error) {
    if (!config.overflow || !(error instanceof SessionTooLargeError)) throw error
  }
}

function receive(
  world: World,
  header: string,
  instance: Instance,
  rings: readonly Ring[],
  id: string | undefined,
): Omit<Received, 'id' | 'rejection'> {
  const pairs = pairsIn(header)
  const sent = sentIn(world, pairs)
  const parts = new Set(partNames(world.name))
  const names = pairs.map(([name]) => name)
  const twins = hasTwins(world, pairs)
  const entry = wholeIn(world, pairs).find(
    (whole) =>
      whole.id === id &&
      rings.some((ring) => reasonsAgainst(whole, sent, instance, ring).length === 0),
  )
  return {
    openedAt: instance.now(),
    names: new Set([
      ...names.filter((name) => parts.has(name) || name === `${world.name}.t`),
      ...deviceTicketsIn(world.name, pairs).map(([name]) => name),
    ]),
    hasParts: names.some((name) => parts.has(name)),
    hasTwins: twins,
    sent,
    rings,
    entry: twins ? undefined : entry,
  }
}

/** Records how a session began, if one has. */
function recordBirth({ births }: World, exchange: Exchange): void {
  const { owner, order, instance, action, session, request } = exchange
  const id = session?.id
  if (id === undefined || request === undefined || births.has(id)) return
  const before = births.get(request.id ?? '')
  if (action === 'renew') {
    assertPromise(before !== undefined, 'a new id is that of a received session')
    if (before !== undefined) births.set(id, before)
    return
  }
  const isRemembered = action === 'remember' && instance.config.remembered !== null
  const lifetime = isRemembered ? 'remembered' : ''
  const { maxAge } = lifetimeOf({ lifetime }, instance, true)
  const isGoodbye = action === 'goodbye' && request.hasParts
  births.set(id, {
    owner,
    order,
    at: instance.now(),
    life: maxAge,
    lifetime,
    stamps: request.sent.stamps,
    goodbyeOf: isGoodbye ? exchange : undefined,
  })
}

/** Makes the response: the library's lines, or none if the data cannot be written. */
export async function answer(world: World, exchange: Exchange): Promise<Answer> {
  const { session, instance } = exchange
  const nothing = { lines: [], entry: undefined, outcome: 'unchanged', keptFor: 0 } as const
  if (session === undefined) return { ...nothing, lines: [] }
  const before = instance.ring()
  const { removals } = stage.parcels
  try {
    const lines = await instance.sessions.setCookies(session)
    const isLogout = exchange.action === 'logout' || exchange.action === 'goodbye'
    assertPromise(
      isLogout || removals === stage.parcels.removals,
      'a logout alone removes a parcel',
    )
    await instance.settle()
    const asked = registrationOf(session)
    const response = checkResponse(world, exchange, lines, [before, instance.ring()], asked)
    if (response.entry !== undefined) {
      world.ledger.push({ ...response.entry, owner: exchange.owner })
      if (response.entry.pairs.length > 1) world.tally('several cookies')
    } else if (response.outcome === 'emptied') world.tally('only deleted')
    return response
  } catch (error) {
    world.tally(whyNotWritten(error, exchange))
    return { ...nothing, lines: [] }
  }
}

/** Returns why a response is an error, if it may be one. */
function whyNotWritten(error: unknown, exchange: Exchange): string {
  const { session, request, instance, action } = exchange
  if (error instanceof SessionTooLargeError) {
    const isLogout = action === 'goodbye' && request?.hasParts === true
    assertPromise(!isLogout, 'a logout never fails for lack of room')
    assertPromise(!instance.config.overflow, 'what does not fit moves')
    return 'too large to write'
  }
  if (isOfStore(error)) {
    assertPromise(stage.parcels.isDown, 'a store that works is no error')
    const isLogout = action === 'logout' || action === 'goodbye'
    assertPromise(!isLogout || request?.hasParts !== true, 'a logout needs no store')
    return 'not written without the store'
  }
  const { schema } = instance.config
  const isRefused = (schema === 'old' || schema === 'strip') && session?.toJSON()['b'] !== undefined
  if (error instanceof SessionDataError && isRefused) return 'refused by the schema'
  throw error
}
