// Accessibility of the playground: every state passes the rules of axe, in both colour schemes and
// in forced colours; it works with the keyboard alone and without scripts; on a phone, the result
// of a button is in view. In Chromium.

import { randomBytes } from 'node:crypto'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium, launch, openContext } from '../support/chromium.ts'
import { startPlayground } from '../support/playground-server.ts'
import type { PlaygroundServer } from '../support/playground-server.ts'

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } as const

describeInChromium('the accessibility of the playground', () => {
  let server: PlaygroundServer
  let browser: Browser

  beforeAll(async () => {
    const secrets = randomBytes(32).toString('base64url')
    ;[server, browser] = await Promise.all([
      startPlayground({ PORT: '0', SESSION_SECRETS: secrets }),
      launch(),
    ])
  })

  afterAll(() => Promise.all([server.stop(), browser.close()]))

  /** Opens the page as a new visitor. */
  async function visit(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await openContext(browser, options)
    const page = await context.newPage()
    await page.goto(server.url)
    return page
  }

  test.each<[string, BrowserContextOptions]>([
    ['in light colours', { colorScheme: 'light' }],
    ['in dark colours', { colorScheme: 'dark' }],
    ['in forced colours', { forcedColors: 'active' }],
    ['on a phone', PHONE],
  ])('passes every rule of axe in each of its states %s', async (_, options) => {
    const page = await visit(options)
    expect(await violationsIn(page)).toEqual([])
    await logIn(page)
    for (const button of ['Tamper', 'Copy', 'Replay', 'Second browser', 'Overfill', 'Log out']) {
      await press(page, button)
      await page.locator('details').first().click()
      expect([button, await violationsIn(page)]).toEqual([button, []])
    }
    await page.context().close()
  })

  test('works with the keyboard alone, and a pressed button has the focus again', async () => {
    const page = await visit()
    await tabTo(page, 'Name')
    await page.keyboard.type('Ada')
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
    expect(await page.textContent('#user')).toBe('Logged in as Ada.')
    expect(await focused(page)).toBe('Log out')
    await tabTo(page, 'Touch')
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
    expect(await focused(page)).toBe('Touch')
    expect(await page.textContent('#message')).toContain('ticket')
    await page.context().close()
  })

  test('works without scripts: the button has the focus, and the message stands beside it', async () => {
    const page = await visit({ javaScriptEnabled: false })
    await logIn(page)
    expect(await page.textContent('#user')).toBe('Logged in as Ada.')
    await press(page, 'Tamper')
    expect(await page.textContent('#message')).toContain('undecryptable')
    expect(await page.locator('mark').count()).toBe(2)
    expect(await page.locator('[autofocus]').textContent()).toBe('Tamper')
    await page.context().close()
  })

  test('on a phone the result of each button is in view, and the button has not moved', async () => {
    const page = await visit(PHONE)
    await logIn(page)
    for (const name of [
      'Tamper',
      'Copy',
      'Replay',
      'Second browser',
      'Race',
      'Touch',
      'Rotate',
      'Stage',
    ]) {
      const button = page.getByRole('button', { name, exact: true })
      await button.scrollIntoViewIfNeeded()
      await press(page, name)
      const note = await page.locator('#message').boundingBox()
      expect([name, note !== null && note.y >= 0 && note.y < PHONE.viewport.height - 40]).toEqual([
        name,
        true,
      ])
    }
    await page.context().close()
  })

  test('a copy is rejected in this browser after the logout, and accepted elsewhere', async () => {
    const page = await visit()
    await logIn(page)
    await press(page, 'Copy')
    await press(page, 'Log out')
    await press(page, 'Replay')
    const note = await page.textContent('#message')
    expect(note).toMatch(
      /On another machine the copy is accepted.*In this browser it is refused as "destroyed"/,
    )
    await page.context().close()
  })

  test('a slow read undoes nothing, and a staged secret logs no user out', async () => {
    const page = await visit()
    await logIn(page)
    await press(page, 'Race')
    expect(await page.getByRole('textbox', { name: 'cart' }).inputValue()).toBe('["tea"]')
    await press(page, 'Stage')
    expect(await page.textContent('#secrets')).toMatch(/opens; seals in \d+ s/)
    expect(await page.textContent('#user')).toBe('Logged in as Ada.')
    await page.context().close()
  })

  test('shows the code of each button as in its file', async () => {
    const page = await visit()
    const code = await page.locator('pre', { hasText: 'session.regenerate' }).textContent()
    expect(code).toContain("keep: ['cart']")
    await page.context().close()
  })
})

async function violationsIn(page: Page): Promise<unknown> {
  await page.evaluate(axe.source)
  return page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`,
  )
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('Ada')
  await press(page, 'Log in')
}

async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true })
  // The state of the page before would be `load`, too.
  await Promise.all([page.waitForEvent('load'), button.click()])
}

/** Presses the tab key until an element of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    if ((await focused(page)) === name) return
  }
  throw new Error(`the tab key does not reach ${name}`)
}

/** Returns the text of the focused element, or of its label. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    `(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()`,
  )
}
