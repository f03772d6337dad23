// The playground, over HTTPS and over HTTP.

import axe from 'axe-core'
import { describe, expect, test } from 'vitest'
import { PLAYGROUND } from './application.ts'
import type { Tab } from './browser.ts'
import type { Scene } from './scene.ts'

const COOKIE = 'playground'
const AXE = axe.source

export function playground({ secure, open, arrive }: Scene): void {
  describe.each([
    ['HTTPS', secure],
    ['HTTP on localhost', open],
  ])('the playground over %s', (_, origin) => {
    const logIn = async () => {
      const tab = await arrive(origin(PLAYGROUND))
      await press(tab, '/login', { name: 'Ada' })
      return tab
    }

    test('keeps a visitor logged in, and shows it', async () => {
      const tab = await logIn()
      expect(await textOf(tab, '#user')).toBe('Logged in as Ada.')
      expect(await textOf(tab, '#countdown')).toMatch(/^in (1 day )?\d\d:\d\d:\d\d$/)
    })

    test('exposes no cookie to scripts, and is styled', async () => {
      const tab = await logIn()
      expect(await tab.run('document.cookie')).toBe('')
      expect(await tab.cookies()).toMatchObject([
        { name: COOKIE, httpOnly: true, sameSite: 'Lax', path: '/', domain: PLAYGROUND },
      ])
      expect(await tab.run('getComputedStyle(document.querySelector("main")).display')).toBe('grid')
    })

    test('grows to three cookies and shrinks to one', async () => {
      const tab = await logIn()
      await press(tab, '/configure', { limits: 'node', timeouts: 'usual' })
      await press(tab, '/fill')
      expect(await namesIn(tab)).toEqual([COOKIE, `${COOKIE}.1`, `${COOKIE}.2`])
      expect(await textOf(tab, '#user')).toBe('Logged in as Ada.')
      await press(tab, '/shrink')
      expect(await namesIn(tab)).toEqual([COOKIE])
    })

    test('rejects a session that no browser would store, and loses nothing', async () => {
      const tab = await logIn()
      const before = await tab.cookies()
      const { status, text } = await press(tab, '/overfill')
      expect(status).toBe(413)
      expect(text).toMatch(/ERR_SESSION_TOO_LARGE.*gallery.*history/s)
      expect(valuesOf(await tab.cookies())).toEqual(valuesOf(before))
      expect(await textOf(tab, '#user')).toBe('Logged in as Ada.')
    })

    test('shows the cookie part by part, and which character was changed', async () => {
      const tab = await logIn()
      const kinds = `[...document.querySelectorAll('p.wire .part')].map((part) => part.className)`
      expect(await tab.run(kinds)).toEqual(
        ['id', 'day', 'iv', 'ciphertext', 'tag'].map((kind) => `part ${kind}`),
      )
      await press(tab, '/tamper', { at: '3' })
      await tab.go(`${await tab.run<string>('location.origin')}/?did=tamper&at=3`)
      expect(await tab.run('document.querySelector("p.wire mark").parentElement.className')).toBe(
        'part id',
      )
    })

    test('passes every rule of axe', async () => {
      const tab = await logIn()
      expect(await violationsIn(tab)).toEqual([])
    })

    test('leaves only the logout stamp after a logout', async () => {
      const tab = await logIn()
      await press(tab, '/logout')
      expect(await namesIn(tab)).toEqual([`${COOKIE}.x`])
      expect(await tab.run('document.querySelector("#user")')).toBeNull()
    })
  })
}

/** Returns the rules of axe-core that the page breaks, each with the first element that does. */
async function violationsIn(tab: Tab): Promise<unknown> {
  await tab.run(`void ${toExpression(AXE)}`)
  return tab.run(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0]?.html]))`,
  )
}

/** Returns a script as an expression, because a tab evaluates only expressions. */
function toExpression(script: string): string {
  return `(() => { ${script} })()`
}

/** Sends a form with `fetch`, and loads the page again. */
async function press(
  tab: Tab,
  action: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const body = JSON.stringify(new URLSearchParams(fields).toString())
  const options = `{ method: 'POST', body: new URLSearchParams(${body}), headers: { Accept: 'text/html' } }`
  const answer = await tab.run<{ status: number; text: string }>(
    `fetch('${action}', ${options}).then(async (response) => ({
      status: response.status,
      text: await response.text(),
    }))`,
  )
  await tab.go(await tab.run<string>('new URL("/", location.href).href'))
  return answer
}

function textOf(tab: Tab, selector: string): Promise<string> {
  return tab.run(`document.querySelector('${selector}').textContent.trim()`)
}

async function namesIn(tab: Tab): Promise<string[]> {
  return (await tab.cookies()).map(({ name }) => name).toSorted()
}

function valuesOf(cookies: readonly { readonly name: string; readonly value: string }[]): string[] {
  return cookies.map(({ name, value }) => `${name}=${value}`)
}
