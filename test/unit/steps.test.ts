import { describe, expect, test } from 'vitest'
import { run, wait } from '../../src/steps.ts'
import type { Steps } from '../../src/steps.ts'
import { isThenable } from '../../src/validate.ts'

function* sum(values: readonly (number | Promise<number>)[]): Steps<number> {
  let total = 0
  for (const value of values) total += isThenable(value) ? yield* wait(value) : value
  return total
}

describe('run', () => {
  test('returns the result itself if no step was asynchronous', () => {
    expect(run(sum([1, 2, 3]))).toBe(6)
  })

  test('returns a promise of the result if one or several steps were asynchronous', async () => {
    const waiting = run(sum([1, Promise.resolve(2), 3, Promise.resolve(4)]))
    expect(waiting).toBeInstanceOf(Promise)
    expect(await waiting).toBe(10)
  })

  test('throws the error of a step synchronously before the first asynchronous one', () => {
    const fault = new Error('now')
    function* failing(): Steps<number> {
      yield* sum([1])
      throw fault
    }
    expect(() => run(failing())).toThrow(fault)
  })

  test('rejects with the error of a step after an asynchronous one', async () => {
    const fault = new Error('later')
    function* failing(): Steps<number> {
      yield* sum([Promise.resolve(1)])
      throw fault
    }
    await expect(run(failing())).rejects.toBe(fault)
  })

  test('lets the steps catch the rejection of a promise, and continue', async () => {
    function* careful(): Steps<string> {
      try {
        return yield* wait(Promise.reject<string>(new Error('lost')))
      } catch (error) {
        return `caught ${String(error)}, ${yield* wait(Promise.resolve('went on'))}`
      }
    }
    expect(await run(careful())).toBe('caught Error: lost, went on')
  })

  test('awaits any thenable, also one whose `then` returns nothing', async () => {
    class Thenable {
      // oxlint-disable-next-line no-thenable -- zone.js and database drivers have their own
      then(resolve: (value: number) => void): void {
        resolve(5)
      }
    }
    function* waiting(): Steps<number> {
      return yield* wait(new Thenable() as unknown as Promise<number>)
    }
    expect(await run(waiting())).toBe(5)
  })
})
