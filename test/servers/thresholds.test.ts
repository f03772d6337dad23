// The figures behind the presets, measured to the byte: how much each unconfigured server lets
// through, and what it answers to one byte more.

import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lastThat, reportOf, sessionsWith } from './application.ts'
import { PLACES, PROGRAMS, startPlaces } from './places.ts'
import type { Place, Places } from './places.ts'
import { areInstalled, close, listen } from './programs.ts'
import type { Running } from './programs.ts'
import { startUpstream, statusOfResponse, statusWithCookie } from './wire.ts'

/** Sixteen full cookies come to 65 kB: what lies beyond is no limit of a session. */
const MOST = 100_000

/** What a preset leaves for the headers that are not cookies. */
const RESERVE = 1024

interface Threshold {
  /** The largest size that is answered 200. */
  readonly passes: number
  /** What one byte more is answered; `undefined` if nothing up to `MOST` is refused. */
  readonly next: number | undefined
}

async function thresholdOf(status: (bytes: number) => Promise<number>): Promise<Threshold> {
  const passes = await lastThat(async (bytes) => (await status(bytes)) === 200, 100, MOST)
  return { passes, next: passes === MOST ? undefined : await status(passes + 1) }
}

function show({ passes, next }: Threshold): string {
  return next === undefined ? `over ${passes}` : `${passes}, then ${next || 'closed'}`
}

describe.skipIf(!areInstalled('thresholds of servers', ...PROGRAMS))('thresholds', () => {
  let upstream: Running
  let places: Places
  let node: Server
  let ports: Readonly<Record<Place, number>>
  const rows: string[][] = [['', 'Cookie value', 'response head']]

  beforeAll(async () => {
    upstream = await startUpstream()
    places = await startPlaces(upstream.port)
    node = createServer((_request, response) => response.end())
    ports = { ...places.ports, node: await listen(node) }
  })

  afterAll(async () => {
    await close(node)
    await places?.stop()
    await upstream?.stop()
    const widths = [10, 22, 22]
    const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(''))
    console.log(`\nThe most that passes, in bytes:\n${lines.join('\n')}\n`)
  })

  const REFUSALS: readonly (readonly [Place, request: number, response: number | undefined])[] = [
    ['nginx', 400, 502],
    ['apache', 400, undefined],
    ['haproxy', 400, 502],
    ['node', 431, undefined],
  ]

  test.each(REFUSALS)('of %s are no lower than its preset says', async (place, ...refusals) => {
    const { limits } = await reportOf(sessionsWith(place), 1)
    const cookie = await thresholdOf((bytes) => statusWithCookie(ports[place], bytes))
    // Node is no proxy: it writes whatever the application hands it.
    const response =
      place === 'node'
        ? undefined
        : await thresholdOf((bytes) => statusOfResponse(ports[place], bytes))
    rows.push([place, show(cookie), response === undefined ? 'unlimited' : show(response)])

    expect([cookie.next, response?.next]).toEqual(refusals)
    expect(cookie.passes).toBeGreaterThanOrEqual(limits.requestHeader)
    if (response !== undefined) {
      expect(response.passes).toBeGreaterThanOrEqual(
        Math.min(limits.responseHeader + RESERVE, MOST),
      )
    }
  })

  test.each(PLACES)('of %s are above what portable allows', async (place) => {
    const { limits } = await reportOf(sessionsWith('portable'), 1)

    expect(await statusWithCookie(ports[place], limits.requestHeader)).toBe(200)
    if (place === 'node') return
    expect(await statusOfResponse(ports[place], limits.responseHeader + RESERVE)).toBe(200)
  })
})
