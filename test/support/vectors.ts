// The vectors of test/security/vectors/v1.json, with their types.

import { readFileSync } from 'node:fs'
import { untyped } from './mint.ts'

/** A `Cookie` header or a bare token, and how it is read. */
export interface Vector {
  readonly title: string
  readonly cookie?: string
  readonly token?: string
  /** The purpose text of a bare token. */
  readonly purpose?: string
  /** Configured while this vector is read. */
  readonly serializer?: 'JSON'
}

/** A vector that opens. */
export interface ValidVector extends Vector {
  readonly id: string
  /** Seconds. */
  readonly startedAt: number
  readonly expiresAt: number
  readonly data: Readonly<Record<string, unknown>>
  readonly scopes?: Readonly<Record<string, unknown>>
  readonly messages?: readonly (readonly [key: string, message: unknown])[]
  readonly csrf?: string
  readonly csrfToken?: string
  readonly test?: boolean
}

/** A vector that does not. */
export interface InvalidVector extends Vector {
  readonly about: string
  readonly reason: string
}

/** A secret as the option `secrets` takes it. */
export type VectorSecret = string | { readonly secret: string; readonly id: string }

export interface VectorLifetime {
  readonly maxAge: number
  readonly idleTimeout: number
}

export interface Vectors {
  readonly format: string
  readonly name: string
  /** Newest first. */
  readonly secrets: readonly VectorSecret[]
  /** Seconds. */
  readonly now: number
  readonly clockTolerance: number
  readonly validAfter: number
  readonly lifetimes: {
    readonly default: VectorLifetime
    readonly named: Readonly<Record<string, VectorLifetime>>
  }
  readonly valid: readonly ValidVector[]
  readonly invalid: readonly InvalidVector[]
}

export function readVectors(): Vectors {
  const file = new URL('../security/vectors/v1.json', import.meta.url)
  return untyped<Vectors>(JSON.parse(readFileSync(file, 'utf8')))
}
