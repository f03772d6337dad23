// Diagnosis of broken deployments, each to the right cause, with what support has: the events, the
// cookies that the user sent, and `inspect` with the configuration and all secrets that were in
// use. No other part of the deployment is inspected.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions } from 'sealed-session'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { runCommand } from '../support/command.ts'
import {
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  mint,
  payload,
  untyped,
} from '../support/mint.ts'

const folder = mkdtempSync(join(tmpdir(), 'drill-'))
const CONFIG = join(folder, 'session.config.mjs')
/** Represents another process: no instance of this process seals with it. */
const ELSEWHERE = 'q9Xj2vTn7RkLw4Yd8ZbHs6McPf3GaUe5Vx1KoIy0ErQ'
const VAULT = `${SECRET},${OLDER_SECRET},${ELSEWHERE}`
const NAME = '__Host-session'

/** The configuration in the repository, which every instance should run. */
const CONFIGURED = `({
  secrets: process.env.SESSION_SECRETS,
  schema: { '~standard': { version: 1, vendor: 'drill', validate: (value) =>
    'role' in value ? { value } : { issues: [{ message: 'role is missing' }] } } },
})`

beforeAll(() => writeFileSync(CONFIG, `export default ${CONFIGURED}\n`))
afterAll(() => rmSync(folder, { recursive: true }))

/** The information that support receives. */
interface Incident {
  readonly events: readonly SessionEvent[]
  /** The `Cookie` header of the user's last request. */
  readonly cookie: string
  readonly at: number
}

interface Inspection {
  readonly accepted: boolean
  readonly reason?: string
  readonly limit?: string
  readonly others?: readonly string[]
  readonly checks: readonly {
    readonly check: string
    readonly result: string
    readonly detail: string
  }[]
}

async function inspect({ cookie, at }: Incident): Promise<Inspection> {
  const args = ['inspect', '--json', '--config', CONFIG, '--at', new Date(at * 1000).toISOString()]
  const { stdout } = await runCommand(args, { secrets: VAULT, input: cookie || 'none=1' })
  return JSON.parse(stdout)
}

/**
 * Finds the cause as docs/troubleshooting.md does: warnings first, then the reason and the failed
 * check.
 */
async function diagnose(incident: Incident): Promise<string> {
  const { events } = incident
  for (const event of events) {
    if (event.type === 'secrets' && event.outcome === 'failed')
      return 'the store of the secrets is down'
    if (event.type === 'size' && event.report.level === 'over') {
      return `the session outgrew ${event.report.tightest}: move ${event.report.move.join()}`
    }
    if (event.type === 'warning') return WARNINGS[event.cause] ?? event.cause
  }
  const rejected = events.findLast((event) => event.type === 'rejected')
  const inspection = await inspect(incident)
  const failed = inspection.checks.find(({ result }) => result === 'failed')
  const detail = failed?.detail ?? ''
  if (rejected?.reason === 'unknown-key') {
    return inspection.accepted ? 'the instance lacks a secret' : 'another application uses the name'
  }
  if (rejected?.reason === 'not-yet-valid' && inspection.accepted)
    return 'the clock of the instance is slow'
  if (rejected?.limit === 'validAfter') return 'validAfter was moved'
  if (rejected?.reason === 'idle') {
    return /no ticket/.test(detail) ? 'the ticket does not come back' : 'the user was away'
  }
  if (rejected?.reason === 'invalid-data') return 'the schema refuses what was stored before'
  if (rejected?.reason === 'incomplete') return `the browser dropped ${detail.split(': ')[1]}`
  if (/cookie name (\S+)/.test(detail)) return 'the cookie was renamed'
  if (/quotes|percent/.test(detail)) return 'something between rewrites the value'
  if (/altered/.test(detail)) return 'the cookie was altered'
  return inspection.reason ?? 'nothing is wrong'
}

const WARNINGS: Readonly<Record<string, string>> = {
  insecure: 'the cookie is Secure, and the page on plain http',
  uncommitted: 'the response is not committed',
  'same-name': 'two createSessions share a name',
  cut: 'a proxy cuts the cookie',
}

const schema = untyped<NonNullable<SessionOptions['schema']>>({
  '~standard': {
    version: 1,
    vendor: 'drill',
    validate: (value: object) =>
      'role' in value ? { value } : { issues: [{ message: 'role is missing' }] },
  },
})

/** Creates an instance at a moment. */
function instance(options: Partial<SessionOptions> = {}, now: number = START) {
  const events: SessionEvent[] = []
  const sessions = createSessions({
    secrets: VAULT,
    schema,
    clock: () => now * 1000,
    observe: (event) => void events.push(event),
    ...options,
  })
  return { sessions, events }
}

/** Logs a user in at a working instance. */
async function loggedIn(
  options: Partial<SessionOptions> = {},
  fill: (session: Session) => void = () => undefined,
): Promise<Browser> {
  const browser = createJar()
  const { sessions } = instance(options)
  const session = await sessions.open(null)
  session.set('role', 'editor')
  fill(session)
  browser.store(await sessions.setCookies(session))
  return browser
}

/** Returns the cookie of a session that another process has sealed. */
function mintedWith(secret: string): string {
  return `${NAME}=${mint(payload({ data: { role: 'editor' } }), { secret })}`
}

/** Sends a user's request with these cookies to a broken instance. */
async function visit(
  cookie: string,
  options: Partial<SessionOptions>,
  later = 60,
  clockAhead = 0,
): Promise<Incident> {
  const at = START + later
  const { sessions, events } = instance(options, at + clockAhead)
  await sessions.open(cookie)
  return { events, cookie, at }
}

test.each<[deployment: string, cause: string, happen: () => Promise<Incident>]>([
  [
    'an instance whose clock is five minutes slow',
    'the clock of the instance is slow',
    async () => visit((await loggedIn()).header(), {}, 60, -300),
  ],
  [
    'an instance that did not get the newest secret',
    'the instance lacks a secret',
    async () => visit(mintedWith(ELSEWHERE), { secrets: SECRET }),
  ],
  [
    'a second application on the host with the default name',
    'another application uses the name',
    async () => visit(mintedWith('x'.repeat(20) + 'Yd8ZbHs6McPf3GaUe5Vx1KoIy0ErQ'), {}),
  ],
  [
    'two createSessions in one process with one name',
    'two createSessions share a name',
    async () => visit((await loggedIn({ secrets: OTHER_SECRET })).header(), {}),
  ],
  [
    'a proxy that cuts header lines',
    'a proxy cuts the cookie',
    async () => visit((await loggedIn()).header().slice(0, 100), {}),
  ],
  [
    'a proxy that puts values in quotes',
    'something between rewrites the value',
    async () => visit((await loggedIn()).header().replace(/=(.*)/, '="$1"'), {}),
  ],
  [
    'a gateway that renames cookies',
    'the cookie was renamed',
    async () => {
      const browser = await loggedIn({ cookie: { name: 'session' } })
      return visit(browser.header().replace('session=', `${NAME}=`), {})
    },
  ],
  [
    'a deployment on the local network',
    'the cookie is Secure, and the page on plain http',
    async () => {
      const { sessions, events } = instance()
      const page = sessions.wrap((_, session) => {
        session.set('role', 'editor')
        return new Response()
      })
      await page(new Request('http://10.0.0.5/', { headers: { 'User-Agent': 'Mozilla/5.0' } }))
      return { events, cookie: '', at: START }
    },
  ],
  [
    'a handler that forgets to commit',
    'the response is not committed',
    async () => {
      const time = { now: START }
      const { sessions, events } = instance({ clock: () => time.now * 1000 })
      for (const seconds of [0, 30, 90]) {
        time.now = START + seconds
        const session = await sessions.open(null)
        session.set('role', 'editor')
      }
      return { events, cookie: '', at: time.now }
    },
  ],
  [
    'a schema that asks for a key which older sessions do not have',
    'the schema refuses what was stored before',
    async () => {
      const browser = createJar()
      const { sessions } = instance({ schema: undefined })
      const session = await sessions.open(null)
      session.set('user', 'ada')
      browser.store(await sessions.setCookies(session))
      return visit(browser.header(), {})
    },
  ],
  [
    'a browser that has too many cookies of the host',
    `the browser dropped ${NAME}.1`,
    async () => {
      const browser = await loggedIn({ limits: 'node' }, (session) =>
        session.set('note', 'x'.repeat(4000)),
      )
      browser.evict(`${NAME}.1`)
      return visit(browser.header(), {})
    },
  ],
  [
    'validAfter that is made from today’s date',
    'validAfter was moved',
    async () => visit((await loggedIn()).header(), { validAfter: START + 30 }),
  ],
  [
    'a firewall that lets no cookie with a dot in its name pass',
    'the ticket does not come back',
    async () => visit((await loggedIn()).header(), { idleTimeout: 86_400 }, 86_400 + 60),
  ],
  [
    'a vault that is down',
    'the store of the secrets is down',
    async () => {
      let isDown = false
      const time = { now: START }
      const { sessions, events } = instance({
        secrets: () => {
          if (isDown) throw new Error('vault')
          return VAULT
        },
        clock: () => time.now * 1000,
      })
      const cookie = (await loggedIn()).header()
      await sessions.open(cookie)
      isDown = true
      time.now += 1000
      await sessions.open(cookie)
      await vi.waitFor(
        () => expect(events.some(({ type }) => type === 'secrets')).toBe(true),
        10_000,
      )
      return { events, cookie, at: time.now }
    },
  ],
  [
    'a cart that outgrows nginx',
    'the session outgrew responseHeader: move cart',
    async () => {
      const { sessions, events } = instance({ limits: ['node', 'nginx'] })
      const session = await sessions.open(null)
      session.set('role', 'editor')
      session.set('cart', 'x'.repeat(4000))
      await expect(sessions.setCookies(session)).rejects.toThrow('the preset nginx')
      return { events, cookie: '', at: START }
    },
  ],
  [
    'a user who changes a character of the cookie',
    'the cookie was altered',
    async () => {
      const header = (await loggedIn()).header()
      const changed = header.slice(0, 80) + (header[80] === 'A' ? 'B' : 'A') + header.slice(81)
      return visit(changed, {})
    },
  ],
])('%s: %s', async (_, cause, happen) => {
  expect(await diagnose(await happen())).toBe(cause)
})

test('a working deployment has nothing to diagnose', async () => {
  expect(await diagnose(await visit((await loggedIn()).header(), {}))).toBe('nothing is wrong')
})
