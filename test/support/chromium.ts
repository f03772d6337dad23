// Chromium for the suites that need a real browser. If it is not installed, they are skipped with a
// message; in CI they fail.

import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { describe, test } from 'vitest'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const MISSING = 'Chromium is not installed, and this suite needs it: apt-get install chromium'

const executablePath = PLACES.find((place) => existsSync(place))

/** Milliseconds for whatever a browser does: on a busy machine it takes ten times as long. */
export const PATIENCE = 120_000

// In containers tests run as root, and Chromium's sandbox does not.
const OPTIONS = {
  args: ['--no-sandbox'],
  timeout: PATIENCE,
  ...(executablePath && { executablePath }),
}

/** Runs a suite as `describe` does, if Chromium is installed. */
export function describeInChromium(title: string, suite: () => void): void {
  if (executablePath !== undefined) {
    describe(title, suite)
  } else if (process.env['CI']) {
    test(title, () => {
      throw new Error(MISSING)
    })
  } else {
    console.warn(`Skipped: ${title}. ${MISSING}`)
    describe.skip(title, suite)
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch(OPTIONS)
}

/** Launches a browser that keeps its cookies in `folder`, so it can be closed and opened again. */
export async function launchFrom(folder: string): Promise<BrowserContext> {
  return withPatience(await chromium.launchPersistentContext(folder, OPTIONS))
}

/** Opens a context without cookies, in any browser of Playwright. */
export async function openContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  return withPatience(await browser.newContext(options))
}

export function withPatience(context: BrowserContext): BrowserContext {
  context.setDefaultTimeout(PATIENCE)
  return context
}
