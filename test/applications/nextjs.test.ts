// The Next.js example, built for production, in Chromium and with a cookie jar.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeInChromium, launch } from '../support/chromium.ts'
import { createJar, namesOf } from '../support/cookie-jar.ts'
import { build, expectFilesOfPage, install, start } from './application.ts'
import type { RunningApplication } from './application.ts'

const NAME = '__Host-session'

describeInChromium('the Next.js example', () => {
  let folder = ''
  let application: RunningApplication
  let browser: Browser
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    folder = install('nextjs')
    build(folder)
    ;[application, browser] = await Promise.all([start(folder), launch()])
  })

  afterAll(() => Promise.all([application.stop(), browser.close()]))

  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    await page.goto(application.origin)
  })

  afterEach(() => context.close())

  async function login(user: string): Promise<void> {
    await page.fill('input[name=user]', user)
    await page.click('button')
    await page.waitForSelector('form:has-text("Log out")')
  }

  async function cookies(): Promise<string[]> {
    return (await context.cookies()).map(({ name }) => name).toSorted()
  }

  test('has the files that its page prints', () => {
    expectFilesOfPage(folder, 'nextjs')
  })

  test('a page that only reads sets no cookie', async () => {
    expect(await cookies()).toEqual([])
    const response = await page.reload()
    expect(await response?.headerValue('set-cookie')).toBeNull()
  })

  test('an action logs in and redirects, and its message is shown once', async () => {
    await login('ada')
    await page.waitForSelector('p:has-text("Welcome")')
    expect(await page.textContent('form')).toContain('ada')
    expect(await cookies()).toEqual([NAME])
    await page.reload({ waitUntil: 'networkidle' })
    expect(await page.textContent('form')).toContain('ada')
    expect(await page.locator('p').count()).toBe(0)
  })

  test('a route handler has the session, and its answer is private', async () => {
    await login('ada')
    const response = await page.goto(`${application.origin}/api/me`)
    expect(await response?.json()).toEqual({ path: '/api/me', user: 'ada' })
    expect(await response?.headerValue('cache-control')).toBe('private')
  })

  test('the proxy redirects visitors who are not logged in, and keeps the static page out of caches', async () => {
    await page.goto(`${application.origin}/account`)
    expect(new URL(page.url()).pathname).toBe('/')
    await login('ada')
    const response = await page.goto(`${application.origin}/account`)
    expect(await page.textContent('main')).toBe('Your account')
    expect(await response?.headerValue('set-cookie')).toContain(`${NAME}.t=`)
    expect(await response?.headerValue('cache-control')).toMatch(/private|no-store/)
    expect(await response?.headerValue('cache-control')).not.toMatch(/s-maxage|public/)
    expect(await cookies()).toEqual([NAME, `${NAME}.t`])
  })

  test('a logout ends the session, and an older cookie does not restore it', async () => {
    await login('ada')
    const [kept] = await context.cookies()
    await page.click('button:has-text("Log out")')
    await page.waitForSelector('button:has-text("Log in")')
    expect(await cookies()).toEqual([`${NAME}.x`])
    expect(kept?.name).toBe(NAME)
    if (kept !== undefined) await context.addCookies([kept])
    await page.reload()
    expect(await page.locator('button:has-text("Log in")').count()).toBe(1)
  })

  test('two browsers have their own sessions', async () => {
    await login('ada')
    const other = await browser.newContext()
    const second = await other.newPage()
    await second.goto(application.origin)
    expect(await second.locator('button:has-text("Log in")').count()).toBe(1)
    await other.close()
  })

  test('a session survives a restart', async () => {
    await login('ada')
    await application.stop()
    application = await start(folder)
    // Another port is the same host for cookies.
    await page.goto(application.origin)
    expect(await page.textContent('form')).toContain('ada')
  })

  test('a forged cookie is no session', async () => {
    const jar = createJar()
    jar.put(NAME, 'AAAA.20000.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA')
    const response = await fetch(`${application.origin}/api/me`, {
      headers: { cookie: jar.header() },
    })
    expect(await response.json()).toEqual({ path: '/api/me' })
    expect(namesOf(response.headers.getSetCookie())).toEqual([])
  })
})
