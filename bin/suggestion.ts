// Did-you-mean: the known word that is closest to a misspelled one.

/** Returns the known word that is closest to a misspelled one; `undefined` if none is close. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  // A longer word is no misspelling, and may be a secret.
  if (word.length > 24) return undefined
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceBetween(word, candidate) }))
    .toSorted((one, other) => one.distance - other.distance)
  const [closest] = ranked
  const isClose = closest !== undefined && closest.distance <= Math.max(1, word.length / 3)
  return isClose ? closest.candidate : undefined
}

/** Counts the characters to insert, delete, replace or swap with a neighbour (Damerau, Levenshtein). */
function distanceBetween(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [
    [],
    Array.from({ length: other.length + 1 }, (_, at) => at),
  ]
  for (let row = 1; row <= one.length; row++) {
    const next = [row]
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1]
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      )
    }
    ;[before, last] = [last, next]
  }
  return last[other.length] ?? 0
}
