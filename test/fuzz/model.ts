// The expected result of an input: the verdict of the reader that docs/format.md prints.

import { DAY, NAME, OLDER_SECRET, SECRET, START, WEEK } from '../support/mint.ts'
import { loadPrintedReader } from '../support/printed-reader.ts'
import type { PrintedReader, ReaderConfig, ReaderResult } from '../support/printed-reader.ts'
import { PURPOSE_TEXT } from './tokens.ts'

/** The named lifetimes, in the library as here. */
export const LIFETIMES = {
  long: { maxAge: 30 * DAY, idleTimeout: 14 * DAY },
  short: { maxAge: 3600, idleTimeout: 600 },
} as const

const CONFIG: ReaderConfig = {
  name: NAME,
  now: START,
  clockTolerance: 5,
  secrets: [{ bytes: Buffer.from(SECRET) }, { bytes: Buffer.from(OLDER_SECRET) }],
  lifetimes: {
    default: { maxAge: WEEK, idleTimeout: DAY },
    named: new Map(Object.entries(LIFETIMES)),
  },
}

/** A session in comparable form: its reason, or all of its contents. */
export type View = Omit<ReaderResult, 'sealedAt' | 'usedAt'>

export class Model {
  readonly #reader: PrintedReader

  constructor(reader: PrintedReader) {
    this.#reader = reader
  }

  static async load(): Promise<Model> {
    return new Model(await loadPrintedReader())
  }

  /** Returns the session of a `Cookie` header; `undefined` if it has none. */
  cookies(header: string): View | undefined {
    return this.#reader.openCookies(header, CONFIG)
  }

  /** Returns the session of a bare token; `undefined` for the empty string. */
  token(token: string, purpose?: typeof PURPOSE_TEXT): View | undefined {
    return this.#reader.openToken(token, CONFIG, purpose)
  }
}
