// Random histories of one browser, with and without the option `device`: answers arrive in any
// order or never, and two tabs log in, register, prove themselves, write and log out.

import { createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import { createSessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  ENDPOINT,
  askedBy,
  challengeOf,
  deviceRequest,
  makeDevice,
  signProof,
} from '../support/device-browser.ts'
import type { Device } from '../support/device-browser.ts'
import { createJar } from '../support/cookie-jar.ts'
import { NAME, SECRET, START, dayKey, headerOf } from '../support/mint.ts'

const INTERVAL = 600
const RUNS = Number(process.env['HISTORIES'] ?? 150)
const SEED = process.env['SEED']

type Step =
  | {
      readonly do: 'ask'
      readonly path: '/' | '/write' | '/touch' | '/login' | '/logout' | '/renew'
    }
  /** Answers in flight arrive, or are lost. */
  | { readonly do: 'arrive' | 'lose'; readonly index: number }
  | { readonly do: 'wait'; readonly seconds: number }

/** An answer in flight, and what the browser does when it arrives. */
interface Flight {
  readonly response: Response
  /** The last login that it ends. */
  readonly ends: number
  readonly arrived: (() => Promise<void>) | undefined
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        path: fc.constantFrom(
          '/',
          '/',
          '/write',
          '/write',
          '/touch',
          '/login',
          '/logout',
          '/renew',
        ),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('arrive' as const), index: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), index: fc.nat(5) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        seconds: fc.constantFrom(1, 20, 200, 400, INTERVAL + 10),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
)

let device: Device

beforeAll(async () => {
  device = await makeDevice()
})

/** Whether the value of a ticket has the proven mark. */
function isProven(value: string): boolean {
  const [id = '', day = '', iv = '', text = '', tag = ''] = value.split('.')
  const binding = { purpose: 'ticket', id, day: Number(day) } as const
  const decipher = createDecipheriv('aes-256-gcm', dayKey(binding), Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(Buffer.from(JSON.stringify(headerOf(binding))).toString('base64url')))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  const opened =
    decipher.update(Buffer.from(text, 'base64url'), undefined, 'utf8') + decipher.final('utf8')
  return JSON.parse(opened)[2] === 1
}

function ticketsIn(response: Response): string[] {
  return response.headers
    .getSetCookie()
    .filter((line) => line.startsWith(`${NAME}.d.`))
    .map((line) => line.split(';', 1).join().split('=')[1] ?? '')
    .filter((value) => value !== '')
}

/** Plays one history, and counts its events. */
async function play(history: readonly Step[], hasFeature: boolean): Promise<Set<string>> {
  let now = START
  let login = 0
  /** The last login that a logout has ended whose answer has arrived. */
  let ended = 0
  /** The login of each session, by its id. */
  const logins = new Map<string, number>()
  const happened = new Set<string>()
  const jar = createJar()
  const flights: Flight[] = []
  /** The sessions that the browser knows: the cookie that each is bound by. */
  const known = new Map<string, string>()
  const sessions = createSessions<{ user: string; count: number }>({
    secrets: SECRET,
    clock: () => now * 1000,
    clockTolerance: 0,
    touchInterval: 1,
    device: deviceBound({ interval: INTERVAL }),
    observe(event) {
      if (event.type === 'sealed' && event.previous !== undefined && !logins.has(event.id)) {
        logins.set(event.id, logins.get(event.previous) ?? 0)
      }
      if (event.type !== 'rejected' || event.reason !== 'unproven' || hasFeature) return
      // Only a write that was in flight during two later logins can restore a session without its
      // ticket.
      expect(login - (logins.get(event.id ?? '') ?? 0)).toBeGreaterThanOrEqual(2)
    },
  })

  const app = sessions.wrap((request, session) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/login') {
      session.regenerate()
      session.set('user', String((login += 1)))
      session.bindToDevice()
      logins.set(session.id ?? '', login)
    }
    if (pathname === '/write') session.set('count', session.get('count', 0) + 1)
    if (pathname === '/touch') session.touch()
    if (pathname === '/renew') session.renewId()
    if (pathname === '/logout') session.destroy()
    const user = session.get('user')
    if (user !== undefined) {
      expect(session.device, 'a session that was bound is bound').not.toBe('none')
      expect(Number(user), 'a session that was ended does not come back').toBeGreaterThan(ended)
      happened.add(session.device)
    }
    if (session.rejection !== undefined) happened.add(`refused: ${session.rejection.reason}`)
    return new Response()
  })

  async function ask(path: string): Promise<void> {
    if (hasFeature) await proveAll()
    const request = jar.request(path)
    const response = await app(request)
    for (const ticket of ticketsIn(response)) {
      expect(isProven(ticket), 'an ordinary response makes no proven ticket').toBe(false)
    }
    const asked = hasFeature ? askedBy(response) : undefined
    flights.push({
      response,
      ends: stampOf(response) ? login : 0,
      arrived: asked && (() => register(asked.challenge)),
    })
  }

  async function register(challenge: string): Promise<void> {
    const proof = await signProof(device, challenge, true)
    const response = await app(deviceRequest(jar.header(ENDPOINT), { proof }))
    flights.push({ response, ends: 0, arrived: () => learn(response) })
  }

  async function learn(response: Response): Promise<void> {
    if (response.status !== 200) return
    const { session_identifier: id, credentials } = await response.clone().json()
    if (id === undefined) return
    known.set(id, credentials[0].name)
    happened.add('registered')
  }

  /** Delays a request, as browsers do, until each of its cookies exists again. */
  async function proveAll(): Promise<void> {
    for (const [id, cookie] of known) {
      if (jar.value(cookie) !== undefined && !hasEnded(cookie)) continue
      jar.evict(cookie)
      // oxlint-disable-next-line no-await-in-loop
      const first = await app(deviceRequest(jar.header(ENDPOINT), { id }))
      const asked = challengeOf(first)
      if (asked === undefined) {
        expect(first.status).toBe(200)
        known.delete(id)
        continue
      }
      // oxlint-disable-next-line no-await-in-loop
      const proof = await signProof(device, asked.challenge, false)
      // oxlint-disable-next-line no-await-in-loop
      const second = await app(deviceRequest(jar.header(ENDPOINT), { id, proof }))
      expect(second.status).toBe(200)
      expect(ticketsIn(second).map(isProven)).toEqual([true])
      store(second)
      happened.add('refreshed')
    }
  }

  const ends = new Map<string, number>()

  /** The cookie jar uses the machine's clock, which the sessions do not. */
  function hasEnded(cookie: string): boolean {
    return (ends.get(cookie) ?? Infinity) <= now
  }

  function store(response: Response): void {
    jar.store(response)
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', age = ''] = /^([^=]+)=.*; Max-Age=(\d+)/.exec(line) ?? []
      ends.set(name, now + Number(age))
    }
    for (const [name] of ends) if (hasEnded(name)) jar.evict(name)
  }

  for (const step of history) {
    if (step.do === 'wait') {
      now += step.seconds
      for (const [name] of ends) if (hasEnded(name)) jar.evict(name)
      continue
    }
    if (step.do === 'ask') {
      // oxlint-disable-next-line no-await-in-loop
      await ask(step.path)
      continue
    }
    const [flight] = flights.splice(step.index % Math.max(1, flights.length), 1)
    if (flight === undefined || step.do === 'lose') continue
    store(flight.response)
    ended = Math.max(ended, flight.ends)
    // oxlint-disable-next-line no-await-in-loop
    await flight.arrived?.()
  }
  return happened
}

/** Whether a response is that of a logout which sets a stamp. */
function stampOf(response: Response): boolean {
  return response.headers.getSetCookie().some((line) => line.startsWith(`${NAME}.x=`))
}

describe.each([
  ['with the feature', true],
  ['without it', false],
])('a browser %s', (_, hasFeature) => {
  test('is never rejected for good, never unbound, and never proven by an ordinary response', async () => {
    const all = new Set<string>()
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        for (const each of await play(history, hasFeature)) all.add(each)
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    )
    // Checks that the histories reach these situations.
    expect([...all]).toEqual(expect.arrayContaining(['unproven', 'refused: destroyed']))
    expect(all.has('proven') && all.has('refreshed')).toBe(hasFeature)
  })
})
