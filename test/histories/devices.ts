// The browser's device at the endpoint: it registers a key, and proves it. The right response follows from
// the cookies that were written, and from the signing key.

import { challengeOf, deviceRequest, makeDevice, signProof } from '../support/device-browser.ts'
import type { Device } from '../support/device-browser.ts'
import type { CookieStore } from '../support/cookie-store.ts'
import { stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { assertPromise } from './assert-promise.ts'
import {
  absoluteEnd,
  isIn,
  newestTicket,
  openDeviceText,
  pairOf,
  proofEnd,
  reasonsAgainst,
  ticketOf,
} from './ledger.ts'
import type { Entry, Pair } from './ledger.ts'
import { isOfStore } from './requests.ts'
import { maxAgeOf, recordUse, sealsNow } from './responses.ts'
import { TOLERANCE } from './steps.ts'
import type { Forgery, Proof, Ring } from './steps.ts'
import {
  ENDPOINT_URL,
  choose,
  hasTwins,
  instanceOf,
  keyName,
  pairsIn,
  sentIn,
  wholeIn,
} from './world.ts'
import type { Answer, Exchange, KeyCookie, Owner, World } from './world.ts'

/** The responses of the endpoint. `end`: the browser forgets the session; `later`: it asks again later. */
type Verdict = 'accepted' | 'challenged' | 'refused' | 'end' | 'later'

/** A proof as it is sent. */
interface Signed {
  readonly device: Device
  readonly challenge: string
}

/** A request to the endpoint. */
interface Call {
  readonly owner: Owner
  readonly store: CookieStore
  readonly instance: Instance
  /** `undefined` to register. */
  readonly binding: string | undefined
  readonly signed: Signed | undefined
  /** The key is in the proof. */
  readonly showsKey: boolean
}

interface Reply {
  readonly verdict: Verdict
  readonly lines: readonly string[]
  readonly challenge: string | undefined
}

/** How long a challenge is valid, in seconds. */
const CHALLENGE_SECONDS = 60

/** Reasons for which a session never opens again. */
const FINAL: ReadonlySet<string> = new Set(['expired', 'idle', 'revoked', 'destroyed'])

/** The browser's device, and a thief's: to make a key takes longer than a history. */
const [visitors, thiefs] = await Promise.all([makeDevice(), makeDevice()])

/** The browser answers one of the challenges to register, or proves a session that it knows. */
export async function prove(
  world: World,
  place: number,
  nth: number,
  proof: Proof,
): Promise<Exchange | undefined> {
  const { asked, challenges, known } = world.memory
  const instance = instanceOf(world, place)
  const targets = [
    ...asked.map((challenge) => ({ challenge, binding: undefined })),
    ...[...known].map((binding) => ({ challenge: undefined, binding })),
  ]
  const target = choose(targets, nth)
  if (target === undefined) return undefined
  const { store } = world
  const call = { owner: 'visitor', store, instance, binding: target.binding } as const
  if (proof === 'old' || target.binding === undefined) {
    const challenge =
      proof === 'old' ? choose(challenges, nth + 1) : (target.challenge ?? choose(challenges, nth))
    if (challenge === undefined) return undefined
    const signed = { device: visitors, challenge }
    const showsKey = target.binding === undefined
    return exchangeOf(
      world,
      instance,
      target.binding,
      await send(world, { ...call, signed, showsKey }),
    )
  }
  return exchangeOf(world, instance, target.binding, await refresh(world, call, visitors))
}

/** The browser registers a key, because a response has asked for one. */
export async function register(
  world: World,
  instance: Instance,
  challenge: string,
): Promise<Exchange | undefined> {
  const { store } = world
  const signed = { device: visitors, challenge }
  const call = { owner: 'visitor', store, instance, binding: undefined, showsKey: true } as const
  return exchangeOf(world, instance, undefined, await send(world, { ...call, signed }))
}

/** The sessions that the browser knows, and has no ticket of: it proves those before any request. */
export function bindingsWithoutTicket({ memory, store, name }: World): string[] {
  const names = new Set(pairsIn(store.header(ENDPOINT_URL, 'peek')).map(([own]) => own))
  return [...memory.known].filter((binding) => !names.has(`${name}.d.${binding}`))
}

/** The browser holds a request back until it has proven a session. */
export async function proveFirst(
  world: World,
  instance: Instance,
  binding: string,
): Promise<Exchange | undefined> {
  const call = { owner: 'visitor', store: world.store, instance, binding } as const
  return exchangeOf(world, instance, binding, await refresh(world, call, visitors))
}

/** A thief asks for a challenge with copied cookies, and answers it without the key. */
export async function forge(
  world: World,
  place: number,
  nth: number,
  forgery: Forgery,
): Promise<void> {
  if (world.copy === undefined) return
  const { store } = world.copy
  const bindings = pairsIn(store.header(ENDPOINT_URL)).flatMap(([own]) => {
    const prefix = keyName(world.name, '')
    return own.startsWith(prefix) ? [own.slice(prefix.length)] : []
  })
  const binding = choose(bindings, nth)
  if (binding === undefined) return
  const instance = instanceOf(world, place)
  const call = { owner: 'attacker', store, instance } as const
  const reply =
    forgery === 'sign'
      ? await refresh(world, { ...call, binding }, thiefs)
      : await registerStolen(world, { ...call, binding })
  assertPromise(reply?.lines.length === 0 || reply === undefined, 'a thief proves nothing')
  world.tally(`forged ${forgery} ${reply?.verdict ?? 'nothing'}`)
}

async function registerStolen(
  world: World,
  call: Omit<Call, 'signed' | 'showsKey'>,
): Promise<Reply | undefined> {
  const first = await send(world, { ...call, signed: undefined, showsKey: false })
  if (first?.challenge === undefined) return first
  const signed = { device: thiefs, challenge: first.challenge }
  return send(world, { ...call, binding: undefined, signed, showsKey: true })
}

/** Asks for a challenge, and answers it. Returns the last reply. */
async function refresh(
  world: World,
  call: Omit<Call, 'signed' | 'showsKey'>,
  device: Device,
): Promise<Reply | undefined> {
  const first = await send(world, { ...call, signed: undefined, showsKey: false })
  if (first?.challenge === undefined) return first
  const signed = { device, challenge: first.challenge }
  return send(world, { ...call, signed, showsKey: false })
}

/** Sends one request, and checks the answer. `undefined` if it is none of the endpoint's. */
async function send(world: World, call: Call): Promise<Reply | undefined> {
  const { store, instance, binding, signed, showsKey } = call
  const header = store.header(ENDPOINT_URL)
  const proof = signed && (await signProof(signed.device, signed.challenge, showsKey))
  const id = binding === undefined ? {} : { id: binding }
  const request = deviceRequest(header, { ...id, ...(proof === undefined ? {} : { proof }) })
  const before = instance.ring()
  const response = await answerUnlessDown(world, instance, request)
  await instance.settle()
  if (response === undefined) return undefined
  const rings = [...new Set([before, instance.ring()])]
  const lines = response.headers.getSetCookie()
  const challenge = challengeOf(response)?.challenge
  const verdict = await verdictOf(response, challenge)
  const expected = rings.flatMap((ring) => verdictsFor(world, call, header, ring))
  const detail = `${verdict}, not ${expected.join(' or ')}`
  assertPromise(
    expected.includes(verdict),
    'the endpoint answers by the received cookies and the signature',
    detail,
  )
  if (verdict === 'accepted') checkAccepted(world, call, header, lines, rings)
  else assertPromise(lines.length === 0, 'what is refused sets no cookie')
  if (challenge !== undefined && call.owner === 'visitor') world.memory.challenges.push(challenge)
  return { verdict, lines, challenge }
}

async function answerUnlessDown(
  world: World,
  { config, sessions }: Instance,
  request: Request,
): Promise<globalThis.Response | undefined> {
  try {
    const response = await sessions.device(request)
    const isThere = response !== undefined
    assertPromise(isThere === (config.device !== 0), 'the endpoint is there with the option alone')
    return response
  } catch (error) {
    if (!config.overflow || !stage.parcels.isDown || !isOfStore(error)) throw error
    world.tally('not proven without the store')
    return undefined
  }
}

async function verdictOf(
  response: globalThis.Response,
  challenge: string | undefined,
): Promise<Verdict> {
  const { status } = response
  if (status === 503) return 'later'
  if (status === 403) return challenge === undefined ? 'refused' : 'challenged'
  assertPromise(status === 200, 'the endpoint answers 200, 403 or 503', String(status))
  return (await response.json()).continue === false ? 'end' : 'accepted'
}

/** Returns what may be answered: one verdict, unless cookies were received twice or in part. */
function verdictsFor(world: World, call: Call, header: string, ring: Ring): Verdict[] {
  const pairs = pairsIn(header)
  const ofPages = pairs.filter(([own]) => !own.startsWith(keyName(world.name, '')))
  const isRegistration = call.binding === undefined
  const refused: Verdict[] = isRegistration ? ['refused'] : ['end', 'later']
  const [first] = pairs.find(([own]) => own === world.name)?.slice(1) ?? []
  const candidates = wholeIn(world, pairs)
  if (hasTwins(world, ofPages)) {
    const bound = candidates.filter(({ binding }) => binding !== '')
    return [...refused, ...bound.map(({ binding }) => verdictFor(world, call, binding, ring))]
  }
  const entry = candidates.find(({ pairs: [own] }) => own?.[1] === first)
  if (entry === undefined) return refused
  return verdictsOf(world, call, entry, pairs, ring)
}

function verdictsOf(
  world: World,
  call: Call,
  entry: Entry,
  pairs: readonly Pair[],
  ring: Ring,
): Verdict[] {
  const { instance, binding } = call
  const sent = sentIn(world, pairs)
  const verdict = verdictFor(world, call, entry.binding, ring)
  if (binding === undefined) {
    const isValid = reasonsAgainst(entry, sent, instance, ring).length === 0
    return [isValid && entry.binding !== '' ? verdict : 'refused']
  }
  const key = keyFor(world, call, pairs, ring)
  const isOwn = entry.binding === binding
  const ticket =
    entry.binding === '' ? undefined : newestTicket(entry.binding, sent, instance, ring)
  const provenAt = isOwn ? (key?.provenAt ?? 0) : 0
  const usedAt = Math.max(entry.sealedAt, ticket?.usedAt ?? 0, provenAt)
  const use = { usedAt, provenAt: undefined, isUnproven: false }
  const reasons = reasonsAgainst(entry, sent, instance, ring, use)
  if (reasons.length > 0) return reasons.map((reason) => (FINAL.has(reason) ? 'end' : 'later'))
  return [isOwn && key !== undefined ? verdict : 'end']
}

/** Returns the newest received key of a binding, as the server reads it. */
function keyFor(
  world: World,
  { binding = '', instance }: Call,
  pairs: readonly Pair[],
  ring: Ring,
): KeyCookie | undefined {
  const name = keyName(world.name, binding)
  const values = new Set(pairs.filter(([own]) => own === name).map(([, value]) => value))
  return world.keys
    .filter(({ value, binding: own }) => values.has(value) && own === binding)
    .filter(({ secret, provenAt }) => isIn(ring, secret) && provenAt <= instance.now() + TOLERANCE)
    .toSorted((a, b) => b.provenAt - a.provenAt)[0]
}

/** Returns what a proof is answered with where the session is good, and bound to `own`. */
function verdictFor(world: World, call: Call, own: string, ring: Ring): Verdict {
  if (isSigned(world, call, own, ring)) return 'accepted'
  return call.binding === undefined ? 'refused' : 'challenged'
}

/** Whether a proof is one: made with the browser's key, for a challenge of this kind that has not ended. */
function isSigned({ name }: World, call: Call, own: string, ring: Ring): boolean {
  const { signed, instance, owner, showsKey } = call
  if (signed === undefined || owner === 'attacker') return false
  const { challenge } = signed
  const { secret, sealedAt, items } = openDeviceText(challenge, 'device-challenge', name)
  const isOwn = items.join() === `${showsKey ? 'register' : 'prove'},${own}`
  const now = instance.now()
  const isThen = sealedAt <= now + TOLERANCE && now <= sealedAt + CHALLENGE_SECONDS + TOLERANCE
  return isOwn && isThen && isIn(ring, secret)
}

/** A proof sets a ticket that is proven and the key, and touches no part of a session. */
function checkAccepted(
  world: World,
  call: Call,
  header: string,
  lines: readonly string[],
  rings: readonly Ring[],
): void {
  const { instance, owner } = call
  const ticket = ticketOf(lines, world.name)
  const binding = ticket?.prefix ?? ''
  const names = lines.map((line) => pairOf(line)[0])
  const expected = [`${world.name}.d.${binding}`, keyName(world.name, binding)]
  assertPromise(
    names.join() === expected.join(),
    'a proof sets a ticket and a key, and nothing else',
  )
  if (ticket === undefined) return
  assertPromise(ticket.isBound && ticket.isProven, 'a proof makes a proven ticket')
  assertPromise(ticket.usedAt === instance.now(), 'a ticket has the time of its response')
  assertPromise(sealsNow(ticket.secret, rings, instance), 'the newest active secret seals')
  const isAsked = call.binding === undefined || call.binding === binding
  assertPromise(isAsked, 'a proof is one of the session that was asked about')
  const ages = wholeIn(world, pairsIn(header))
    .filter((entry) => entry.binding === binding)
    .map((entry) => {
      const end = Math.min(proofEnd(entry, ticket.usedAt, instance), absoluteEnd(entry, instance))
      return Math.max(1, end - ticket.usedAt)
    })
  const maxAge = maxAgeOf(lines[0] ?? '') ?? 0
  assertPromise(
    ages.includes(maxAge),
    'the ticket of a proof goes with it',
    `${maxAge}, not ${ages.join()}`,
  )
  recordUse(world, binding, ticket.usedAt)
  world.tickets.push({ ...ticket, owner })
  const [name, value] = pairOf(lines[1] ?? '')
  const { secret, sealedAt, items } = openDeviceText(value, 'device-key', world.name)
  const [own, , x, y] = items
  assertPromise(
    own === binding && x === visitors.jwk.x && y === visitors.jwk.y,
    'the key is kept unchanged',
  )
  world.keys.push({ name, value, secret, binding, provenAt: sealedAt })
}

/** Returns a request to the endpoint as one that is on its way, with what its answer tells. */
function exchangeOf(
  world: World,
  instance: Instance,
  binding: string | undefined,
  reply: Reply | undefined,
): Exchange | undefined {
  if (reply === undefined) return undefined
  const { verdict, lines } = reply
  world.tally(`endpoint ${verdict}`)
  const own = binding ?? ticketOf(lines, world.name)?.prefix
  const isKnown = own !== undefined && (verdict === 'accepted' || verdict === 'end')
  const told = isKnown ? { binding: own, isOver: verdict === 'end' } : undefined
  const answer: Answer = {
    lines: [...lines],
    entry: undefined,
    outcome: 'unchanged',
    keptFor: 0,
    told,
  }
  return {
    owner: 'visitor',
    instance,
    order: world.requests++,
    action: 'ignore',
    isOfDevice: true,
    alone: true,
    carriesReceived: false,
    session: undefined,
    request: undefined,
    stamp: undefined,
    stampArrived: false,
    answer,
  }
}
