// The path at which a browser registers and proves its device. Without a valid session a request
// costs what opening one costs, and no request costs more than one verification of a signature.

import { collectRequestCookies, parseRequestCookies } from '../cookies/request-cookies.ts'
import type { RequestCookies } from '../cookies/request-cookies.ts'
import { formatSetCookies } from '../cookies/set-cookie.ts'
import { readCookies } from '../cookies/source.ts'
import type { SourceCookies } from '../cookies/source.ts'
import { usedSince } from '../device-option.ts'
import type { DeviceAnswer, DeviceRequest } from '../device-option.ts'
import type { DeviceRefusal } from '../events.ts'
import { openCookies } from '../open.ts'
import { run } from '../steps.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { isValid } from '../session/opened.ts'
import type { RejectedSession, ValidSession } from '../session/opened.ts'
import type { Claims } from '../token/claims.ts'
import { BINDING } from '../token/payload.ts'
import { findBoundUse, newestTicket, sealProvenTicket } from './bound-tickets.ts'
import { checkChallenge, sealChallenge } from './challenge.ts'
import type { ChallengeKind } from './challenge.ts'
import type { ResolvedDeviceOptions } from './device-options.ts'
import { findKeys, openKey, sealKey } from './key-cookie.ts'
import type { DeviceKey } from './key-cookie.ts'
import { isSignedBy, parseProof, readProof } from './proof.ts'
import type { PublicKey } from './public-key.ts'
import { formatChallenge, formatEnd, formatInstructions } from './registration.ts'
import { parseItem } from './structured-fields.ts'

/** Reasons after which a session never becomes valid again. */
const FINAL: ReadonlySet<string> = new Set(['expired', 'idle', 'revoked', 'destroyed'])

const REFUSED = answerWith(403)
const UNAVAILABLE = answerWith(503)

/**
 * Returns a function that answers requests to the path of the options, and returns `undefined` for
 * any other request.
 */
export function createEndpoint(
  options: ResolvedDeviceOptions,
  pipeline: Pipeline,
): (request: DeviceRequest) => Promise<DeviceAnswer> | undefined {
  const { path, interval } = options
  const { cookie, observe } = pipeline

  async function answer(request: DeviceRequest): Promise<DeviceAnswer> {
    const given = await readCookies(request.source)
    const cookies =
      typeof given === 'string'
        ? parseRequestCookies(given, cookie.name)
        : collectRequestCookies(given, cookie.name)
    const id = request.field('Sec-Secure-Session-Id')
    if (id === undefined) return register(request, cookies)
    // Chromium sends it without quotation marks, and then it may begin with a character that no
    // token has.
    return refresh(request, cookies, given, BINDING.test(id) ? id : parseItem(id))
  }

  /** Registers the key of a device for a valid session with its ticket. */
  async function register(request: DeviceRequest, cookies: RequestCookies): Promise<DeviceAnswer> {
    const findUse = (claims: Claims) => findBoundUse(claims, cookies, interval, pipeline)
    const claims = boundClaims(await run(openCookies(cookies, pipeline, findUse)))
    if (claims === undefined) return refuse(REFUSED, undefined, 'session')
    const key = await verify(request, claims, 'register')
    if (typeof key === 'string') return refuse(REFUSED, claims, key)
    return accept(claims, key, 'registered')
  }

  /**
   * Accepts a proof for a session that is valid except for its ticket, with the cookie that has its
   * key.
   */
  async function refresh(
    request: DeviceRequest,
    cookies: RequestCookies,
    given: SourceCookies,
    id: string | undefined,
  ): Promise<DeviceAnswer> {
    let key: DeviceKey | undefined
    const findUse = async ({ binding, sealedAt }: Claims) => {
      const keys = binding === id ? findKeys(given, cookie.name, binding) : []
      key = await openKey(keys, binding, pipeline)
      const ticket = await newestTicket(binding, cookies, pipeline)
      return usedSince(Math.max(sealedAt, key?.provenAt ?? 0, ticket?.usedAt ?? 0))
    }
    const session = await run(openCookies(cookies, pipeline, findUse))
    const claims = boundClaims(session)
    if (claims === undefined || claims.binding !== id || key === undefined) {
      // What this server rejects may be valid in a minute, and the browser would forget its key.
      return refuse(isForGood(session) ? endBinding(id) : UNAVAILABLE, claims, 'session')
    }
    if (request.field('Secure-Session-Response') === undefined) return challenge(claims)
    const proven = await verify(request, claims, 'prove', key.key)
    if (typeof proven === 'string') return refuse(await challenge(claims), claims, proven)
    return accept(claims, proven, 'proven')
  }

  /**
   * Returns the key that a proof was signed with, or why it is rejected. Checks the signature last.
   */
  async function verify(
    request: DeviceRequest,
    { binding }: Claims,
    kind: ChallengeKind,
    known?: PublicKey,
  ): Promise<PublicKey | DeviceRefusal> {
    const jwt = readProof(request.field('Secure-Session-Response') ?? '')
    const proof = jwt === undefined ? 'too-large' : parseProof(jwt, known === undefined)
    if (typeof proof === 'string') return proof
    const stale = await checkChallenge(proof.challenge, kind, binding, pipeline)
    if (stale !== undefined) return stale
    if (!isForPath(proof.audience, request, options)) return 'audience'
    const key = known ?? proof.key
    if (key === undefined) return 'key'
    return (await isSignedBy(proof, key)) ? key : 'signature'
  }

  async function challenge({ binding }: Claims): Promise<DeviceAnswer> {
    const text = await sealChallenge('prove', binding, pipeline)
    return answerWith(403, [['Secure-Session-Challenge', formatChallenge(text, binding)]])
  }

  async function accept(
    claims: Claims,
    key: PublicKey,
    outcome: 'registered' | 'proven',
  ): Promise<DeviceAnswer> {
    const writes = [
      await sealProvenTicket(claims, interval, pipeline),
      await sealKey(claims, key, path, pipeline),
    ]
    observe({ type: 'device', id: claims.id, outcome })
    const body = formatInstructions(claims.binding, options, cookie)
    return { ...answerWith(200, JSON_FIELD, body), setCookie: formatSetCookies(writes, cookie) }
  }

  function refuse(
    refusal: DeviceAnswer,
    claims: Claims | undefined,
    reason: DeviceRefusal,
  ): DeviceAnswer {
    observe({ type: 'device', id: claims?.id, outcome: 'refused', reason })
    return refusal
  }

  return (request) =>
    request.method === 'POST' && request.path === path ? answer(request) : undefined
}

const JSON_FIELD: DeviceAnswer['fields'] = [['Content-Type', 'application/json']]

function endBinding(id: string | undefined): DeviceAnswer {
  return answerWith(
    200,
    JSON_FIELD,
    formatEnd(id !== undefined && BINDING.test(id) ? id : undefined),
  )
}

function answerWith(status: number, fields: DeviceAnswer['fields'] = [], body = ''): DeviceAnswer {
  return { status, fields: [['Cache-Control', 'no-store'], ...fields], setCookie: [], body }
}

/** Returns the claims of a session that is valid and bound. */
function boundClaims(session: ValidSession | RejectedSession | undefined): Claims | undefined {
  if (session === undefined || !isValid(session)) return undefined
  return session.claims.binding === '' ? undefined : session.claims
}

/** Whether there is no session, one that never becomes valid again, or one with another binding. */
function isForGood(session: ValidSession | RejectedSession | undefined): boolean {
  if (session === undefined || isValid(session)) return true
  return FINAL.has(session.reason) && !Object.hasOwn(session, 'error')
}

/** Whether a proof was made for the endpoint, if the browser names its audience. */
function isForPath(
  audience: string | undefined,
  request: DeviceRequest,
  { path, origin }: ResolvedDeviceOptions,
): boolean {
  if (audience === undefined) return true
  const host = request.field('Host') ?? request.field(':authority') ?? ''
  return audience === `${origin ?? `https://${host}`}${path}`
}
