// Values that nest deeply.

/** Returns nested arrays with this many levels, around a number. */
export function nestedArrays(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
