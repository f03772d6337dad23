// The interface of a browser for the suites, and its implementation for Chromium and Firefox with
// Playwright.

import { existsSync } from 'node:fs'
import { chromium, firefox } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { PATIENCE, openContext, withPatience } from '../support/chromium.ts'

/** A cookie of the browser. Members that cannot be read from the browser are missing. */
export interface Kept {
  readonly name: string
  readonly value: string
  /** With a leading dot if subdomains receive it too. */
  readonly domain: string
  readonly path: string
  /** Seconds since 1970; `undefined` if it ends with the browser. */
  readonly expires: number | undefined
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: string | undefined
  readonly priority?: string | undefined
  readonly partition?: string | undefined
}

export interface Tab {
  go(url: string): Promise<void>
  /** Goes back, as the back button. May return before the page has changed. */
  back(): Promise<void>
  /** Returns the value of an expression, or what its promise resolves to. */
  run<T>(expression: string): Promise<T>
  /** Returns the cookies for the page's host. */
  cookies(): Promise<Kept[]>
}

/** A visitor: a browser profile with cookies of its own, and any number of tabs. */
export interface Visitor {
  tab(): Promise<Tab>
  leave(): Promise<void>
}

export interface Browser {
  readonly version: string
  /** A visitor without cookies. */
  visit(): Promise<Visitor>
  close(): Promise<void>
}

/** Features that not every browser has. */
export type Ability =
  | 'Secure on http://localhost'
  | '__Host-'
  | 'eviction'
  | 'large responses'
  | 'sessions in frames'
  | 'no-store over HTTP'

/** A browser, which may be installed or not. */
export interface Product {
  readonly name: string
  /** Debian's packages. */
  readonly packages: string
  readonly isInstalled: boolean
  /** The features that it lacks, in some versions at least. */
  readonly lacks: readonly Ability[]
  readonly launch: () => Promise<Browser>
  /**
   * Returns a visitor whose cookies are stored in `folder`. Launching from it again simulates a
   * restart.
   */
  readonly launchFrom: ((folder: string) => Promise<Visitor>) | undefined
}

const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  // In containers tests run as root, and Chromium's sandbox does not. With a certificate that is
  // only excused, service workers are rejected and the cache is not used.
  args: ['--no-sandbox', '--ignore-certificate-errors'],
  // Playwright turns off the back/forward cache, which real visitors have.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
}

// Debian's Firefox supports WebDriver BiDi, and not the protocol of Playwright's own build.
const FIREFOX = { executablePath: '/usr/bin/firefox-esr', channel: 'moz-firefox' }

export const CHROMIUM_PRODUCT: Product = product('Chromium', 'chromium', chromium, CHROMIUM)

export const FIREFOX_PRODUCT: Product = product('Firefox', 'firefox-esr', firefox, FIREFOX)

function product(
  name: string,
  packages: string,
  type: typeof chromium,
  options: typeof CHROMIUM | typeof FIREFOX,
): Product {
  const visitors = { ignoreHTTPSErrors: true }
  return {
    name,
    packages,
    isInstalled: existsSync(options.executablePath),
    lacks: [],
    async launch() {
      const browser = await type.launch({ ...options, timeout: PATIENCE })
      return {
        version: browser.version(),
        visit: async () => visitorOf(await openContext(browser, visitors)),
        close: () => browser.close(),
      }
    },
    async launchFrom(folder) {
      const all = { ...options, ...visitors, timeout: PATIENCE }
      return visitorOf(withPatience(await type.launchPersistentContext(folder, all)))
    },
  }
}

function visitorOf(context: BrowserContext): Visitor {
  return {
    tab: async () => tabOf(await context.newPage(), context),
    leave: () => context.close(),
  }
}

function tabOf(page: Page, context: BrowserContext): Tab {
  return {
    async go(url) {
      await page.goto(url)
    },
    async back() {
      // Firefox may end the script together with its page, and Playwright's own method waits for a
      // load event that never fires when a page is restored.
      await page.evaluate('void history.back()').catch(() => {})
    },
    run: (expression) => page.evaluate(expression),
    cookies: () =>
      context.browser()?.browserType().name() === 'chromium'
        ? cookiesByProtocol(page, context)
        : cookiesOf(page, context),
  }
}

async function cookiesOf(page: Page, context: BrowserContext): Promise<Kept[]> {
  const cookies = await context.cookies(page.url())
  return cookies.map((cookie) => keptOf(cookie, cookie.expires === -1))
}

/** Reads the cookies with Chromium's own protocol, which has more members than Playwright's. */
async function cookiesByProtocol(page: Page, context: BrowserContext): Promise<Kept[]> {
  const protocol = await context.newCDPSession(page)
  const { cookies } = await protocol.send('Network.getCookies')
  await protocol.detach()
  return cookies.map((cookie) =>
    Object.assign(keptOf(cookie, cookie.session), {
      priority: cookie.priority,
      partition: cookie.partitionKey?.topLevelSite,
    }),
  )
}

/** Returns the cookies that both ways of reading have. */
function keptOf(
  cookie: Omit<Kept, 'sameSite'> & { readonly sameSite?: string },
  endsWithBrowser: boolean,
): Kept {
  const { name, value, domain, path, httpOnly, secure, sameSite } = cookie
  const expires = endsWithBrowser ? undefined : cookie.expires
  return { name, value, domain, path, httpOnly, secure, sameSite, expires }
}
