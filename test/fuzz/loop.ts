// The search: keeps inputs that reached something new, and mutates them into the next ones.

import { featuresOf } from './coverage.ts'
import type { Blocks, Coverage } from './coverage.ts'
import type { Finding } from './oracle.ts'
import type { Random } from './random.ts'

/** The target of a search. */
export interface Target {
  /** Returns the first promise that an input breaks. */
  check(input: string): Promise<Finding | undefined>
  /** The call whose work is measured. */
  probe(input: string): Promise<void>
  /** Returns the upper bound of that work. */
  mostWork(input: string): number
}

export type Mutate = (input: string, random: Random, other: string) => string

export interface Found extends Finding {
  readonly input: string
}

/**
 * Executions per reading of the coverage, because a reading takes as long as several executions.
 */
const BATCH = 48

/** Newer inputs lead further: half of the mutations start from this many of the last ones. */
const RECENT = 64

export class Search {
  executions = 0
  slowest = { milliseconds: 0, input: '' }
  /** The most work relative to its bound. */
  hardest = { share: 0, work: 0, input: '' }
  readonly corpus: string[] = []
  readonly features = new Set<string>()
  readonly #reached = new Set<string>()
  readonly #target: Target
  readonly #coverage: Coverage
  readonly #mutate: Mutate
  readonly #random: Random

  constructor(target: Target, coverage: Coverage, mutate: Mutate, random: Random) {
    this.#target = target
    this.#coverage = coverage
    this.#mutate = mutate
    this.#random = random
  }

  /** Adds known inputs. All of them are kept, because they were chosen. */
  async load(inputs: readonly string[]): Promise<Found | undefined> {
    this.#coverage.read()
    for (const input of inputs) {
      const found = await this.#examine(input)
      if (found !== undefined) return found
      if (!this.corpus.includes(input)) this.corpus.push(input)
    }
    return undefined
  }

  /** Searches until it is stopped, or until it finds a broken promise. */
  async run(isEnough: () => boolean): Promise<Found | undefined> {
    while (!isEnough()) {
      const batch = Array.from({ length: BATCH }, () => this.#next())
      const found = (await this.#examine(batch[0] ?? '')) ?? (await this.#tryAll(batch.slice(1)))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Runs one input by itself. */
  async featuresOf(input: string): Promise<string[]> {
    this.#coverage.read()
    await this.#check(input)
    return featuresOf(this.#coverage.read().blocks)
  }

  #next(): string {
    const random = this.#random
    const recent = random.oneIn(2) ? Math.max(0, this.corpus.length - RECENT) : 0
    const parent = this.corpus[recent + random.below(this.corpus.length - recent)] ?? ''
    return this.#mutate(parent, random, random.pick(this.corpus) ?? '')
  }

  /** Runs many inputs with one reading; splits them in halves if any reached a new block. */
  async #tryAll(inputs: readonly string[]): Promise<Found | undefined> {
    const [first, ...others] = inputs
    if (first === undefined) return undefined
    if (others.length === 0) return this.#examine(first)
    for (const input of inputs) {
      const finding = await this.#check(input)
      if (finding !== undefined) return { ...finding, input }
    }
    const { blocks } = this.#coverage.read()
    if ([...blocks.keys()].every((name) => this.#reached.has(name))) return undefined
    const middle = Math.ceil(inputs.length / 2)
    return (
      (await this.#tryAll(inputs.slice(0, middle))) ?? (await this.#tryAll(inputs.slice(middle)))
    )
  }

  /** Runs one input by itself: checks its promises, its new blocks, and its work. */
  async #examine(input: string): Promise<Found | undefined> {
    const finding = await this.#check(input)
    const { blocks } = this.#coverage.read()
    if (finding !== undefined) return { ...finding, input }
    if (this.#learn(blocks) && !this.corpus.includes(input)) this.corpus.push(input)
    await this.#target.probe(input)
    const { work } = this.#coverage.read()
    const share = work / this.#target.mostWork(input)
    if (share > this.hardest.share) this.hardest = { share, work, input }
    return share > 1
      ? { input, promise: 'the work is linear', detail: `${work} blocks` }
      : undefined
  }

  async #check(input: string): Promise<Finding | undefined> {
    this.executions++
    const start = performance.now()
    const finding = await this.#target.check(input)
    const milliseconds = performance.now() - start
    if (milliseconds > this.slowest.milliseconds) this.slowest = { milliseconds, input }
    return finding
  }

  #learn(blocks: Blocks): boolean {
    const before = this.features.size
    for (const name of blocks.keys()) this.#reached.add(name)
    for (const feature of featuresOf(blocks)) this.features.add(feature)
    return this.features.size > before
  }
}
