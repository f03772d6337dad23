// The playground in a real browser, served by a separate process.

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHoldingProxy } from '../support/holding-proxy.ts'
import { startPlayground } from '../support/playground-server.ts'
import type { PlaygroundServer } from '../support/playground-server.ts'
import {
  PATIENCE,
  describeInChromium,
  launch,
  launchFrom,
  openContext,
} from '../support/chromium.ts'

const environment = { PORT: '0', SESSION_SECRETS: randomBytes(32).toString('base64url') }

describeInChromium('the playground in Chromium', () => {
  let server: PlaygroundServer
  let browser: Browser

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startPlayground(environment), launch()])
  })

  afterAll(async () => {
    await Promise.all([server.stop(), browser.close()])
  })

  test('a visitor stays logged in when the browser and the server are both restarted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'playground-'))
    try {
      const first = await startPlayground(environment)
      const before = await launchFrom(folder)
      await logIn(await before.newPage(), first.url)
      await before.close()
      await first.stop()

      const second = await startPlayground(environment)
      const after = await launchFrom(folder)
      const page = await after.newPage()
      await page.goto(second.url)
      expect(await page.textContent('#user')).toBe('Logged in as Ada.')
      await after.close()
      await second.stop()
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a session that grew to three cookies and shrinks again leaves exactly one', async () => {
    const { context, page } = await visit()
    await chooseLimits(page, 'node')
    await press(page, 'Fill')
    await expectCookies(context, ['playground', 'playground.1', 'playground.2'])
    expect(await page.locator('#cookies tbody tr').count()).toBe(3)
    await press(page, 'Shrink')
    await expectCookies(context, ['playground'])
    await context.close()
  })

  test('a request in flight at the logout writes the old session, which stays ended', async () => {
    const proxy = await startHoldingProxy(server.url, '/slow')
    const { context, page } = await visit(proxy.url)
    const other = await context.newPage()
    const slow = other.goto(`${proxy.url}/slow`)
    await proxy.arrival
    await press(page, 'Log out')
    expect(await page.textContent('#message')).toContain('Goodbye, Ada')
    await expectCookies(context, ['playground.x'])

    // It has Ada's session, because it was sent before the logout.
    proxy.release()
    expect(await (await slow)?.json()).toMatchObject({ user: 'Ada' })
    await expectCookies(context, ['playground', 'playground.x'])
    expect(await sessionOf(page)).toMatchObject({ data: {}, rejection: { reason: 'destroyed' } })
    await expectCookies(context, ['playground.x'])
    await context.close()
    await proxy.stop()
  })

  test('data that is too large is rejected with the keys to move, and nothing is lost', async () => {
    const { context, page } = await visit()
    const [before] = await context.cookies()
    await press(page, 'Overfill')
    expect(await page.textContent('#refusal')).toContain('ERR_SESSION_TOO_LARGE')
    expect(await page.textContent('#refusal')).toMatch(/"gallery".*"history"/s)
    expect(await page.textContent('#user')).toBe('Logged in as Ada.')
    expect(await context.cookies()).toEqual([before])
    expect(await sessionOf(page)).toMatchObject({ data: { user: 'Ada' } })
    await context.close()
  })

  test('nothing is wider than a screen of 360 pixels, whatever the page shows', async () => {
    const { context, page } = await visit()
    await page.setViewportSize({ width: 360, height: 740 })
    await chooseLimits(page, 'node')
    expect(await widthOf(page)).toBe(360)
    await press(page, 'Fill')
    expect(await widthOf(page)).toBe(360)
    await press(page, 'Tamper')
    expect(await page.textContent('#message')).toContain('undecryptable')
    expect(await widthOf(page)).toBe(360)
    await press(page, 'Overfill')
    expect(await widthOf(page)).toBe(360)
    await press(page, 'Clear')
    expect(await widthOf(page)).toBe(360)
    await context.close()
  })

  test('scripts can read no cookie of the session, and the page’s own script counts down', async () => {
    const { context, page } = await visit()
    await expectCookies(context, ['playground'])
    expect(await page.evaluate('document.cookie')).toBe('')
    expect(await page.textContent('#countdown')).toMatch(/^in (1 day )?\d\d:\d\d:\d\d$/)
    await context.close()
  })

  /** Returns a visitor who has just logged in, in a separate browser context. */
  async function visit(url = server.url): Promise<{ context: BrowserContext; page: Page }> {
    const context = await openContext(browser)
    const page = await context.newPage()
    await logIn(page, url)
    await expectCookies(context, ['playground'])
    return { context, page }
  }

  async function sessionOf(page: Page): Promise<unknown> {
    const response = await page.goto(new URL('/session.json', page.url()).href)
    return response?.json()
  }
})

async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Name').fill('Ada')
  await press(page, 'Log in')
}

async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true })
  // The state of the page before would be `load`, too.
  await Promise.all([page.waitForEvent('load'), button.click()])
}

async function chooseLimits(page: Page, preset: string): Promise<void> {
  await page.getByLabel('Limits').selectOption(preset)
  await press(page, 'Apply')
}

/** Waits for the cookies, because the browser stores them after it shows the page. */
async function expectCookies(context: BrowserContext, names: readonly string[]): Promise<void> {
  const present = async () => (await context.cookies()).map(({ name }) => name).toSorted()
  await expect.poll(present, { timeout: PATIENCE }).toEqual(names)
}

function widthOf(page: Page): Promise<unknown> {
  return page.evaluate('document.documentElement.scrollWidth')
}
