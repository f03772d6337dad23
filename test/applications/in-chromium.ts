// A browser with scripts for the examples whose pages run some: the tests of a login that they share, and the
// messages that only such a browser gets to see.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launch, openContext } from '../support/chromium.ts'
import type { Visitor } from '../support/visitor.ts'
import type { Stage } from './scenario.ts'

export const NAME = '__Host-session'

/** What a test has: a page of its own, in a browser without cookies, at `/` of the example. */
export interface ChromiumScene {
  readonly page: Page
  readonly context: BrowserContext
  /** Logs in with the form of the page, and waits until the page says so. */
  login(user: string): Promise<void>
  /** Returns the names of the cookies that the browser has, sorted. */
  cookies(): Promise<string[]>
  /** Returns another browser without cookies, at the same page. */
  openOther(): Promise<Page>
}

type Headers = Readonly<Record<string, string>>

/**
 * Launches Chromium for a running example, gives each test a page, and adds the tests of its login. `headers`
 * are sent with each request, as a proxy would set them.
 */
export function useChromium(stage: Stage, headers: Headers = {}): ChromiumScene {
  const options = { extraHTTPHeaders: headers }
  let browser: Browser
  let context: BrowserContext
  let page: Page

  async function open(): Promise<Page> {
    const opened = await (await openContext(browser, options)).newPage()
    // Until its scripts run: a form that is sent before goes another way.
    await opened.goto(stage.application.origin, { waitUntil: 'networkidle' })
    return opened
  }

  beforeAll(async () => {
    browser = await launch()
  })

  beforeEach(async () => {
    page = await open()
    context = page.context()
  })

  afterEach(() => Promise.all(browser.contexts().map((each) => each.close())))

  afterAll(() => browser.close())

  const scene: ChromiumScene = {
    get page() {
      return page
    },
    get context() {
      return context
    },
    async login(user) {
      await page.fill('input[name=user]', user)
      await page.click('button')
      await page.waitForSelector('form:has-text("Log out")')
    },
    async cookies() {
      return (await context.cookies()).map(({ name }) => name).toSorted()
    },
    openOther: open,
  }
  addTestsOfLogin(scene)
  return scene
}

function addTestsOfLogin(scene: ChromiumScene): void {
  const { login, cookies, openOther } = scene

  test('a form logs in and redirects, and its message is shown once', async () => {
    const { page } = scene
    expect(await cookies()).toEqual([])
    await login('ada')
    await page.waitForSelector('p[role=status]:has-text("Welcome")')
    expect(await page.textContent('form')).toContain('ada')
    expect(await cookies()).toEqual([NAME])
    await page.reload({ waitUntil: 'networkidle' })
    expect(await page.textContent('form')).toContain('ada')
    expect(await page.locator('p[role=status]').count()).toBe(0)
  })

  test('a logout ends the session, and an older cookie does not bring it back', async () => {
    const { page, context } = scene
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
    const other = await openOther()
    expect(await other.locator('button:has-text("Log in")').count()).toBe(1)
  })
}

/** Reads the messages of the page `/`, which take a script to be shown, with the cookies of a visitor. */
export async function readMessages(stage: Stage, visitor: Visitor): Promise<string[]> {
  const { origin } = stage.application
  const browser = await launch()
  try {
    const context = await openContext(browser)
    const domain = new URL(origin).hostname
    await context.addCookies(
      visitor.names().map((name) => {
        const value = visitor.value(name) ?? ''
        return { name, value, domain, path: '/', secure: true }
      }),
    )
    const page = await context.newPage()
    await page.goto(origin, { waitUntil: 'networkidle' })
    for (const name of visitor.names()) visitor.evict(name)
    for (const { name, value } of await context.cookies()) visitor.put(name, value)
    return await page.locator('p[role=status]').allTextContents()
  } finally {
    await browser.close()
  }
}
