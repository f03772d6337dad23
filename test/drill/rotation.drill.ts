// A rotation of secrets under load, with processes: what a rolling restart costs without staging,
// that it costs nothing with staging or a secrets function, and what removing a secret ends.

import { execFileSync } from 'node:child_process'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCrowd, secretOf } from './crowd.ts'
import type { Answer, Client, Tally } from './crowd.ts'
import { createFleet } from './fleet.ts'
import type { Fleet } from './fleet.ts'

const CLIENTS = 500

/** So few that each of them returns while the instances still differ. */
const REGULARS = 60
const INSTANCES = 3

/** Clients that send nothing after a phase, and clients that only read in all phases. */
const PARKED = 40
const READERS = 40

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

/** Runs the command, and returns its output without the plan, which is on standard error. */
function command(args: string[], secrets = ''): string {
  const env = { ...process.env, SESSION_SECRETS: secrets }
  return execFileSync(process.execPath, [COMMAND, ...args], {
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim()
}

/**
 * The output of `rotate` is a JWK Set in base64url: one word, which every shell keeps unchanged.
 */
function textOf(printed: string): string {
  return Buffer.from(printed, 'base64url').toString()
}

function newest(value: string): { kid: string; activeAt: number } {
  const { keys }: { keys: Key[] } = JSON.parse(textOf(value))
  const [{ kid = '', activeFrom = '' } = {}] = keys
  return { kid, activeAt: Date.parse(activeFrom) }
}

/** Writes the secrets in one step, so that no instance reads half a value. */
async function publish(value: string): Promise<string> {
  const file = join(folder, 'secrets')
  await writeFile(`${file}.next`, value)
  await rename(`${file}.next`, file)
  return file
}

function report(phase: string, { requests, empty, foreign }: Tally): void {
  const lost = [...empty.values()].reduce((sum, count) => sum + count, 0)
  const share = ((100 * lost) / requests).toFixed(2)
  const reasons = [...empty].map(([reason, count]) => `${count} ${reason}`).join(', ') || 'none'
  console.log(
    `${phase}: ${requests} requests, ${lost} saw an empty session (${share} %: ${reasons}), ${foreign} another one`,
  )
}

/** Groups the clients by the secret that their sessions are sealed under. */
function bySecret(clients: readonly Client[]): Map<string, Client[]> {
  const groups = new Map<string, Client[]>()
  for (const client of clients) {
    const id = secretOf(client)
    groups.set(id, [...(groups.get(id) ?? []), client])
  }
  return groups
}

test('a rolling restart without staging logs users out', async () => {
  const [a, b] = [command(['secret']), command(['secret'])]
  fleet = await createFleet(INSTANCES, { SECRETS: a })
  const { clients, tally, run } = await createCrowd(REGULARS, fleet.port)
  const load = run(clients)
  const twiceEach = () => load.untilAnswered(2 * REGULARS)
  await twiceEach()
  expect(tally.empty.size).toBe(0)
  await fleet.restart({ SECRETS: `${b},${a}` }, twiceEach)
  await load.stop()
  report('without staging', tally)
  expect(tally.empty.get('unknown-key')).toBeGreaterThan(0)
})

test('with staging, then by a secrets function, no user is logged out; removing a secret ends only sessions that were not written since', async () => {
  const a = command(['secret'])
  fleet = await createFleet(INSTANCES, { SECRETS: a })
  const { clients, tally, run, visit } = await createCrowd(CLIENTS, fleet.port)
  const parkedUnderA = clients.slice(0, PARKED)
  const parkedUnderB = clients.slice(PARKED, 2 * PARKED)
  const readers = clients.slice(2 * PARKED, 2 * PARKED + READERS)
  const writers = clients.slice(2 * PARKED + READERS)
  for (const reader of readers) reader.isReader = true
  const [underA = ''] = bySecret(clients).keys()
  let load = run([...parkedUnderB, ...readers, ...writers])

  const toB = command(['rotate', '--in', '1h'], a)
  const b = newest(toB)
  const inUse = load
  await fleet.restart({ SECRETS_FILE: await publish(toB) }, () => inUse.untilAnswered(REGULARS))
  expect([...bySecret(clients).keys()]).toEqual([underA])
  await fleet.setClock(b.activeAt)
  await untilAllUnder(b.kid, [...parkedUnderB, ...writers])
  await load.stop()
  report('staged, to B', tally)

  load = run([...readers, ...writers])
  const toC = command(['rotate', '--in', '2h'], toB)
  const c = newest(toC)
  await replaceSecrets(fleet, toC)
  await fleet.setClock(c.activeAt)
  await untilAllUnder(c.kid, writers)
  await load.stop()
  report('by a provider, to C', tally)
  expect(tally).toEqual({ requests: tally.requests, empty: new Map(), foreign: 0 })
  expect(tally.requests).toBeGreaterThan(2 * CLIENTS)
  // A session changes to the new secret when its data is written: one that is only read does not.
  expect(countsOf(bySecret(clients))).toEqual(
    new Map([
      [underA, PARKED + READERS],
      [b.kid, PARKED],
      [c.kid, writers.length],
    ]),
  )

  // Only C is left.
  const { keys }: { keys: Key[] } = JSON.parse(textOf(toC))
  load = run(writers)
  await replaceSecrets(fleet, JSON.stringify({ keys: keys.slice(0, 1) }))
  await load.stop()
  expect(tally.empty.size).toBe(0)
  expect(await reasons(writers, visit)).toEqual(new Set([undefined]))
  for (const group of [parkedUnderA, parkedUnderB, readers]) {
    expect(await reasons(group, visit)).toEqual(new Set(['unknown-key']))
  }
  report('A and B removed', tally)
  expect(tally.empty).toEqual(new Map([['unknown-key', 2 * PARKED + READERS]]))

  // Rejected cookies were kept: when the secrets are restored, so are the sessions.
  load = run(writers)
  await replaceSecrets(fleet, toC)
  await load.stop()
  expect(await reasons(clients, visit)).toEqual(new Set([undefined]))
  report('A and B put back', tally)
  expect(tally.empty).toEqual(new Map([['unknown-key', 2 * PARKED + READERS]]))
  expect(tally.foreign).toBe(0)
})

/** Writes other secrets, and waits until every instance has them in force. Requests must be sent meanwhile. */
async function replaceSecrets({ untilSecretsChange }: Fleet, value: string): Promise<void> {
  const inForce = untilSecretsChange()
  await publish(value)
  await inForce
}

/** Waits until all these clients have written their sessions under a secret. */
async function untilAllUnder(id: string, clients: readonly Client[]): Promise<void> {
  const ids = () => [...bySecret(clients).keys()]
  await expect.poll(ids, { timeout: 300_000, interval: 100 }).toEqual([id])
}

/** Returns why the sessions of these clients were rejected; `undefined` for accepted ones. */
async function reasons(
  clients: readonly Client[],
  visit: (client: Client) => Promise<Answer>,
): Promise<Set<string | undefined>> {
  const answers = await Promise.all(clients.map(visit))
  return new Set(answers.map(({ reason }) => reason))
}

function countsOf(groups: ReadonlyMap<string, readonly Client[]>): Map<string, number> {
  return new Map([...groups].map(([id, { length }]) => [id, length]))
}
