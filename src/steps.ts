// Generators in place of async functions. An async function returns a promise and awaits each value in
// another microtask, even one that is no promise; a session whose keys are derived has nothing to wait
// for. So the steps of opening and committing are generators that yield the promises they wait for.

import { isThenable } from './validate.ts'

/** A generator that yields the promises it has to wait for, and returns a result. */
export type Steps<Result> = Generator<Promise<unknown>, Result>

/**
 * Waits for a promise: what `await` is to an async function, used with `yield*`, and only for what is a
 * promise. Even an iterator that ends at once would cost more than the question.
 */
export function* wait<Value>(promise: Promise<Value>): Steps<Value> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- `run` resumes with what the promise became
  return (yield promise) as Value
}

/** Returns what `act` makes of a value: as a promise only if the value is one. */
export function andThen<Value, Result>(
  value: Value | Promise<Value>,
  act: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return isThenable(value) ? value.then(act) : act(value)
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
