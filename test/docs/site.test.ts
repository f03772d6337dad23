// The built documentation site in a browser: every page, every internal link, a phone and a
// desktop.

import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { extname } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageOf } from '../../docs/.vitepress/links.ts'
import { PATIENCE, describeInChromium, launch, openContext } from '../support/chromium.ts'
import { listDocuments, repository } from '../support/documents.ts'

const site = new URL('docs/dist/site/', repository)
const screenshots = new URL('docs/dist/screenshots/', repository)

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1440, height: 900 }

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** The contents of a page of the site. */
interface SeenPage {
  readonly ids: ReadonlySet<string>
  /** Internal links, without the origin. */
  readonly links: ReadonlySet<string>
  readonly heading: string
  /** Errors of scripts, and failed requests. */
  readonly faults: readonly string[]
  /** The width of the page on a phone. */
  readonly width: number
}

const pages = existsSync(site)
  ? readdirSync(site, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.html') && path !== '404.html')
      .toSorted()
  : []

test('the site is built', () => {
  expect(pages, 'run `npm run test:docs`, which builds it').not.toEqual([])
})

describe('the pages', () => {
  test('are those of every document', () => {
    const documents = listDocuments().flatMap((file) => pageOf(file) ?? [])
    const missing = documents.filter((page) => !pages.includes(page.replace(/\.md$/, '.html')))
    expect(missing).toEqual([])
  })

  test('have the API reference of every entry of the package', () => {
    expect(pages).toEqual(
      expect.arrayContaining([
        'api/index.html',
        'api/sealed-session.html',
        'api/sealed-session/node.html',
        'api/sealed-session/lambda.html',
        'api/sealed-session/hono.html',
        'api/sealed-session/h3.html',
        'api/sealed-session/koa.html',
        'api/sealed-session/fastify.html',
        'api/sealed-session/elysia.html',
        'api/sealed-session/device.html',
        'api/sealed-session/overflow.html',
      ]),
    )
  })
})

describeInChromium('the site in Chromium', () => {
  let server: Server
  let origin: string
  let browser: Browser
  let phone: BrowserContext
  const seen = new Map<string, SeenPage>()

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true })
    ;[server, browser] = await Promise.all([serve(), launch()])
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    origin = `http://127.0.0.1:${port}`
    phone = await openContext(browser, { viewport: PHONE, isMobile: true, hasTouch: true })
    const page = await phone.newPage()
    for (const path of pages) seen.set(path, await look(page, path))
  })

  afterAll(async () => {
    await browser.close()
    server.close()
  })

  test('every page opens, has a heading, and has no errors', () => {
    const faulty = pages.filter((path) => seen.get(path)?.faults.length !== 0)
    expect(faulty.map((path) => [path, seen.get(path)?.faults])).toEqual([])
    expect(pages.filter((path) => seen.get(path)?.heading === '')).toEqual([])
  })

  test('every internal link leads to a page and a section that exist', () => {
    const dead = pages.flatMap((path) =>
      [...(seen.get(path)?.links ?? [])]
        .filter((link) => !exists(link))
        .map((link) => `${path}: ${link}`),
    )
    expect(dead).toEqual([])
  })

  test('every page is reached by links from the first', () => {
    const reached = new Set(['index.html'])
    for (const path of reached) {
      for (const link of seen.get(path)?.links ?? []) {
        const target = fileOf(link)
        if (pages.includes(target)) reached.add(target)
      }
    }
    expect(pages.filter((path) => !reached.has(path))).toEqual([])
  })

  test('no page is wider than a phone', () => {
    const wide = pages.filter((path) => (seen.get(path)?.width ?? 0) > PHONE.width)
    expect(wide).toEqual([])
  })

  test('a phone shows a page and its menu', async () => {
    const page = await phone.newPage()
    await page.goto(`${origin}/start.html`, { waitUntil: 'networkidle' })
    await page.screenshot({ path: new URL('phone.png', screenshots).pathname })
    await page.getByRole('button', { name: 'Menu', exact: true }).click()
    const entry = page.locator('.VPSidebar').getByRole('link', { name: 'Log out everywhere' })
    await entry.click()
    await page.waitForURL('**/recipes/log-out-everywhere.html')
    await page.close()
  })

  test('a desktop shows a page in dark colours and can search', async () => {
    const context = await openContext(browser, { viewport: DESK })
    const page = await context.newPage()
    await page.goto(`${origin}/concepts.html`, { waitUntil: 'networkidle' })
    await page.screenshot({ path: new URL('desk.png', screenshots).pathname })
    await page.getByRole('switch', { name: /dark/i }).first().click()
    const colours = () => page.evaluate('document.documentElement.className')
    await expect.poll(colours, { timeout: PATIENCE }).toContain('dark')
    await page.screenshot({ path: new URL('desk-dark.png', screenshots).pathname })
    await page.keyboard.press('Control+k')
    await page.getByRole('searchbox').fill('logout stamp')
    const result = page.locator('.result').first()
    await result.waitFor()
    const text = () => result.textContent()
    await expect.poll(text, { timeout: PATIENCE }).toMatch(/logout stamp/i)
    await context.close()
  })

  async function look(page: Page, path: string): Promise<SeenPage> {
    const faults: string[] = []
    const onError = (error: Error) => void faults.push(error.message)
    const onResponse = (response: { status(): number; url(): string }) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`)
    }
    page.on('pageerror', onError).on('response', onResponse)
    await page.goto(`${origin}/${path}`, { waitUntil: 'load' })
    // The scripts have started by now, so their errors would have been recorded.
    await page.waitForFunction('document.querySelector("#app").__vue_app__ !== undefined')
    page.off('pageerror', onError).off('response', onResponse)
    const hrefs = await page.$$eval('a[href]', (anchors) =>
      anchors.map((anchor) => (anchor as HTMLAnchorElement).href),
    )
    const ids = await page.$$eval('[id]', (elements) => elements.map(({ id }) => id))
    const width = await page.evaluate('document.documentElement.scrollWidth')
    const internal = hrefs.filter((href) => href.startsWith(`${origin}/`))
    return {
      ids: new Set(ids),
      links: new Set(internal.map((href) => href.slice(origin.length))),
      heading: (await page.locator('h1').first().textContent()) ?? '',
      faults,
      width: Number(width),
    }
  }

  function exists(link: string): boolean {
    const target = seen.get(fileOf(link))
    const [, anchor = ''] = link.split('#', 2)
    return target !== undefined && (anchor === '' || target.ids.has(decodeURIComponent(anchor)))
  }
})

/** Returns the file of the site that a link leads to. */
function fileOf(link: string): string {
  const [path = ''] = link.split(/[?#]/, 1)
  return path.endsWith('/') ? `${path.slice(1)}index.html` : path.slice(1)
}

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const file = new URL(fileOf(request.url ?? '/'), site)
    if (!file.href.startsWith(site.href) || !existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    const type = MEDIA_TYPES[extname(file.pathname)] ?? 'application/octet-stream'
    response.writeHead(200, { 'Content-Type': type }).end(readFileSync(file))
  })
  return new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server)))
}
