// Generators in place of async functions. An async function returns a promise and awaits each value in
// another microtask, even one that is no promise; a session whose keys are derived has nothing to wait
// for. So the steps of opening and committing are generators that yield the promises they wait for.

import { isThenable } from './validate.ts'

/** A generator that yields the promises it has to wait for, and returns a result. */
export type Steps<Result> = Generator<Promise<unknown>, Result>

/** Gives a value, once it is there: what `await` is to an async function, used with `yield*`. */
export function settled<Value>(
  value: Value | Promise<Value>,
): Iterable<Promise<unknown>, Value, unknown> {
  return isThenable(value) ? wait(value) : new Settled(value)
}

/** A value that is there, as an iterator that has ended. A generator would take several times the memory. */
class Settled<Value> implements Iterable<never, Value>, Iterator<never, Value> {
  readonly done = true
  readonly value: Value

  constructor(value: Value) {
    this.value = value
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): this {
    return this
  }
}

function* wait<Value>(promise: Promise<Value>): Steps<Value> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- `run` resumes with what the promise became
  return (yield promise) as Value
}

/** Takes steps. Returns their result, as a promise only if one of them had to wait. */
export function run<Result>(steps: Steps<Result>): Result | Promise<Result> {
  const step = steps.next()
  return step.done === true ? step.value : resume(steps, step.value)
}

async function resume<Result>(steps: Steps<Result>, first: Promise<unknown>): Promise<Result> {
  for (let waiting = first; ;) {
    // One step needs what the one before it has returned.
    // oxlint-disable-next-line no-await-in-loop
    const step = await Promise.resolve(waiting).then(
      (value) => steps.next(value),
      (error: unknown) => steps.throw(error),
    )
    if (step.done === true) return step.value
    waiting = step.value
  }
}
