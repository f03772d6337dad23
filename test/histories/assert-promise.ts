// The error of a broken promise.

/** The name of the promise that a history broke. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

export function assertPromise(holds: boolean, promise: string, detail = ''): void {
  if (!holds) throw new BrokenPromise(detail === '' ? promise : `${promise}: ${detail}`)
}
