// Whether the data fits what the application declared, by any library that follows
// https://standardschema.dev (version 1).

import { SessionDataError } from '../errors.ts'
import { entriesOf } from '../data/serialize.ts'

/** A validator for the session's data. */
export interface SessionSchema<Data> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SessionSchemaResult | Promise<SessionSchemaResult>
    readonly types?: { readonly input: unknown; readonly output: Data } | undefined
  }
}

/** What a schema answers. */
export type SessionSchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    }

/** The data as the schema gives it back, or `undefined` if it does not fit. */
export async function validateData(
  data: ReadonlyMap<string, unknown>,
  schema: SessionSchema<object>,
): Promise<Map<string, unknown> | undefined> {
  const result = await schema['~standard'].validate(Object.fromEntries(data))
  return result.issues === undefined ? entriesOf(result.value) : undefined
}

/**
 * Refuses data that the schema would reject at the next request.
 *
 * @throws SessionDataError with the path; the schema's own message may quote the value
 */
export async function assertFitsSchema(
  data: ReadonlyMap<string, unknown>,
  schema: SessionSchema<object>,
): Promise<void> {
  const { issues } = await schema['~standard'].validate(Object.fromEntries(data))
  if (issues === undefined) return
  const steps = issues[0]?.path ?? []
  const path = steps.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  throw new SessionDataError(path || 'the session', 'does not fit the schema')
}
