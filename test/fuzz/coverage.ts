// The coverage of an execution, from V8: which blocks ran, and how often. Scripts must be loaded
// after the constructor ran, because functions compiled earlier count no blocks.

import { Session } from 'node:inspector'
import type { Profiler } from 'node:inspector'

/** The blocks that ran since the last reading, by name, with their counts. */
export type Blocks = ReadonlyMap<string, number>

export interface Reading {
  readonly blocks: Blocks
  /** The sum of all counts: the cost of the execution, without a clock. */
  readonly work: number
}

interface Block {
  readonly name: string
  readonly start: number
  readonly end: number
  ran: boolean
}

/**
 * The known blocks of a function: V8 reports a block only if its count differs from its
 * surroundings.
 */
interface Known {
  readonly url: string
  readonly scriptId: string
  readonly blocks: Map<string, Block>
}

/** A block that no input has reached. */
export interface Gap {
  readonly url: string
  readonly scriptId: string
  readonly start: number
  readonly end: number
}

export class Coverage {
  readonly #session = new Session()
  readonly #isOurs: (url: string) => boolean
  readonly #functions = new Map<string, Known>()

  /** @param isOurs which scripts count, by their URL */
  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Returns what ran since the last call. */
  read(): Reading {
    const blocks = new Map<string, number>()
    let work = 0
    for (const script of this.#take()) {
      if (!this.#isOurs(script.url)) continue
      for (const entry of script.functions) {
        // The others have no block of their own, and their count depends on how they were compiled.
        if (!entry.isBlockCoverage) continue
        for (const { count } of entry.ranges) work += count
        for (const [name, count] of this.#countsOf(script, entry)) blocks.set(name, count)
      }
    }
    return { blocks, work }
  }

  /** Returns the known blocks that never ran. */
  gaps(): Gap[] {
    return [...this.#functions.values()].flatMap(({ url, scriptId, blocks }) =>
      [...blocks.values()]
        .filter(({ ran }) => !ran)
        .map(({ start, end }) => ({ url, scriptId, start, end })),
    )
  }

  stop(): void {
    this.#post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }

  /**
   * Returns the counts of a function's known blocks. V8 omits a block that ran as often as its
   * surroundings, so a block's count is that of the narrowest range that contains it.
   */
  #countsOf(script: Profiler.ScriptCoverage, entry: Profiler.FunctionCoverage): [string, number][] {
    const [whole] = entry.ranges
    if (whole === undefined) return []
    const place = `${script.url}:${whole.startOffset}:${whole.endOffset}`
    const { url, scriptId } = script
    const known = this.#functions.get(place) ?? { url, scriptId, blocks: new Map<string, Block>() }
    this.#functions.set(place, known)
    for (const { startOffset: start, endOffset: end } of entry.ranges) {
      const name = `${place}/${start}:${end}`
      if (!known.blocks.has(name)) known.blocks.set(name, { name, start, end, ran: false })
    }
    const ran: [string, number][] = []
    for (const block of known.blocks.values()) {
      // Outer ranges come first, so the last one that contains the block is the narrowest.
      const count = entry.ranges.findLast(
        ({ startOffset, endOffset }) => startOffset <= block.start && block.end <= endOffset,
      )?.count
      if (count === undefined || count === 0) continue
      block.ran = true
      ran.push([block.name, count])
    }
    return ran
  }

  #take(): Profiler.ScriptCoverage[] {
    let taken: Profiler.ScriptCoverage[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      taken = result
    })
    return taken
  }

  /** Sessions within one process answer before `post` returns. */
  #post(method: string, parameters: object = {}): void {
    this.#session.post(method, parameters, (error) => {
      if (error !== null) throw error
    })
  }
}

/**
 * Returns blocks with the order of magnitude of their counts: twice as often is new, once more is
 * not.
 */
export function featuresOf(blocks: Blocks): string[] {
  return [...blocks].map(([name, count]) => `${name}*${Math.floor(Math.log2(count))}`)
}
