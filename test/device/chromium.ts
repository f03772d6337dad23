// Chromium with its keys in software, and what its DevTools report of sessions that are bound to
// it.

import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { PATIENCE, withPatience } from '../support/chromium.ts'
import type { View } from './server.ts'
import type { Trust } from './trust.ts'

/**
 * The program itself: the script of the same name adds flags, and the last `--enable-features`
 * takes effect.
 */
const PROGRAMS = ['/usr/lib/chromium/chromium', '/usr/bin/google-chrome']

const FEATURES = 'DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting'

export const program: string | undefined = PROGRAMS.find((path) => existsSync(path))

/** A report of DevTools, of any kind. */
export interface Report {
  readonly name: string
  readonly parameters: object
}

export interface Visitor {
  readonly context: BrowserContext
  readonly reports: Report[]
  open(): Promise<Tab>
  close(): Promise<void>
}

export interface Tab {
  readonly page: Page
  /** Goes to a page, and returns the session that it shows. */
  go(url: string): Promise<View>
  view(): Promise<View>
}

/** Launches Chromium with a profile, so that it can be launched again with the same one. */
export async function launchChromium(
  { home }: Trust,
  profile: string,
  isEnabled = true,
): Promise<Visitor> {
  const switches = isEnabled
    ? [`--enable-features=${FEATURES}`]
    : [`--disable-features=DeviceBoundSessions`]
  const context = await chromium.launchPersistentContext(`${home}/${profile}`, {
    executablePath: program ?? '',
    headless: true,
    args: ['--no-sandbox', '--headless=new', ...switches],
    env: { ...process.env, HOME: home },
    timeout: PATIENCE,
  })
  withPatience(context)
  const reports: Report[] = []
  return {
    context,
    reports,
    async open() {
      const page = await context.newPage()
      await report(await context.newCDPSession(page), reports)
      const view = async (): Promise<View> => JSON.parse((await page.textContent('p')) ?? '')
      return {
        page,
        view,
        async go(url) {
          await page.goto(url)
          return view()
        },
      }
    },
    close: () => context.close(),
  }
}

async function report(devtools: CDPSession, reports: Report[]): Promise<void> {
  await devtools.send('Network.enable')
  const names = [
    'Network.deviceBoundSessionsAdded',
    'Network.deviceBoundSessionEventOccurred',
  ] as const
  for (const name of names) {
    devtools.on(name, (parameters) => void reports.push({ name, parameters }))
  }
  await devtools.send('Network.enableDeviceBoundSessions', { enable: true })
}
