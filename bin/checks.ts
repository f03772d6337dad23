// The result of each check of a session, in their order, in words.

import type { ToldOptions } from './configuration.ts'
import { formatDuration, formatMoment } from './printable.ts'
import type { Reading } from './reading.ts'
import type { Verdict } from './verdict.ts'

/** One check. `open` means that it was not made, because it needs an option that is unknown. */
export interface Check {
  readonly check: string
  readonly result: 'passed' | 'failed' | 'open'
  readonly detail: string
}

/** Lists the checks up to the first that failed. */
export function listChecks(
  reading: Reading,
  verdict: Verdict,
  told: ToldOptions,
  now: number,
): Check[] {
  const checks: Check[] = []
  for (const make of [form, secret, authenticity, clock, end, use, logout, rest]) {
    const check = make(reading, verdict, told, now)
    if (check === undefined) continue
    checks.push(check)
    if (check.result === 'failed') break
  }
  return checks
}

type MakeCheck = (
  reading: Reading,
  verdict: Verdict,
  told: ToldOptions,
  now: number,
) => Check | undefined

const form: MakeCheck = ({ problem, cookies }) => {
  if (problem !== undefined) return { check: 'form', result: 'failed', detail: problem }
  const count = cookies?.parts.length ?? 0
  const detail = count > 1 ? `${count} parts, complete` : 'whole'
  return { check: 'form', result: 'passed', detail }
}

const secret: MakeCheck = ({ parts, secrets, alteration }) => {
  const at = secrets.findIndex(({ id }) => id === parts?.id)
  if (at === -1) {
    const known = secrets.map(({ id }) => id).join(', ')
    const detail = alteration?.what ?? `${parts?.id} is none of these secrets: ${known}`
    return { check: 'secret', result: 'failed', detail }
  }
  const detail =
    at === 0 ? `${parts?.id}, the newest` : `${parts?.id}, number ${at + 1} of ${secrets.length}`
  return { check: 'secret', result: 'passed', detail }
}

const authenticity: MakeCheck = ({ payload, alteration, place }) => {
  if (payload !== undefined) {
    return { check: 'authentic', result: 'passed', detail: 'as it was sealed' }
  }
  const what = alteration?.what ?? 'altered in more than one place, or made for something else'
  const detail = place === undefined ? what : `${what} (${place})`
  return { check: 'authentic', result: 'failed', detail }
}

const clock: MakeCheck = ({ payload }, { reason }, told, now) => {
  if (payload === undefined) return undefined
  const ahead = payload.sealedAt - now
  if (ahead <= 0)
    return {
      check: 'clock',
      result: 'passed',
      detail: `sealed ${formatMoment(payload.sealedAt, now)}`,
    }
  const detail = `sealed ${formatDuration(ahead)} in the future: the clock of this machine or of the one that sealed it is wrong`
  const isKnown = told.isComplete || told.clockTolerance !== undefined || ahead > 60
  return {
    check: 'clock',
    result: reason === 'not-yet-valid' ? 'failed' : isKnown ? 'passed' : 'open',
    detail,
  }
}

const end: MakeCheck = ({ payload }, { reason }, told, now) => {
  if (payload === undefined) return undefined
  const words = payload.endsAt <= now ? 'ended' : 'ends'
  const own = `by itself it ${words} ${formatMoment(payload.endsAt, now)}`
  if (reason === 'expired')
    return { check: 'end', result: 'failed', detail: explainEnd(payload, own, told, now) }
  const isTold = told.isComplete || told.maxAge !== undefined
  return {
    check: 'end',
    result: 'passed',
    detail: isTold ? own : `${own}; a lower maxAge of your application would end it earlier`,
  }
}

function explainEnd(
  { startedAt, endsAt }: NonNullable<Reading['payload']>,
  own: string,
  told: ToldOptions,
  now: number,
): string {
  const began = `it began ${formatMoment(startedAt, now)}`
  return endsAt <= now
    ? `${began}, ${own}`
    : `${began}; ${own}, and maxAge is lower now${told.isComplete ? '' : ' by what you gave'}`
}

const use: MakeCheck = ({ payload, usedAt, hasTicket }, { reason }, told, now) => {
  if (payload === undefined || usedAt === undefined) return undefined
  const by = hasTicket ? 'by its ticket' : 'by its sealing: no ticket belongs to it'
  const detail = `last used ${formatMoment(usedAt, now)}, ${by}`
  if (reason === 'idle') return { check: 'idle', result: 'failed', detail }
  const isKnown = told.isComplete || told.idleTimeout !== undefined
  if (isKnown) return { check: 'idle', result: 'passed', detail }
  return {
    check: 'idle',
    result: 'open',
    detail: `${detail}; tell --idle-timeout or --config to judge it`,
  }
}

const logout: MakeCheck = ({ payload, cookies, unknownStamps }, { reason }) => {
  if (payload === undefined || cookies === undefined) return undefined
  if (reason === 'destroyed') {
    return {
      check: 'logout',
      result: 'failed',
      detail: `this browser has logged out since: the stamp ${unknownStamps.join(', ')}`,
    }
  }
  const stamps = cookies.stamps.length
  return {
    check: 'logout',
    result: 'passed',
    detail: stamps === 0 ? 'no stamp came' : 'it began after the logout of each stamp',
  }
}

const rest: MakeCheck = ({ payload }, { reason, limit }, told) => {
  if (payload === undefined) return undefined
  if (reason === 'invalid-data') {
    return { check: 'data', result: 'failed', detail: 'the schema or the serializer refuses it' }
  }
  if (reason === 'revoked') {
    return { check: 'revoked', result: 'failed', detail: `by the option ${limit ?? 'validAfter'}` }
  }
  if (reason !== undefined)
    return { check: reason, result: 'failed', detail: 'the library refuses it' }
  if (told.isComplete)
    return {
      check: 'options',
      result: 'passed',
      detail: 'validAfter, revoked and schema accept it',
    }
  return {
    check: 'options',
    result: 'open',
    detail: 'validAfter, revoked and schema: tell --config to ask them',
  }
}
