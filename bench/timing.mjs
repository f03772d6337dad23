// Contenders take turns, round after round, so that other load on the machine affects all of them.
// A number is the median of the rounds; a ratio is the median of the rounds' own ratios.

import { Bench } from 'tinybench'

/** Operations in one measurement, so that the clock's own cost and resolution do not count. */
const IN_A_ROW = 8

/**
 * Times each operation in every round.
 *
 * @param operations name -> an operation, synchronous or not
 * @returns name -> microseconds for one, by round
 */
export function takeTurns(operations, { rounds, time }) {
  const timed = Object.entries(operations).map(([name, operation]) => {
    const measure = timer(operation)
    return [name, () => measure(time)]
  })
  return inRounds(Object.fromEntries(timed), rounds)
}

/**
 * @param measures name -> a function that takes one measurement
 * @returns name -> its measurements, by round
 */
export async function inRounds(measures, rounds) {
  const names = Object.keys(measures)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    // The first contender differs in each round, and the first round only warms up.
    for (let place = 0; place < names.length; place++) {
      const name = names[(place + round + 1) % names.length]
      // oxlint-disable-next-line no-await-in-loop
      const measured = await measures[name]()
      if (round >= 0) results[name].push(measured)
    }
  }
  return results
}

/** Times an operation for this many milliseconds: the mean, in microseconds. */
export function timer(operation) {
  const operations = inARow(operation)
  return async (time) => {
    const bench = new Bench({ time, iterations: 1, warmup: false, throws: true })
    bench.add('turn', operations, { afterEach: turnLoop })
    const [task] = await bench.run()
    // The mean includes the garbage collector, which the median of single calls does not.
    return (task.result.latency.mean * 1000) / IN_A_ROW
  }
}

function inARow(operation) {
  if (operation() instanceof Promise) {
    return async () => {
      // oxlint-disable-next-line no-await-in-loop
      for (let done = 0; done < IN_A_ROW; done++) await operation()
    }
  }
  return () => {
    for (let done = 0; done < IN_A_ROW; done++) operation()
  }
}

/**
 * The event loop turns once between two measurements, as between two requests: weakly held objects,
 * such as the signals of undici's requests, are not released earlier.
 */
function turnLoop() {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median with the quartiles. */
export function summary(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const quarter = Math.floor(sorted.length / 4)
  return { median: median(sorted), low: sorted[quarter], high: sorted[sorted.length - 1 - quarter] }
}

/** The ratio of the times of `one` and `other`, by adjacent rounds. */
export function ratio(one, other) {
  return median(one.map((value, round) => value / other[round]))
}
