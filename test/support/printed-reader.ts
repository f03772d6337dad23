// The reader that docs/format.md prints, loaded from the page: a second implementation of opening a
// session.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { untyped } from './mint.ts'

/** The configuration of the printed reader. */
export interface ReaderConfig {
  readonly secrets: readonly { readonly bytes: Uint8Array; readonly id?: string }[]
  readonly name: string
  /** Seconds. */
  readonly now: number
  readonly clockTolerance: number
  readonly validAfter?: number
  readonly lifetimes: {
    readonly default: ReaderLifetime
    readonly named: ReadonlyMap<string, ReaderLifetime>
  }
  /** Returns the value under a key of the store. */
  readonly getParcel?: (key: string) => string | undefined
  /** Of the option `device`, in seconds. */
  readonly interval?: number
  /** Parses the output of a serializer. */
  readonly deserialize?: (text: string) => unknown
}

export interface ReaderLifetime {
  readonly maxAge: number
  readonly idleTimeout: number
}

/** A session, or the reason why there is none. */
export interface ReaderResult {
  readonly reason?: string
  readonly id?: string
  readonly startedAt?: number
  readonly sealedAt?: number
  readonly usedAt?: number
  readonly expiresAt?: number
  readonly data?: unknown
  readonly scopes?: unknown
  readonly messages?: unknown
  readonly csrf?: string
  readonly test?: boolean
}

export interface PrintedReader {
  /** `undefined` if the request has no session. */
  openCookies(header: string, config: ReaderConfig): ReaderResult | undefined
  openToken(token: string, config: ReaderConfig, purpose?: string): ReaderResult | undefined
}

/** The text of docs/format.md. */
export const FORMAT_PAGE: string = readFileSync(
  new URL('../../docs/format.md', import.meta.url),
  'utf8',
)

export async function loadPrintedReader(): Promise<PrintedReader> {
  const blocks = [...FORMAT_PAGE.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
  const modules = blocks.filter((code) => code.includes('export function openCookies'))
  const [code] = modules
  if (code === undefined || modules.length > 1) throw new Error('docs/format.md prints no reader')
  const folder = mkdtempSync(join(tmpdir(), 'printed-reader-'))
  try {
    const file = join(folder, 'reader.mjs')
    writeFileSync(file, code)
    return untyped<PrintedReader>(await import(/* @vite-ignore */ pathToFileURL(file).href))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
