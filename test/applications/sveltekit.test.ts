// The SvelteKit example, built for production on Node 22, in Chromium.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeInChromium, launch } from '../support/chromium.ts'
import { ON_NODE_22, build, expectFilesOfPage, install, start } from './application.ts'
import type { RunningApplication } from './application.ts'

const NAME = '__Host-session'

describeInChromium('the SvelteKit example', () => {
  let folder = ''
  let application: RunningApplication
  let browser: Browser
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    folder = install('sveltekit')
    build(folder, ON_NODE_22)
    const settings = { ...ON_NODE_22, PROTOCOL_HEADER: 'x-forwarded-proto' }
    ;[application, browser] = await Promise.all([start(folder, settings), launch()])
  })

  afterAll(() => Promise.all([application.stop(), browser.close()]))

  beforeEach(async () => {
    // The header of a proxy that terminates TLS.
    context = await browser.newContext({ extraHTTPHeaders: { 'x-forwarded-proto': 'http' } })
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
    expectFilesOfPage(folder, 'sveltekit')
  })

  test('an action logs in and redirects, and its message is shown once', async () => {
    expect(await cookies()).toEqual([])
    await login('ada')
    expect(await page.textContent('p')).toBe('Welcome')
    expect(await cookies()).toEqual([NAME])
    await page.reload()
    expect(await page.textContent('form')).toContain('ada')
    expect(await page.locator('p').count()).toBe(0)
  })

  test('an endpoint has the session, and the changes of a handler that fails are discarded', async () => {
    await login('ada')
    const [before] = await context.cookies()
    const failed = await page.goto(`${application.origin}/fail`)
    expect([failed?.status(), await failed?.headerValue('set-cookie')]).toEqual([500, null])
    expect((await context.cookies())[0]?.value).toBe(before?.value)
    const response = await page.goto(`${application.origin}/me`)
    expect(await response?.json()).toEqual({ user: 'ada' })
    expect(await response?.headerValue('cache-control')).toBe('private')
  })

  test('a prerendered page has no session', async () => {
    await login('ada')
    const response = await page.goto(`${application.origin}/about`)
    expect(await page.textContent('main')).toBe('The same for everybody')
    expect(await response?.headerValue('set-cookie')).toBeNull()
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
})
