// Chromium and Firefox ESR store everything that the size guard accepts, completely.

import { chromium, firefox } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  largest,
  pairOf,
  reportOf,
  sessionsWith,
  stampOf,
  startApplication,
} from './application.ts'
import type { Application } from './application.ts'
import { PATIENCE, openContext } from '../support/chromium.ts'
import { areInstalled, pathOf } from './programs.ts'

/** The most bytes of one cookie that browsers store, name and value together. */
const MAX_COOKIE_BYTES = 4096

/**
 * A token grows by one or two characters, so not every name can give a line of exactly this size.
 */
async function oneFullCookie() {
  const full = await Promise.all(
    ['__Host-s', '__Host-se', '__Host-ses', '__Host-sess'].map(async (name) => {
      const sessions = sessionsWith({ preset: 'browsers', cookies: 1 }, { name })
      const stamp = stampOf(name)
      const { bytes } = await reportOf(sessions, await largest(sessions, stamp), stamp)
      return bytes.cookie === MAX_COOKIE_BYTES ? [{ name, sessions }] : []
    }),
  )
  const [found] = full.flat()
  if (found === undefined) throw new Error('no name gives a full cookie')
  return found
}

const one = await oneFullCookie()
const all = {
  browsers: sessionsWith('browsers'),
  portable: sessionsWith('portable'),
  one: one.sessions,
}

const BROWSERS = [
  [
    'Chromium',
    'chromium',
    () =>
      chromium.launch({
        executablePath: pathOf('chromium'),
        args: ['--no-sandbox'],
        timeout: PATIENCE,
      }),
  ],
  [
    'Firefox',
    'firefox-esr',
    () =>
      firefox.launch({
        channel: 'moz-firefox',
        executablePath: pathOf('firefox-esr'),
        timeout: PATIENCE,
      }),
  ],
] as const

const usable = areInstalled('size guard in browsers', 'chromium', 'firefox-esr')

describe.skipIf(!usable).each(BROWSERS)('%s', (_name, _program, launchBrowser) => {
  let application: Application
  let browser: Browser

  beforeAll(async () => {
    application = await startApplication(all, 1_000_000)
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await application?.stop()
  })

  /** Returns a browser without cookies that goes to a path, and the `Cookie` header it sends. */
  async function newcomer() {
    const context = await openContext(browser)
    const page = await context.newPage()
    const go = async (path: string) => {
      const response = await page.goto(`http://127.0.0.1:${application.port}${path}`)
      return response?.status()
    }
    const sends = async () => {
      await go('/portable/read')
      return application.lastCookie()
    }
    return { go, sends, close: () => context.close() }
  }

  test.each(['browsers', 'portable', 'one'] as const)(
    'keeps the largest session of limits: %s, and sends it back to the byte',
    async (name) => {
      const { go, sends, close } = await newcomer()
      const stamp = stampOf(name === 'one' ? one.name : undefined)
      const bytes = await largest(all[name], stamp)
      const report = await reportOf(all[name], bytes, stamp)

      // A visitor who has logged out before, and uses the session later.
      await go(`/${name}/set?bytes=1`)
      await go(`/${name}/logout`)
      const stamped = pairsIn(await sends())
      expect(stamped).toEqual([expect.stringMatching(/\.x=[\w-]{4}$/)])
      expect(await go(`/${name}/set?bytes=${bytes}`)).toBe(200)
      expect(pairsIn(await sends())).toEqual(
        [...pairsOf(application.lastLines()), ...stamped].toSorted(),
      )
      expect(await go(`/${name}/touch`)).toBe(200)
      expect(await sends()).toHaveLength(report.bytes.requestHeader)
      await close()
    },
  )

  test('never keeps a part of a session, for any sequence of sizes', async () => {
    const { go, sends, close } = await newcomer()
    // Without the bytes that an older session holds beside its data.
    const most = (await largest(all.browsers)) - 100
    for (const bytes of [most, 3000, 20_000, 100, most]) {
      // Each session replaces the one before.
      // oxlint-disable-next-line no-await-in-loop
      expect(await go(`/browsers/set?bytes=${bytes}`)).toBe(200)
      // oxlint-disable-next-line no-await-in-loop
      expect(pairsIn(await sends())).toEqual(pairsOf(application.lastLines()))
    }
    await close()
  })

  test('keeps its whole session when the next one is too large', async () => {
    const { go, sends, close } = await newcomer()
    const most = await largest(all.browsers)
    await go(`/browsers/set?bytes=${most}`)
    const before = await sends()

    expect(await go(`/browsers/set?bytes=${most + 100}`)).toBe(507)
    expect(await sends()).toBe(before)
    expect(pairsIn(before)).toEqual(pairsOf(application.lastLines()))
    await close()
  })

  test('stores a name and value of 4 096 bytes, and drops one of 4 097 bytes', async () => {
    const { go, sends, close } = await newcomer()
    await go('/raw?bytes=4096')
    const full = await sends()

    expect(await go('/raw?bytes=4097')).toBe(200)
    expect(full).toHaveLength(MAX_COOKIE_BYTES + '='.length)
    expect(await sends()).toBe(full)
    await close()
  })
})

/** Returns the cookies of a header, sorted, because browsers differ in their order. */
function pairsIn(cookie: string): string[] {
  return cookie.split('; ').toSorted()
}

/** Returns the cookies that a browser must store from a response's lines, sorted. */
function pairsOf(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !line.includes('Max-Age=0;'))
    .map(pairOf)
    .toSorted()
}
