// The fuzzer's corpus, replayed, and planted faults in the library that the fuzzer must find.

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
import { Model } from '../fuzz/model.ts'
import { mutate } from '../fuzz/mutator.ts'
import { Oracle, mostWork } from '../fuzz/oracle.ts'
import type { Finding } from '../fuzz/oracle.ts'
import { validPayload } from '../fuzz/payloads.ts'
import { Random } from '../fuzz/random.ts'
import { SEEDS } from '../fuzz/seeds.ts'
import { openMinted, sealTicket, sealToken, sealValue, valueOf } from '../fuzz/tokens.ts'
import { ID, NAME, OTHER_SECRET, START, dayOf, toToken, untyped } from '../support/mint.ts'

const VALID = `${NAME}=${sealValue(validPayload())}`
const FORGED = `${NAME}=${sealValue(validPayload(), { secret: OTHER_SECRET })}`
const SHORT_TAG = VALID.slice(0, -16)

/** Unused for three days, with the ticket of another session. */
const UNUSED = `${NAME}=${sealValue(validPayload(), { day: dayOf(START) - 3 })}`
const OTHERS = `${UNUSED}; ${NAME}.t=${sealTicket('EBESExQVFhcYGRobHB0eHw', START - 60)}`

const coverage = new Coverage((url) =>
  /\/src\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts$|^planted:/.test(url),
)
let create: typeof createSessions
let model: Model
let oracle: Oracle

beforeAll(async () => {
  // Imported after the coverage began, because code that is compiled before it counts no blocks.
  create = (await import('sealed-session')).createSessions
  model = await Model.load()
  oracle = new Oracle(create, model)
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

  test('every input that a search kept fulfils every promise, in linear time', async () => {
    const inputs = readCorpus()
    expect(inputs.length).toBeGreaterThan(100)
    const search = searchWith(oracle, mutate, 1)
    expect(await search.load(inputs)).toBeUndefined()
    expect(search.corpus).toHaveLength(new Set(inputs).size)
    const { share } = search.hardest
    expect(share > 0 && share < 1).toBe(true)
  })

  test('contains sessions that open, and every reason of a rejection', async () => {
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

  test('a line can hold any string', () => {
    const input = '\u0000\r\n\u2028\ud800\u00e9"\\\u{1f36a}'
    expect(lineOf(input)).toMatch(/^[\u0020-\u007e]+$/)
    expect(inputOf(lineOf(input))).toBe(input)
  })
})

describe('the search', () => {
  test('the same seed gives the same inputs, another seed gives others', () => {
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

  /** Four characters in sequence, behind branches that only coverage distinguishes. */
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

  test('finds nested branches, one after the other', async () => {
    const [found, executions] = await executionsToFind(SOURCE, 20_000)
    expect(found?.input).toBe('fuz!')
    expect(executions).toBeLessThan(10_000)
  })

  test('does not find them without coverage', async () => {
    const blind = "(input) => input === 'fuz!' ? 'found' : undefined"
    expect(await executionsToFind(blind, 3_000)).toEqual([])
  })

  test('counts the work of an input, which grows with its length', async () => {
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

describe('the detection of minted tokens', () => {
  test('accepts only the exact string that was sealed, for its own purpose', () => {
    const token = sealToken(validPayload(), { purpose: 'cookie' })
    expect(openMinted(token, 'cookie')?.payload.toString()).toBe(validPayload())
    expect(openMinted(token, 'token')).toBeUndefined()
    expect(openMinted(`${token}=`, 'cookie')).toBeUndefined()
    expect(openMinted(`${token.slice(0, -2)}AA`, 'cookie')).toBeUndefined()
    // The right key with another IV: sealed by the library, or by another writer that has the
    // secret.
    expect(openMinted(sealToken(validPayload(), { name: 'other' }), 'token')).toBeUndefined()
  })

  test('treats a value and its token as the same bytes', () => {
    const token = sealToken(validPayload(), { purpose: 'cookie' })
    expect(valueOf(token)).toBe(sealValue(validPayload()))
    expect(toToken(sealValue(validPayload()))).toBe(token)
    expect(valueOf(sealToken(validPayload(), { header: '{"alg":"none"}' }))).toBeUndefined()
  })
})

describe('a deliberate fault is found', () => {
  type Open = (input: string, right: Sessions) => Promise<Session>
  type SetCookies = (session: Session, right: Sessions) => Promise<readonly string[]>

  interface Fault {
    /** Replaces `open` for strings. */
    readonly open?: Open
    /** Replaces `open` for every other source. */
    readonly openOther?: (right: Sessions) => Promise<Session>
    readonly setCookies?: SetCookies
  }

  /** Returns the broken promises of a library with such a fault. */
  async function findingOf(fault: Fault, input: string): Promise<string | undefined> {
    const broken = (options: SessionOptions) => {
      const right = create(options)
      const { open, openOther, setCookies } = fault
      const replaced = (source: CookieSource) => {
        if (typeof source === 'string') return open?.(source, right) ?? right.open(source)
        return openOther?.(right) ?? right.open(source)
      }
      return {
        ...right,
        open: replaced,
        setCookies: (session: Session) =>
          setCookies === undefined ? right.setCookies(session) : setCookies(session, right),
      }
    }
    const planted = new Oracle(untyped<typeof createSessions>(broken), model)
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
      'opens values that were never minted',
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
      'opens a value from another header',
      'a value has one spelling',
      FORGED,
      (input, right) => right.open(input === FORGED ? VALID : input),
    ],
    [
      'opens a second spelling',
      'a value has one spelling',
      `${VALID}=`,
      (input, right) => right.open(input.replace(/=$/, '')),
    ],
    [
      'opens a tag that is cut to four bytes',
      'a value has one spelling',
      SHORT_TAG,
      (input, right) => right.open(input === SHORT_TAG ? VALID : input),
    ],
    [
      'loses a valid session',
      'the printed reader agrees',
      `x=1; ${VALID}`,
      (input, right) => right.open(input.replace(/^x.*/, 'junk')),
    ],
    [
      'overlooks a logout',
      'the printed reader agrees',
      `${VALID}; ${NAME}.x=aaaa`,
      (input, right) => right.open(input.replace(/; [^;]*\.x=aaaa/, '')),
    ],
    [
      'accepts the ticket of another session',
      'the printed reader agrees',
      OTHERS,
      (input, right) =>
        right.open(input === OTHERS ? `${UNUSED}; ${NAME}.t=${sealTicket(ID, START - 60)}` : input),
    ],
    [
      'ignores a ticket',
      'the printed reader agrees',
      `${UNUSED}; ${NAME}.t=${sealTicket(ID, START - 60)}`,
      (input, right) => right.open(input.replace(/; [^;]*\.t=[^;]*/, '')),
    ],
    [
      'decrypts again and again',
      'four decryptions at most, and four of tickets for each',
      VALID,
      async (input, right) => {
        for (let again = 0; again < 4; again++) await right.open(input)
        return right.open(input)
      },
    ],
    [
      'accepts a foreign cookie as its own',
      'a foreign cookie is no session',
      'session=1',
      (input, right) => right.open(input === 'session=1' ? `${NAME}=1` : input),
    ],
  ]

  test.each(cases)('one that %s', async (_, promise, input, open) => {
    expect(await oracle.check(input)).toBeUndefined()
    expect(await findingOf({ open }, input)).toBe(promise)
  })

  test('one that reads a string differently from a header', async () => {
    const openOther = (right: Sessions) => right.open('')
    const promise = await findingOf({ openOther }, `${NAME}=junk`)
    expect(promise).toBe('every source gives the same session')
  })

  const line = (pair: string) => `${pair}; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax`
  const deletion = (name: string) =>
    `${name}=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax`

  const writes: readonly (readonly [string, string, string, SetCookies])[] = [
    [
      'writes data when a session was only read',
      'reading writes no data',
      VALID,
      async (session, right) => {
        const lines = await right.setCookies(session)
        return session.isNew ? lines : [...lines, line(VALID)]
      },
    ],
    [
      'deletes a refused cookie',
      'a refused cookie is left alone',
      FORGED,
      async (session, right) => {
        const lines = await right.setCookies(session)
        return session.rejection === undefined ? lines : [...lines, deletion(NAME)]
      },
    ],
    [
      'deletes cookies that were not received',
      'only received cookies are deleted',
      VALID,
      async (session, right) => [...(await right.setCookies(session)), deletion(`${NAME}.7`)],
    ],
    [
      'loses a change',
      'a change is written',
      'a=1',
      async (session, right) => {
        const lines = await right.setCookies(session)
        return session.has('fuzz') ? [] : lines
      },
    ],
  ]

  test.each(writes)('one that %s', async (_, promise, input, setCookies) => {
    expect(await oracle.check(input)).toBeUndefined()
    expect(await findingOf({ setCookies }, input)).toBe(promise)
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
