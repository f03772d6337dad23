// A browser that stores cookies, and one that does not: the login of Django's documentation, when a
// cookie is set, and a browser that starts with a session from a test.

import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import type { ServerType } from '@hono/node-server'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import {
  PATIENCE,
  describeInChromium,
  launch,
  launchFrom,
  openContext,
} from '../support/chromium.ts'

interface Data {
  member: string
}

// The server speaks HTTP: localhost may still set Secure cookies.
const sessions = createSessions<Data>({ secrets: randomBytes(32).toString('base64url') })

const site = sessions.wrap((request, session) => {
  const page = { '/login': login, '/look': look, '/plain': plain }[new URL(request.url).pathname]
  // Browsers also ask for an icon.
  return page?.(request, session) ?? new Response(null, { status: 404 })
})

/** The login view of Django's documentation. */
function login(request: Request, session: Session<Data>): Response {
  if (request.method !== 'POST') {
    session.setTestCookie()
    return html('<form method="post"><button>Log in</button></form>')
  }
  if (!session.testCookieWorked()) return html('Please enable cookies and try again.')
  session.deleteTestCookie()
  session.set('member', 'ada')
  return html('You are logged in.')
}

function look(_: Request, session: Session<Data>): Response {
  return html(`Hello ${session.get('member', 'you')}`)
}

function plain(): Response {
  return html('Nothing to keep.')
}

describeInChromium('the test cookie in Chromium', () => {
  let server: ServerType
  let browser: Browser
  let url: string

  beforeAll(async () => {
    const listening = new Promise<AddressInfo>((ready) => {
      server = serve({ fetch: site, hostname: '127.0.0.1', port: 0 }, ready)
    })
    const [address, launched] = await Promise.all([listening, launch()])
    browser = launched
    url = `http://localhost:${address.port}`
  })

  afterAll(async () => {
    await browser.close()
    await new Promise((closed) => server.close(closed))
  })

  test('with cookies on, the login page sets it, the form finds it, and only the session stays', async () => {
    const context = await openContext(browser)
    const page = await context.newPage()
    expect(await logIn(page, url)).toBe('You are logged in.')
    await expectCookies(context, ['__Host-session'])
    expect(await textOf(page, `${url}/look`)).toBe('Hello ada')
    await context.close()
  })

  test('with cookies off, the form does not find it, at any attempt', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'no-cookies-'))
    try {
      await refuseCookies(folder)
      const context = await launchFrom(folder)
      const page = await context.newPage()
      expect(await logIn(page, url)).toBe('Please enable cookies and try again.')
      expect(await logIn(page, url)).toBe('Please enable cookies and try again.')
      expect(await cookieNames(context)).toEqual([])
      // This browser stores no cookies at all, not only none of the server.
      expect(await page.evaluate('document.cookie = "a=1", document.cookie')).toBe('')
      await context.close()
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a page that stores nothing sets no cookie, and reading the session sets none either', async () => {
    const context = await openContext(browser)
    const page = await context.newPage()
    for (const path of ['/plain', '/look', '/plain']) {
      await page.goto(url + path)
      expect(await cookieNames(context)).toEqual([])
    }
    await page.goto(`${url}/login`)
    await expectCookies(context, ['__Host-session'])
    expect(await page.evaluate('document.cookie = "a=1", document.cookie')).toBe('a=1')
    await context.close()
  })

  test('a browser that starts with a storage state from the test is logged in', async () => {
    const session = await sessions.open(null)
    session.set('member', 'zoe')
    const cookies = (await sessions.setCookies(session)).map((line) => {
      const [name = '', value = ''] = line.split(';', 1).join().split('=')
      const attributes = { domain: 'localhost', path: '/', expires: -1 }
      const flags = { httpOnly: true, secure: true, sameSite: 'Lax' as const }
      return Object.assign(attributes, flags, { name, value })
    })
    const context = await openContext(browser, { storageState: { cookies, origins: [] } })
    const page = await context.newPage()
    expect(await textOf(page, `${url}/look`)).toBe('Hello zoe')
    await context.close()
  })
})

async function logIn(page: Page, url: string): Promise<string> {
  await page.goto(`${url}/login`)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('form').waitFor({ state: 'detached' })
  return (await page.textContent('body')) ?? ''
}

async function textOf(page: Page, url: string): Promise<string> {
  await page.goto(url)
  return (await page.textContent('body')) ?? ''
}

async function cookieNames(context: BrowserContext): Promise<string[]> {
  return (await context.cookies()).map(({ name }) => name)
}

/** Waits for the cookies, because the browser stores them after it shows the page. */
async function expectCookies(context: BrowserContext, names: readonly string[]): Promise<void> {
  await expect.poll(() => cookieNames(context), { timeout: PATIENCE }).toEqual(names)
}

/** The setting "block all cookies", in a new profile. */
async function refuseCookies(folder: string): Promise<void> {
  const profile = { default_content_setting_values: { cookies: 2 } }
  await mkdir(join(folder, 'Default'))
  await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify({ profile }))
}

function html(body: string): Response {
  return new Response(`<!doctype html><body>${body}`, {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })
}
