// The `limits` option: resolves presets and numbers to the four limits of the size guard.

import { MAX_COOKIE_BYTES, MAX_COOKIES } from '../cookies/cookie-names.ts'
import { SessionConfigError } from '../errors.ts'
import {
  assertKnownKeys,
  describe,
  isRecord,
  ownProperties,
  wholeNumberOption,
} from '../validate.ts'
import { PRESET_NAMES, headerBytes, isPreset } from './presets.ts'
import type { LimitsPreset } from './presets.ts'

/**
 * The four limits of the size guard. All are bytes except `cookies`.
 *
 * @example
 * const { limits } = await sessions.measure(session)
 * console.log(limits.responseHeader) // 3072
 */
export interface SizeLimits {
  /**
   * One cookie: its name and value, and also its whole `Set-Cookie` line. Default and most: 4 096 (RFC
   * 6265bis section 5.6).
   */
  readonly cookie: number
  /** How many cookies may hold the session. Default and most: 16. */
  readonly cookies: number
  /**
   * The value of the `Cookie` header that the browser will send, other cookies included. Default: that of
   * the preset, 7 168 for `portable`.
   */
  readonly requestHeader: number
  /**
   * All `Set-Cookie` lines of one response together, as they travel. Default: that of the preset, 3 072 for
   * `portable`.
   */
  readonly responseHeader: number
}

/**
 * Size limits of the servers and proxies between the application and the browser: a preset, several
 * presets, or numbers.
 *
 * @example
 * createSessions({ secrets, limits: ['cloudflare', 'node'] })
 * createSessions({ secrets, limits: { preset: 'nginx', responseHeader: 16_384 } })
 */
export type LimitsOption =
  | LimitsPreset
  | readonly LimitsPreset[]
  | (Partial<SizeLimits> & {
      readonly preset?: LimitsPreset | readonly LimitsPreset[] | undefined
    })

/** The limits that a preset sets. */
type HeaderLimit = 'requestHeader' | 'responseHeader'

/** The origin of resolved limits: the preset of each; `undefined` for an application's number. */
export interface LimitSources extends Readonly<Record<HeaderLimit, LimitsPreset | undefined>> {
  /** Whether the browser's limit for partitioned cookies is included. */
  readonly partitioned: boolean
}

const LIMIT_NAMES = ['cookie', 'cookies', 'requestHeader', 'responseHeader']

/** Stored beside the limits, because reports contain those as they are. */
const sources = new WeakMap<SizeLimits, LimitSources>()

const NO_SOURCES: LimitSources = {
  requestHeader: undefined,
  responseHeader: undefined,
  partitioned: false,
}

/**
 * Returns the `limits` option as four numbers: the smallest of each over all named presets,
 * replaced by the given numbers. Partitioned cookies are always subject to `chips` too.
 *
 * @throws SessionConfigError for an unknown preset or a number out of bounds
 */
export function resolveLimits(option: unknown = 'portable', partitioned: boolean): SizeLimits {
  const { preset = 'portable', ...rest } = isRecord(option)
    ? ownProperties(option)
    : { preset: option }
  const numbers = ownProperties(rest)
  assertKnownKeys(numbers, LIMIT_NAMES, 'limits.')
  const given: readonly unknown[] = Array.isArray(preset) ? preset : [preset]
  if (given.length === 0) throw new SessionConfigError('limits', 'is empty: write portable')
  const presets = given.map(requirePreset)
  if (partitioned) presets.push('chips')
  const [request, requestPreset] = findTightest(presets, 0)
  const [response, responsePreset] = findTightest(presets, 1)
  const limits = Object.freeze({
    cookie: numberOption(numbers, 'cookie', MAX_COOKIE_BYTES, MAX_COOKIE_BYTES),
    cookies: numberOption(numbers, 'cookies', MAX_COOKIES, MAX_COOKIES),
    requestHeader: numberOption(numbers, 'requestHeader', request),
    responseHeader: numberOption(numbers, 'responseHeader', response),
  })
  sources.set(limits, {
    requestHeader: numbers['requestHeader'] === undefined ? requestPreset : undefined,
    responseHeader: numbers['responseHeader'] === undefined ? responsePreset : undefined,
    partitioned,
  })
  return limits
}

/** Returns the origin of limits that `resolveLimits` returned. */
export function findSources(limits: SizeLimits): LimitSources {
  return sources.get(limits) ?? NO_SOURCES
}

function requirePreset(name: unknown): LimitsPreset {
  if (isPreset(name)) return name
  throw new SessionConfigError(
    'limits',
    `${describe(name)} is no preset: write ${PRESET_NAMES.join(', ')}, or numbers`,
  )
}

/**
 * Returns the smallest limit of several presets in one direction, and the first preset that has it.
 */
function findTightest(
  presets: readonly LimitsPreset[],
  way: 0 | 1,
): readonly [bytes: number, preset: LimitsPreset | undefined] {
  const bounds = presets.map((preset) => headerBytes(preset)[way])
  const bytes = Math.min(...bounds)
  return [bytes, presets[bounds.indexOf(bytes)]]
}

function numberOption(
  numbers: Readonly<Record<string, unknown>>,
  name: keyof SizeLimits,
  fallback: number,
  most?: number,
): number {
  const value = numbers[name]
  return value === undefined ? fallback : wholeNumberOption(`limits.${name}`, value, 1, most)
}
