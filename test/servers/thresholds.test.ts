// The numbers of the presets, measured to the byte: how much each server accepts with its default
// limits, and its answer to one more byte.

import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lastThat, reportOf, sessionsWith } from './application.ts'
import { SERVERS, PROGRAMS, startServers } from './servers.ts'
import type { ServerName, Servers } from './servers.ts'
import { areInstalled, close, listen } from './programs.ts'
import type { Running } from './programs.ts'
import { startUpstream, statusOfResponse, statusWithCookie } from './wire.ts'

/** Sixteen full cookies have 65 kB, so higher limits do not matter to a session. */
const MOST = 100_000

/** Bytes that a preset leaves for header fields that are not cookies. */
const RESERVE = 1024

interface Threshold {
  /** The largest size that is answered 200. */
  readonly passes: number
  /** The answer to one more byte; `undefined` if nothing up to `MOST` is rejected. */
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
  let servers: Servers
  let node: Server
  let ports: Readonly<Record<ServerName, number>>
  const rows: string[][] = [['', 'Cookie value', 'response head']]

  beforeAll(async () => {
    upstream = await startUpstream()
    servers = await startServers(upstream.port)
    node = createServer((_request, response) => response.end())
    ports = { ...servers.ports, node: await listen(node) }
  })

  afterAll(async () => {
    await close(node)
    await servers?.stop()
    await upstream?.stop()
    const widths = [10, 22, 22]
    const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(''))
    console.log(`\nThe most that passes, in bytes:\n${lines.join('\n')}\n`)
  })

  const REFUSALS: readonly (readonly [
    ServerName,
    request: number,
    response: number | undefined,
  ])[] = [
    ['nginx', 400, 502],
    ['apache', 400, undefined],
    ['haproxy', 400, 502],
    ['node', 431, undefined],
  ]

  test.each(REFUSALS)('of %s are no lower than its preset says', async (name, ...refusals) => {
    const { limits } = await reportOf(sessionsWith(name), 1)
    const cookie = await thresholdOf((bytes) => statusWithCookie(ports[name], bytes))
    // Node is no proxy: it sends everything that the application writes.
    const response =
      name === 'node'
        ? undefined
        : await thresholdOf((bytes) => statusOfResponse(ports[name], bytes))
    rows.push([name, show(cookie), response === undefined ? 'unlimited' : show(response)])

    expect([cookie.next, response?.next]).toEqual(refusals)
    expect(cookie.passes).toBeGreaterThanOrEqual(limits.requestHeader)
    if (response !== undefined) {
      expect(response.passes).toBeGreaterThanOrEqual(
        Math.min(limits.responseHeader + RESERVE, MOST),
      )
    }
  })

  test.each(SERVERS)('of %s are above what portable allows', async (name) => {
    const { limits } = await reportOf(sessionsWith('portable'), 1)

    expect(await statusWithCookie(ports[name], limits.requestHeader)).toBe(200)
    if (name === 'node') return
    expect(await statusOfResponse(ports[name], limits.responseHeader + RESERVE)).toBe(200)
  })
})
