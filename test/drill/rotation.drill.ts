// From secret to secret under load, with processes: what a rolling restart costs without staging, and
// that with it, and through a provider, it costs nothing.

import { execFileSync } from 'node:child_process'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCrowd, secretOf } from './crowd.ts'
import type { Client, Tally } from './crowd.ts'
import { createFleet } from './fleet.ts'
import type { Fleet } from './fleet.ts'

const CLIENTS = 500
const INSTANCES = 3

/** Clients that fall silent in every phase: their cookies stay under the secret of that phase. */
const PARKED = 40

const COMMAND = new URL('../../dist/bin/sealed-session.js', import.meta.url).pathname

interface Key {
  readonly kid?: string
  readonly activeFrom?: string
}

let fleet: Fleet | undefined
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotation-drill-'))
})

afterEach(async () => {
  await fleet?.stop()
  await rm(folder, { recursive: true })
})

/** The command's output; its plan on standard error is not for here. */
function command(args: string[], secrets = ''): string {
  const env = { ...process.env, SESSION_SECRETS: secrets }
  return execFileSync(process.execPath, [COMMAND, ...args], {
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim()
}

function newest(value: string): { kid: string; activeAt: number } {
  const { keys }: { keys: Key[] } = JSON.parse(value)
  const [{ kid = '', activeFrom = '' } = {}] = keys
  return { kid, activeAt: Date.parse(activeFrom) }
}

/** In one step: a provider must not read half a value. */
async function publish(value: string): Promise<string> {
  const file = join(folder, 'secrets')
  await writeFile(`${file}.next`, value)
  await rename(`${file}.next`, file)
  return file
}

async function until(moment: number): Promise<void> {
  await pause(Math.max(0, moment - Date.now()))
}

function report(phase: string, { requests, empty, foreign }: Tally): void {
  const lost = [...empty.values()].reduce((sum, count) => sum + count, 0)
  const share = ((100 * lost) / requests).toFixed(2)
  const reasons = [...empty].map(([reason, count]) => `${count} ${reason}`).join(', ') || 'none'
  console.log(
    `${phase}: ${requests} requests, ${lost} saw an empty session (${share} %: ${reasons}), ${foreign} another one`,
  )
}

/** The clients by the secret that their cookies are under. */
function bySecret(clients: readonly Client[]): Map<string, Client[]> {
  const groups = new Map<string, Client[]>()
  for (const client of clients) {
    const id = secretOf(client)
    groups.set(id, [...(groups.get(id) ?? []), client])
  }
  return groups
}

test('a rolling restart without staging logs people out', async () => {
  const [a, b] = [command(['secret']), command(['secret'])]
  fleet = await createFleet(INSTANCES, { SECRETS: a })
  const { clients, tally, run } = await createCrowd(CLIENTS, fleet.port)
  const load = run(clients)
  await pause(500)
  expect(tally.empty.size).toBe(0)
  await fleet.restart({ SECRETS: `${b},${a}` }, 500)
  await pause(500)
  await load.stop()
  report('without staging', tally)
  expect(tally.empty.get('unknown-key')).toBeGreaterThan(0)
})

test('with staging, then by a provider, nobody is logged out; a removed secret ends its own', async () => {
  const a = command(['secret'])
  fleet = await createFleet(INSTANCES, { SECRETS: a })
  const { clients, tally, run, visit } = await createCrowd(CLIENTS, fleet.port)
  const [underA = ''] = bySecret(clients).keys()
  let load = run(clients.slice(PARKED))

  const toB = command(['rotate', '--in', '10'], a)
  const b = newest(toB)
  await fleet.restart({ SECRETS_FILE: await publish(toB) }, 300)
  // Set everywhere before it seals: the drill means nothing otherwise.
  expect(Date.now()).toBeLessThan(b.activeAt)
  expect([...bySecret(clients).keys()]).toEqual([underA])
  await until(b.activeAt + 2500)
  await load.stop()
  report('staged, to B', tally)
  expect([...bySecret(clients.slice(PARKED)).keys()]).toEqual([b.kid])

  load = run(clients.slice(2 * PARKED))
  const toC = command(['rotate', '--in', '4'], toB)
  const c = newest(toC)
  await publish(toC)
  await until(c.activeAt + 2500)
  await load.stop()
  report('by a provider, to C', tally)
  expect([...bySecret(clients.slice(2 * PARKED)).keys()]).toEqual([c.kid])
  expect(tally).toEqual({ requests: tally.requests, empty: new Map(), foreign: 0 })
  expect(tally.requests).toBeGreaterThan(2 * CLIENTS)

  // Only C is left, and the first use after a second learns of it.
  const { keys }: { keys: Key[] } = JSON.parse(toC)
  await publish(JSON.stringify({ keys: keys.slice(0, 1) }))
  load = run(clients.slice(2 * PARKED))
  await pause(2500)
  await load.stop()
  expect(tally.empty.size).toBe(0)

  const sizes = [...bySecret(clients)].map(([id, { length }]) => [id, length])
  expect(new Map(sizes as [string, number][])).toEqual(
    new Map([
      [underA, PARKED],
      [b.kid, PARKED],
      [c.kid, CLIENTS - 2 * PARKED],
    ]),
  )
  for (const [id, group] of bySecret(clients)) {
    const answers = await Promise.all(group.map(visit))
    const expected = id === c.kid ? undefined : 'unknown-key'
    expect(new Set(answers.map(({ reason }) => reason))).toEqual(new Set([expected]))
  }
  report('A and B removed', tally)
  expect(tally.empty).toEqual(new Map([['unknown-key', 2 * PARKED]]))
  expect(tally.foreign).toBe(0)
})
