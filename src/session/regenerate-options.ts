// What `regenerate` keeps of the session before it, checked like an option.

import { SessionConfigError } from '../errors.ts'
import { assertKnownKeys, describe, isRecord, ownProperties, refuse } from '../validate.ts'
import type { SessionKey } from './dictionary.ts'

/**
 * What `regenerate` keeps of the session before it, and the lifetime that it begins.
 *
 * @example
 * session.regenerate({ keep: ['cart'], lifetime: 'remembered' })
 */
export interface RegenerateOptions<Data extends object> {
  /** Keys that stay. Default: none. */
  readonly keep?: readonly SessionKey<Data>[] | undefined
  /** Scopes that stay, whole. Default: none. */
  readonly scopes?: readonly string[] | undefined
  /** One of the configured `lifetimes`. Default: the default lifetime. */
  readonly lifetime?: string | undefined
}

/** The same, complete. */
export interface ResolvedRegenerateOptions {
  readonly keep: readonly string[]
  readonly scopes: readonly string[]
  /** Empty for the default lifetime. */
  readonly lifetime: string
}

/**
 * Returns the options of `regenerate`, complete.
 *
 * @param known the names of the configured lifetimes
 * @throws SessionConfigError if one is wrong, with what to write instead
 */
export function resolveRegenerateOptions(
  given: unknown,
  known: readonly string[],
): ResolvedRegenerateOptions {
  if (!isRecord(given)) {
    throw new SessionConfigError(
      'regenerate',
      `was given ${describe(given)}: write regenerate({ keep: ['cart'] }), or no argument`,
    )
  }
  const options = ownProperties(given)
  assertKnownKeys(options, ['keep', 'scopes', 'lifetime'], 'regenerate.')
  return {
    keep: namesOption('keep', options['keep']),
    scopes: namesOption('scopes', options['scopes']),
    lifetime: lifetimeOption(options['lifetime'], known),
  }
}

function namesOption(option: string, value: unknown = []): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value
  return refuse(`regenerate.${option}`, value, "an array of names, as in ['cart']")
}

function lifetimeOption(value: unknown, known: readonly string[]): string {
  if (value === undefined) return ''
  if (typeof value === 'string' && known.includes(value)) return value
  const names = known.length === 0 ? 'none' : known.map(describe).join(' or ')
  return refuse('regenerate.lifetime', value, `one of the lifetimes: ${names}`)
}
