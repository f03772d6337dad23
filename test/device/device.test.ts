// Device-bound sessions in Chromium: what the browser does, as its DevTools report it, and what the
// server received.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { firefox } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../servers/programs.ts'
import { PATIENCE, openContext } from '../support/chromium.ts'
import { launchChromium, program } from './chromium.ts'
import type { Report, Tab, Visitor } from './chromium.ts'
import { startApplication } from './server.ts'
import type { Application, Seen, View } from './server.ts'
import { createTrust } from './trust.ts'
import type { Trust } from './trust.ts'

const ENDPOINT = '/.well-known/session-device'
const FIREFOX = '/usr/bin/firefox-esr'

/**
 * Seconds that a proof counts. Chromium renews it within the last five, and signs only a few times in a
 * few minutes.
 */
const INTERVAL = 10

/** For a test that has to do more than one request within it. */
const LONG_INTERVAL = 20

const PROVEN: View = { user: 'ada', device: 'proven', reason: null }
const UNPROVEN: View = { user: 'ada', device: 'unproven', reason: null }
const REFUSED: View = { user: '', device: 'none', reason: 'unproven' }
const NONE: View = { user: '', device: 'none', reason: null }

let trust: Trust
let count = 0
const closing: (() => Promise<unknown>)[] = []

if (program === undefined && process.env['CI']) {
  throw new Error('Chromium is not installed, and this suite needs it: apt-get install chromium')
}

beforeAll(() => {
  trust = createTrust()
})

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close() // oxlint-disable-line no-await-in-loop
})

afterAll(() => trust.remove())

async function start(interval = INTERVAL, port?: number): Promise<Application> {
  // Not one that a connection is given while the server restarts.
  const application = await startApplication(trust, { interval, port: port ?? (await freePort()) })
  closing.push(() => application.stop())
  return application
}

async function launch(profile = `profile-${(count += 1)}`, isEnabled = true): Promise<Visitor> {
  const visitor = await launchChromium(trust, profile, isEnabled)
  closing.push(() => visitor.close())
  return visitor
}

/** Whether Chromium has written the session of the application into a profile. */
function isOnDisk(profile: string): boolean {
  return readdirSync(profile, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('Device Bound Sessions'))
    .some((path) => readFileSync(join(profile, path)).includes('localhost'))
}

/** Waits until a condition holds, which depends on the browser. */
async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: PATIENCE, interval: 50 }).toBe(true)
}

const seconds = (count_: number) => pause(count_ * 1000)

const toEndpoint = ({ path }: Seen) => path === ENDPOINT

function outcomes({ events }: Application): string[] {
  return events.flatMap((event) => (event.type === 'device' ? [event.outcome] : []))
}

async function registered(application: Application): Promise<void> {
  await until(() => outcomes(application).includes('registered'))
}

/** Logs in, and waits for the registration. */
async function enrol(application: Application, visitor: Visitor): Promise<Tab> {
  const tab = await visitor.open()
  expect(await tab.go(`${application.origin}/login`)).toEqual(UNPROVEN)
  await registered(application)
  await until(() => visitor.reports.some(({ parameters }) => 'creationEventDetails' in parameters))
  return tab
}

/** Returns the details of the events of one kind. */
function detailsOf(reports: readonly Report[], kind: string): Readonly<Record<string, unknown>>[] {
  return reports.flatMap(({ parameters }) => {
    const details: unknown = Reflect.get(parameters, kind)
    return typeof details === 'object' && details !== null ? [{ ...details }] : []
  })
}

/**
 * Sends a request with cookies of another client, and returns the status, the fields and the page.
 */
function steal(
  url: string,
  cookie: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<{ status: number; challenge: string; cookies: readonly string[]; body: string }> {
  const method = url.endsWith(ENDPOINT) ? 'POST' : 'GET'
  return new Promise((resolve, reject) => {
    const options = {
      method,
      ca: trust.cert,
      rejectUnauthorized: false,
      headers: { cookie, ...fields },
    }
    const sent = httpsRequest(url, options, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          challenge: response.headers['secure-session-challenge']?.toString() ?? '',
          cookies: response.headers['set-cookie'] ?? [],
          body,
        }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe.skipIf(program === undefined)('Chromium', () => {
  test('registers at login, and has a proven session from then on', async () => {
    const application = await start(600)
    const visitor = await launch()
    const tab = await enrol(application, visitor)
    expect(await tab.go(`${application.origin}/page`)).toEqual(PROVEN)

    const [created] = detailsOf(visitor.reports, 'creationEventDetails')
    expect(created).toMatchObject({ fetchResult: 'Success' })
    const [asked, ...more] = application.seen.filter(toEndpoint)
    expect(more).toEqual([])
    expect(asked).toMatchObject({ method: 'POST', hasProof: true, id: undefined })
    // The cookie of the key is sent only to the endpoint.
    const names = (await visitor.context.cookies(`${application.origin}${ENDPOINT}`)).map(
      ({ name }) => name,
    )
    expect(names.toSorted()).toEqual([
      '__Host-session',
      expect.stringMatching(/^__Host-session\.d\.[\w-]{8}$/),
      expect.stringMatching(/^__Secure-session\.k\.[\w-]{8}$/),
    ])
    expect(application.seen.at(-1)).toMatchObject({ path: '/page' })
    expect(application.seen.at(-1)?.cookies).toHaveLength(2)
  })

  test('delays a page until it has proven itself, after the ticket has ended', async () => {
    const application = await start()
    const visitor = await launch()
    const tab = await enrol(application, visitor)
    await seconds(INTERVAL + 1)
    const before = application.seen.length
    expect(await tab.go(`${application.origin}/late`)).toEqual(PROVEN)
    const after = application.seen.slice(before)
    const earlier = after.slice(
      0,
      after.findIndex(({ path }) => path === '/late'),
    )
    expect(earlier.every(toEndpoint)).toBe(true)
    expect(earlier[0]).toMatchObject({ hasProof: false, id: expect.stringMatching(/^[\w-]{8}$/) })
    expect(earlier[1]).toMatchObject({ hasProof: true, id: earlier[0]?.id })
    await until(() => detailsOf(visitor.reports, 'refreshEventDetails').length > 0)
    const [refreshed] = detailsOf(visitor.reports, 'refreshEventDetails')
    expect(refreshed).toMatchObject({ refreshResult: 'Refreshed', wasFullyProactiveRefresh: false })
    expect(detailsOf(visitor.reports, 'challengeEventDetails')[0]).toMatchObject({
      challengeResult: 'Success',
    })
  })

  test('renews a ticket before its end, and loads the page meanwhile', async () => {
    /** Loads a page four seconds before the end of a ticket, and returns what the refresh was. */
    async function refreshEarly(): Promise<Readonly<Record<string, unknown>> | undefined> {
      const application = await start()
      const visitor = await launch()
      const tab = await enrol(application, visitor)
      const cookies = await visitor.context.cookies(application.origin)
      const end = cookies.find(({ name }) => name.includes('.d.'))?.expires ?? 0
      await pause(Math.max(0, (end - 4) * 1000 - Date.now()))
      expect(await tab.go(`${application.origin}/early`)).toEqual(PROVEN)
      await until(() => outcomes(application).includes('proven'))
      await until(() => detailsOf(visitor.reports, 'refreshEventDetails').length > 0)
      return detailsOf(visitor.reports, 'refreshEventDetails')[0]
    }

    let refreshed = await refreshEarly()
    // Again, if the machine was too slow and the page came after the end.
    for (let tries = 1; tries < 5 && refreshed?.['wasFullyProactiveRefresh'] !== true; tries++) {
      refreshed = await refreshEarly()
    }
    expect(refreshed).toMatchObject({ refreshResult: 'Refreshed', wasFullyProactiveRefresh: true })
  })

  test('proves itself once for two tabs that load at the same time', async () => {
    const application = await start()
    const visitor = await launch()
    const tab = await enrol(application, visitor)
    const other = await visitor.open()
    expect(await other.go(`${application.origin}/other`)).toEqual(PROVEN)
    await seconds(INTERVAL + 1)
    const before = outcomes(application).length
    const views = await Promise.all([
      tab.go(`${application.origin}/one`),
      other.go(`${application.origin}/two`),
    ])
    expect(views).toEqual([PROVEN, PROVEN])
    expect(outcomes(application).slice(before)[0]).toBe('proven')
  })

  test('forgets the key at a logout', async () => {
    const application = await start()
    const visitor = await launch()
    const tab = await enrol(application, visitor)
    expect(await tab.go(`${application.origin}/logout`)).toEqual(NONE)
    expect(
      (await visitor.context.cookies(`${application.origin}${ENDPOINT}`)).map(({ name }) => name),
    ).toEqual(['__Host-session.x'])
    expect(await tab.go(`${application.origin}/after`)).toEqual(NONE)
    const asked = application.seen.filter(toEndpoint).length
    expect(await tab.go(`${application.origin}/later`)).toEqual(NONE)
    expect(application.seen.filter(toEndpoint)).toHaveLength(asked)
    const last = () => detailsOf(visitor.reports, 'refreshEventDetails').at(-1)
    await until(() => last()?.['fetchResult'] === 'ServerRequestedTermination')
  })

  test('continues after server and browser have been restarted', async () => {
    const first = await start()
    const visitor = await launchChromium(trust, 'kept')
    await enrol(first, visitor)
    // The browser writes its sessions to disk asynchronously.
    await until(() => isOnDisk(join(trust.home, 'kept')))
    await visitor.close()
    await first.stop()

    const second = await start(INTERVAL, Number(new URL(first.origin).port))
    const again = await launch('kept')
    await seconds(INTERVAL)
    const tab = await again.open()
    expect(await tab.go(`${second.origin}/back`)).toEqual(PROVEN)
    expect(outcomes(second)[0]).toBe('proven')
  })

  test('proves itself again after one rejection, when a configuration has lowered the interval', async () => {
    const first = await start(3600)
    const visitor = await launch()
    const tab = await enrol(first, visitor)
    await first.stop()
    const lowered = await start(INTERVAL, Number(new URL(first.origin).port))
    await seconds(INTERVAL + 1)
    // The browser believes that its ticket is valid: this response deletes it.
    expect(await tab.go(`${lowered.origin}/refused`)).toEqual(REFUSED)
    expect(await tab.go(`${lowered.origin}/proven`)).toEqual(PROVEN)
  })

  test('does not refresh for a link on another site, but does on the next page of this one', async () => {
    const application = await start()
    const visitor = await launch()
    const tab = await enrol(application, visitor)
    await seconds(INTERVAL + 1)
    const { port } = new URL(application.origin)
    await tab.page.goto(`${application.otherOrigin}/elsewhere?to=${port}`)
    await tab.page.click('a')
    await tab.page.waitForURL('**/from-elsewhere')
    expect(await tab.view()).toEqual(REFUSED)
    // What docs/device-bound-sessions.md tells an application to do: a page that reloads itself.
    await tab.page.evaluate('location.reload()')
    await expect.poll(() => tab.view(), { timeout: PATIENCE }).toEqual(PROVEN)
  })

  test('without the feature has an unproven session, which use extends', async () => {
    const application = await start()
    const visitor = await launch('off', false)
    const tab = await visitor.open()
    expect(await tab.go(`${application.origin}/login`)).toEqual(UNPROVEN)
    await seconds(INTERVAL + 1)
    expect(await tab.go(`${application.origin}/page`)).toEqual(UNPROVEN)
    expect(application.seen.filter(toEndpoint)).toEqual([])
  })

  test('is asked for no proof by a session that was never bound', async () => {
    const application = await start()
    const visitor = await launch()
    const tab = await visitor.open()
    const view = { ...UNPROVEN, device: 'none' }
    expect(await tab.go(`${application.origin}/plain`)).toEqual(view)
    expect(await tab.go(`${application.origin}/page`)).toEqual(view)
    expect(application.seen.filter(toEndpoint)).toEqual([])
    expect(detailsOf(visitor.reports, 'creationEventDetails')).toEqual([])
  })

  test('protects its session from a thief with all of its cookies, after the ticket has ended', async () => {
    const application = await start(LONG_INTERVAL)
    const visitor = await launch()
    const tab = await enrol(application, visitor)
    const stolen = (await visitor.context.cookies(`${application.origin}${ENDPOINT}`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    const id = /__Secure-session\.k\.([\w-]{8})=/.exec(stolen)?.[1] ?? ''
    expect((await steal(`${application.origin}/stolen`, stolen)).body).toContain(
      JSON.stringify(PROVEN),
    )
    await seconds(LONG_INTERVAL + 1)
    const endpoint = application.origin + ENDPOINT
    expect((await steal(`${application.origin}/stolen`, stolen)).body).toContain(
      JSON.stringify(REFUSED),
    )
    const asked = await steal(endpoint, stolen, { 'Sec-Secure-Session-Id': id })
    expect([asked.status, asked.cookies]).toEqual([403, []])
    expect(asked.challenge).toContain(`;id="${id}"`)
    for (const proof of ['', 'x', 'eyJhbGciOiJub25lIn0.e30.', `"${asked.challenge}"`]) {
      // oxlint-disable-next-line no-await-in-loop
      const forged = await steal(endpoint, stolen, {
        'Sec-Secure-Session-Id': `"${id}"`,
        'Secure-Session-Response': proof,
      })
      expect([forged.status, forged.cookies]).toEqual([403, []])
    }
    expect(await tab.go(`${application.origin}/mine`)).toEqual(PROVEN)
  })
})

describe.skipIf(!existsSync(FIREFOX))('Firefox, which does not have the feature', () => {
  test('has an unproven session, which use extends', async () => {
    const application = await start()
    const browser = await firefox.launch({
      executablePath: FIREFOX,
      channel: 'moz-firefox',
      timeout: PATIENCE,
    })
    closing.push(() => browser.close())
    const context = await openContext(browser, { ignoreHTTPSErrors: true })
    const page = await context.newPage()
    await page.goto(`${application.origin}/login`)
    await page.goto(`${application.origin}/page`)
    expect(JSON.parse((await page.textContent('p')) ?? '')).toEqual(UNPROVEN)
    expect(application.seen.filter(toEndpoint)).toEqual([])
  })
})
