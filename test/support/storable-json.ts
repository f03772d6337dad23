// Values that strict JSON stores: all of JSON, which has no -0.

import fc from 'fast-check'

/** Returns JSON values without -0, which strict JSON rejects. */
export function storableJson(constraints: fc.JsonSharedConstraints = {}): fc.Arbitrary<unknown> {
  return fc.jsonValue(constraints).map((value): unknown => JSON.parse(JSON.stringify(value)))
}
