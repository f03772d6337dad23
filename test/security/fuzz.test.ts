// The fuzzer's corpus, replayed; and whether the fuzzer would notice what it is there to notice.

import { runInThisContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  CookieSource,
  Session,
  SessionOptions,
  Sessions,
  createSessions,
} from 'sealed-session'
import { lineOf, inputOf, readCorpus } from '../fuzz/corpus.ts'
import { Coverage } from '../fuzz/coverage.ts'
import { Search } from '../fuzz/loop.ts'
import type { Found, Mutate } from '../fuzz/loop.ts'
import { mutate } from '../fuzz/mutator.ts'
import { Oracle, mostWork } from '../fuzz/oracle.ts'
import type { Finding } from '../fuzz/oracle.ts'
import { usual } from '../fuzz/payloads.ts'
import { Random } from '../fuzz/random.ts'
import { SEEDS } from '../fuzz/seeds.ts'
import { openMinted, seal } from '../fuzz/tokens.ts'
import { NAME, OTHER_SECRET, untyped } from '../support/mint.ts'

const VALID = `${NAME}=${seal(usual())}`
const FORGED = `${NAME}=${seal(usual(), { secret: OTHER_SECRET })}`

const coverage = new Coverage((url) => /\/src\/[a-z0-9-]+\.ts$|^planted:/.test(url))
let create: typeof createSessions
let oracle: Oracle

beforeAll(async () => {
  // After the coverage began: what is compiled before it counts no blocks.
  create = (await import('sealed-session')).createSessions
  oracle = new Oracle(create)
  await oracle.warm()
})

afterAll(() => {
  oracle.close()
  coverage.stop()
})

function searchWith(target: Oracle, change: Mutate, seed: number): Search {
  const check = (input: string) => target.check(input)
  const probe = (input: string) => target.probe(input)
  return new Search({ check, probe, mostWork }, coverage, change, new Random(seed))
}

describe('the corpus', () => {
  test.each(SEEDS)('$about: $verdict', async ({ header, verdict }) => {
    expect(await oracle.verdict(header)).toBe(verdict)
    expect(await oracle.check(header)).toBeUndefined()
  })

  test('every input that a search kept holds every promise, in linear work', async () => {
    const inputs = readCorpus()
    expect(inputs.length).toBeGreaterThan(100)
    const search = searchWith(oracle, mutate, 1)
    expect(await search.load(inputs)).toBeUndefined()
    expect(search.corpus).toHaveLength(new Set(inputs).size)
    const { share } = search.hardest
    expect(share > 0 && share < 1).toBe(true)
  })

  test('some of it opens, and every reason is among it', async () => {
    const verdicts = new Set(await Promise.all(readCorpus().map((input) => oracle.verdict(input))))
    for (const { header } of SEEDS) verdicts.add(await oracle.verdict(header))
    expect([...verdicts].toSorted()).toEqual([
      'destroyed',
      'expired',
      'idle',
      'incomplete',
      'invalid-data',
      'malformed',
      'none',
      'not-yet-valid',
      'opened',
      'too-large',
      'undecryptable',
      'unknown-key',
    ])
  })

  test('a line holds any text', () => {
    const input = '\u0000\r\n\u2028\ud800\u00e9"\\\u{1f36a}'
    expect(lineOf(input)).toMatch(/^[\u0020-\u007e]+$/)
    expect(inputOf(lineOf(input))).toBe(input)
  })
})

describe('the search', () => {
  test('the same seed makes the same inputs, another seed others', () => {
    const made = (seed: number) => {
      const random = new Random(seed)
      return Array.from({ length: 200 }, () => mutate(VALID, random, FORGED))
    }
    expect(made(7)).toEqual(made(7))
    expect(made(7)).not.toEqual(made(8))
  })

  test('a whole run can be repeated', async () => {
    const runOf = async (seed: number) => {
      const inputs: string[] = []
      const target = {
        check: async (input: string) => void inputs.push(input),
        probe: (input: string) => oracle.probe(input),
        mostWork,
      }
      const search = new Search(target, coverage, mutate, new Random(seed))
      await search.load([VALID])
      await search.run(() => search.executions > 150)
      return inputs
    }
    expect(await runOf(3)).toEqual(await runOf(3))
  })

  /** Four characters, one after the other, behind branches that only coverage tells apart. */
  const SOURCE = `(input) => {
    if (input[0] === 'f') {
      if (input[1] === 'u') {
        if (input[2] === 'z') {
          if (input[3] === '!') return 'found'
        }
      }
    }
    return undefined
  }`

  async function executionsToFind(source: string, most: number): Promise<[Found?, number?]> {
    const planted: unknown = runInThisContext(source, { filename: 'planted:branches' })
    if (typeof planted !== 'function') throw new TypeError('the planted source is no function')
    const target = {
      check: async (input: string): Promise<Finding | undefined> =>
        planted(input) === 'found' ? { promise: 'planted', detail: '' } : undefined,
      probe: () => Promise.resolve(),
      mostWork,
    }
    const put: Mutate = (input, random) => {
      const at = random.below(4)
      const character = String.fromCharCode(32 + random.below(96))
      return input.slice(0, at) + character + input.slice(at + 1)
    }
    const search = new Search(target, coverage, put, new Random(11))
    const found =
      (await search.load(['....'])) ?? (await search.run(() => search.executions > most))
    return found === undefined ? [] : [found, search.executions]
  }

  test('a branch behind branches is found, one after the other', async () => {
    const [found, executions] = await executionsToFind(SOURCE, 20_000)
    expect(found?.input).toBe('fuz!')
    expect(executions).toBeLessThan(10_000)
  })

  test('without branches to follow it is not', async () => {
    const blind = "(input) => input === 'fuz!' ? 'found' : undefined"
    expect(await executionsToFind(blind, 3_000)).toEqual([])
  })

  test('the work of an input is counted, and grows with it', async () => {
    const workOf = async (input: string) => {
      await oracle.probe(input)
      coverage.read()
      await oracle.probe(input)
      return coverage.read().work
    }
    const [short, long] = [await workOf(';'.repeat(1000)), await workOf(';'.repeat(10_000))]
    expect(short).toBeGreaterThan(1000)
    expect(long / short).toBeGreaterThan(9)
    expect(long / short).toBeLessThan(11)
  })
})

describe('a token tells by itself whether it was minted here', () => {
  test('only the very text that was sealed, for its own purpose', () => {
    const token = seal(usual())
    expect(openMinted(token, 'cookie')?.payload.toString()).toBe(usual())
    expect(openMinted(token, 'token')).toBeUndefined()
    expect(openMinted(`${token}=`, 'cookie')).toBeUndefined()
    expect(openMinted(`${token.slice(0, -2)}AA`, 'cookie')).toBeUndefined()
    // The right key, another IV: sealed by the library, or by anybody who has the secret.
    expect(openMinted(seal(usual(), { name: 'other' }), 'cookie')).toBeUndefined()
  })
})

describe('a library that is broken on purpose is found out', () => {
  type Open = (input: string, right: Sessions) => Promise<Session>

  /** The library, but for what `open` does with a header. */
  async function findingOf(open: Open, input: string): Promise<string | undefined> {
    const broken = (options: SessionOptions) => {
      const right = create(options)
      const replaced = (source: CookieSource) =>
        typeof source === 'string' ? open(source, right) : right.open(source)
      return { ...right, open: replaced }
    }
    const planted = new Oracle(untyped<typeof createSessions>(broken))
    try {
      await planted.warm()
      return (await planted.check(input))?.promise
    } finally {
      planted.close()
    }
  }

  const cases: readonly (readonly [string, string, string, Open])[] = [
    [
      'throws',
      'nothing throws',
      'a=%zz',
      (input, right) => {
        if (input.includes('%zz')) decodeURIComponent(input)
        return right.open(input)
      },
    ],
    [
      'opens what nobody minted',
      'nothing opens that was not minted',
      FORGED,
      async (input, right) => {
        if (input !== FORGED) return right.open(input)
        const session = await right.open(null)
        session.set('user', 'eve')
        return right.open((await right.setCookies(session)).join().split(';', 1).join())
      },
    ],
    [
      'opens what another header held',
      'a token has one spelling',
      FORGED,
      (input, right) => right.open(input === FORGED ? VALID : input),
    ],
    [
      'opens a second spelling',
      'a token has one spelling',
      `${VALID}=`,
      (input, right) => right.open(input.replace(/=$/, '')),
    ],
    [
      'loses a valid session',
      'a valid session opens',
      `x=1; ${VALID}`,
      (input, right) => right.open(input.replace(/^x.*/, 'junk')),
    ],
    [
      'overlooks a logout',
      'nothing opens that the format refuses',
      `${VALID}; ${NAME}.x=3`,
      (input, right) => right.open(input.replace(/; [^;]*\.x=3/, '')),
    ],
    [
      'decrypts again and again',
      'at most four decryptions',
      VALID,
      async (input, right) => {
        for (let again = 0; again < 4; again++) await right.open(input)
        return right.open(input)
      },
    ],
    [
      'takes a foreign cookie for its own',
      'a foreign cookie is no session',
      'session=1',
      (input, right) => right.open(input === 'session=1' ? `${NAME}=1` : input),
    ],
    [
      'reads a string otherwise than a header',
      'every source gives the same session',
      `${NAME}=junk`,
      (input, right) => right.open(input === `${NAME}=junk` ? '' : input),
    ],
  ]

  test.each(cases)('one that %s', async (_, promise, input, open) => {
    expect(await oracle.check(input)).toBeUndefined()
    expect(await findingOf(open, input)).toBe(promise)
  })

  test('one that takes quadratic time', async () => {
    const slow: unknown = runInThisContext(
      `(input) => {
        let count = 0
        for (const one of input) for (const other of input) if (one === other) count++
        return count
      }`,
      { filename: 'planted:quadratic' },
    )
    if (typeof slow !== 'function') throw new TypeError('the planted source is no function')
    const target = {
      check: () => Promise.resolve(undefined),
      probe: async (input: string) => void slow(input),
      mostWork,
    }
    const search = new Search(target, coverage, mutate, new Random(1))
    const found = await search.load(['x'.repeat(20), 'x'.repeat(200)])
    expect(found?.promise).toBe('the work is linear')
    expect(found?.input).toHaveLength(200)
  })
})
