// The part of a payload behind the times: `data`, and the object of what is rarely there.

import { assertReadable } from '../data/round-trip.ts'
import {
  MAX_DEPTH,
  assertAllStorable,
  assertStorable,
  entriesOf,
  readData,
  readValue,
  textOf,
  writeData,
} from '../data/serialize.ts'
import type { SessionSerializer } from '../data/serialize.ts'
import { createWalk } from '../data/strict-json.ts'
import type { Walk } from '../data/strict-json.ts'
import { SessionDataError } from '../errors.ts'
import { formatClaimMembers } from '../token/payload.ts'
import type { ClaimMembers, Payload } from '../token/payload.ts'
import { isRecord, ownProperties } from '../validate.ts'
import { MAX_SCOPE_LEVELS, isEmptyScope } from './contents.ts'
import type { Contents, Scope } from './contents.ts'
import { isSecret } from './csrf.ts'
import { parseMessages } from './flash.ts'
import type { FlashMessage } from './flash.ts'

/** The objects that hold a scope's values must not count against how deep those may nest. */
const SCOPE_DEPTH = MAX_DEPTH + 2 * MAX_SCOPE_LEVELS

/** Nor must the array of messages, and its pairs. */
const MESSAGE_DEPTH = MAX_DEPTH + 2

/**
 * Returns the body of a payload. What is empty is left out: a session that holds nothing but data has
 * no object behind it.
 *
 * @param parcel the id of the parcel that holds the rest of the session
 * @throws SessionDataError if a value would be changed or lost
 */
export function formatBody(
  contents: Contents,
  claims: ClaimMembers,
  serializer: SessionSerializer | undefined,
  parcel = '',
): string {
  const { flash, csrf, testCookie } = contents
  const walk = createWalk()
  const data = writeData(contents.data, serializer, '', walk)
  const members = []
  if (contents.scopes.size > 0 && ![...contents.scopes.values()].every(isEmptyScope)) {
    if (serializer === undefined) {
      forEachScope(contents, '', (scope, place) => assertAllStorable(scope, place, walk))
    }
    members.push(`"s":${textOf(treeOf(contents), serializer, SCOPE_DEPTH)}`)
  }
  if (flash.length > 0) members.push(`"f":${formatMessages(flash, serializer, walk)}`)
  if (csrf !== undefined) members.push(`"c":"${csrf}"`)
  if (testCookie) members.push('"t":1')
  members.push(...formatClaimMembers(claims))
  if (parcel !== '') members.push(`"p":"${parcel}"`)
  return members.length === 0 ? data : `${data},{${members.join(',')}}`
}

/** Returns the contents of a payload, or `undefined` if they cannot be read. Never throws. */
export function parseBody(
  { data, more }: Pick<Payload, 'data' | 'more'>,
  serializer: SessionSerializer | undefined,
): Contents | undefined {
  const { s, f, c, t } = more
  const entries = readData(data, serializer)
  const scopes = s === undefined ? new Map() : scopesOf(readData(s, serializer, SCOPE_DEPTH))
  const flash = f === undefined ? [] : readMessages(f, serializer)
  if (entries === undefined || scopes === undefined || flash === undefined) return undefined
  if (c !== undefined && !isSecret(c)) return undefined
  if (t !== undefined && t !== 1) return undefined
  return { data: entries, scopes, flash, csrf: c, testCookie: t === 1 }
}

/** Parses a body that this library has accepted before. */
export function parseBodyText(body: string, serializer: SessionSerializer | undefined): Contents {
  const [data, more = {}]: unknown[] = JSON.parse(`[${body}]`)
  const contents = isRecord(more)
    ? parseBody({ data, more: ownProperties(more) }, serializer)
    : undefined
  if (contents !== undefined) return contents
  throw new SessionDataError('the session', 'cannot be read again by its serializer')
}

/**
 * Throws unless the serializer reads what it writes of these contents. Strict JSON always does.
 *
 * @throws SessionDataError with the path of what would be lost
 */
export function assertBodyReadable(
  contents: Contents,
  serializer: SessionSerializer | undefined,
): void {
  if (serializer === undefined) return
  assertReadable(contents.data, serializer)
  forEachScope(contents, '', (scope, place) => assertReadable(scope, serializer, place))
  for (const message of contents.flash) assertReadable(new Map([message]), serializer, 'flash.')
}

/** @throws SessionDataError if a message would be changed or lost */
function formatMessages(
  flash: readonly FlashMessage[],
  serializer: SessionSerializer | undefined,
  walk: Walk,
): string {
  if (serializer === undefined) {
    for (const [key, message] of flash) assertStorable(key, message, 'flash.', walk)
  }
  return textOf(flash, serializer, MESSAGE_DEPTH)
}

function readMessages(
  value: unknown,
  serializer: SessionSerializer | undefined,
): FlashMessage[] | undefined {
  return parseMessages(readValue(value, serializer, MESSAGE_DEPTH))
}

/** Returns scopes as plain values, each an array of its entries and its own scopes. Empty ones go. */
function treeOf({ scopes }: Scope): object {
  const full = [...scopes].filter(([, scope]) => !isEmptyScope(scope))
  return Object.fromEntries(
    full.map(([name, scope]) => [name, [Object.fromEntries(scope.data), treeOf(scope)]]),
  )
}

/** Calls `act` with the entries of each scope, and with what their paths begin with. */
function forEachScope(
  { scopes }: Scope,
  place: string,
  act: (entries: ReadonlyMap<string, unknown>, place: string) => void,
): void {
  for (const [name, scope] of scopes) {
    const inner = `${place}scope(${name}).`
    act(scope.data, inner)
    forEachScope(scope, inner, act)
  }
}

function scopesOf(
  tree: Map<string, unknown> | undefined,
  levels = MAX_SCOPE_LEVELS,
): Map<string, Scope> | undefined {
  if (tree === undefined || (levels === 0 && tree.size > 0)) return undefined
  const scopes = new Map<string, Scope>()
  for (const [name, value] of tree) {
    if (!Array.isArray(value) || value.length !== 2) return undefined
    const [first, second]: unknown[] = value
    const data = entriesOf(first)
    const inner = scopesOf(entriesOf(second), levels - 1)
    if (data === undefined || inner === undefined) return undefined
    scopes.set(name, { data, scopes: inner })
  }
  return scopes
}
