// Whether the data fits what the application declared, by any library that follows
// https://standardschema.dev (version 1). A schema is given copies and its output is copied, because it
// may return one object to every visitor: a default, a fallback, a constant of the application.

import { copyValue } from '../data/copy.ts'
import { findMissingKey } from '../data/round-trip.ts'
import {
  MAX_DEPTH,
  assertAllStorable,
  entriesOf,
  readData,
  textOf,
  writeData,
} from '../data/serialize.ts'
import type { SessionSerializer } from '../data/serialize.ts'
import { createWalk, formatKey, isPlainObject } from '../data/strict-json.ts'
import { SessionDataError } from '../errors.ts'
import { isRecord } from '../validate.ts'

/**
 * A validator for the session's data: any Standard Schema.
 *
 * @example
 * const schema = v.object({ userId: v.string() }) // valibot, zod, arktype …
 * const sessions = createSessions({ secrets, schema })
 */
export interface SessionSchema<Data> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SessionSchemaResult | Promise<SessionSchemaResult>
    readonly types?: { readonly input: unknown; readonly output: Data } | undefined
  }
}

/**
 * What a schema returns: its output, or why the data does not fit.
 *
 * @example
 * const result: SessionSchemaResult = await schema['~standard'].validate({ userId: 'ada' })
 */
export type SessionSchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly path?: SchemaIssuePath | undefined }[] }

type SchemaIssuePath = readonly (PropertyKey | { readonly key: PropertyKey })[]

/** A path in an error has at most so many steps: data nests no deeper. */
const MAX_STEPS = MAX_DEPTH

/**
 * Returns the data as the schema returns it, in copies, or `undefined` if it does not fit. Data without
 * entries is not checked, because a session may hold a message or a CSRF secret alone.
 *
 * @throws SessionDataError if the schema returns what cannot be stored; and whatever the schema throws
 */
export async function validateData(
  data: ReadonlyMap<string, unknown>,
  schema: SessionSchema<object>,
  serializer: SessionSerializer | undefined,
): Promise<Map<string, unknown> | undefined> {
  if (data.size === 0) return new Map()
  const result = await schema['~standard'].validate(copyEntries(data))
  return result.issues === undefined ? copyOutput(result.value, serializer) : undefined
}

/**
 * Throws unless the next request will find the data: the schema accepts what will be read, and leaves no
 * key of it out. Data without entries is not checked.
 *
 * @throws SessionDataError with the path of what does not fit, or of the first key that the schema would
 * remove. The schema's own message may quote the value, and is not repeated
 */
export async function assertFitsSchema(
  data: ReadonlyMap<string, unknown>,
  schema: SessionSchema<object>,
  serializer: SessionSerializer | undefined,
): Promise<void> {
  if (data.size === 0) return
  const read = readData(JSON.parse(writeData(data, serializer)), serializer)
  if (read === undefined) {
    throw new SessionDataError('the session', 'cannot be read again by its serializer')
  }
  const result = await schema['~standard'].validate(copyEntries(read))
  if (result.issues !== undefined) {
    throw new SessionDataError(formatPath(result.issues[0]?.path), 'does not fit the schema')
  }
  const output = copyOutput(result.value, serializer)
  if (output === undefined) {
    throw new SessionDataError('the session', 'is no plain object behind the schema')
  }
  const missing = findMissingKey(definedEntries(read), Object.fromEntries(output))
  if (missing === undefined) return
  throw new SessionDataError(missing, 'is lost by the schema: declare the key there, or delete it')
}

/** Returns entries as the object that a schema is given, and may change. */
function copyEntries(entries: ReadonlyMap<string, unknown>): object {
  return Object(copyValue(Object.fromEntries(entries), MAX_DEPTH))
}

/** Returns copies of the entries of a schema's output; `undefined` if it is no plain object. */
function copyOutput(
  output: unknown,
  serializer: SessionSerializer | undefined,
): Map<string, unknown> | undefined {
  if (!isPlainObject(output)) return undefined
  if (serializer === undefined) return copyStrictly(output)
  let hasInstances = false
  const copy = copyValue(output, MAX_DEPTH, 'the session', (instance) => {
    hasInstances = true
    return instance
  })
  if (!hasInstances) return entriesOf(copy)
  // Only the serializer can make another instance of an application's class.
  const read = readData(JSON.parse(textOf(output, serializer)), serializer)
  if (read !== undefined) return read
  throw new SessionDataError('the session', 'cannot be read again by its serializer')
}

/** Many schemas return `undefined` for a property that is absent, so it counts as absent here. */
function copyStrictly(output: Readonly<Record<string, unknown>>): Map<string, unknown> | undefined {
  const entries = definedEntries(entriesOf(output) ?? new Map())
  assertAllStorable(new Map(Object.entries(entries)), 'schema output: ', createWalk(true))
  return entriesOf(JSON.parse(JSON.stringify(entries)))
}

function definedEntries(entries: ReadonlyMap<string, unknown>): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...entries].filter(([, value]) => value !== undefined))
}

/** Returns an issue's path as other errors write it, as in `cart[3].addedAt`. */
function formatPath(path: SchemaIssuePath | undefined): string {
  const steps = (path ?? []).slice(0, MAX_STEPS).map((step) => (isRecord(step) ? step.key : step))
  const parts = steps.map((step, at) =>
    typeof step === 'string' ? formatKey(step, at === 0 ? '' : '.') : `[${String(step)}]`,
  )
  return parts.join('') || 'the session'
}
