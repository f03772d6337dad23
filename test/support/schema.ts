// A Standard Schema from its validation function.

import type { SessionSchema, SessionSchemaResult } from 'sealed-session'

type Validate = (value: unknown) => SessionSchemaResult | Promise<SessionSchemaResult>

/** Returns a schema with this `validate`. */
export function schemaOf<Data extends object = Record<string, unknown>>(
  validate: Validate,
): SessionSchema<Data> {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

/** Accepts any data with these keys, as it is. */
export function demandingKeys(...keys: readonly string[]): Validate {
  return (value) => {
    const missing = keys.find((key) => !Object.hasOwn(Object(value), key))
    return missing === undefined ? { value } : { issues: [{ path: [missing] }] }
  }
}
