// Values that strict JSON stores: all of JSON, which has no -0.

import fc from 'fast-check'

/** Returns values of JSON. Where it would generate -0, strict JSON would refuse it. */
export function storableJson(constraints: fc.JsonSharedConstraints = {}): fc.Arbitrary<unknown> {
  return fc.jsonValue(constraints).map((value): unknown => JSON.parse(JSON.stringify(value)))
}
