// The code of the page on h3, whose application handles a `Request`. It is run as it is printed. The
// other pages print files of examples, which `test/applications` drives.

import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createJar } from '../support/cookie-jar.ts'
import { findCodeBlocks, isCheckedWithTypes } from '../support/documents.ts'

const folder = new URL('blocks/run/', import.meta.url)

beforeAll(() => {
  vi.stubEnv('SESSION_SECRETS', randomBytes(32).toString('base64url'))
  mkdirSync(folder, { recursive: true })
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

test('the page on h3 counts the visits of a browser', async () => {
  const blocks = findCodeBlocks('docs/frameworks/h3.md').filter(isCheckedWithTypes)
  expect(blocks).toHaveLength(1)
  const path = new URL('h3.ts', folder)
  for (const { code } of blocks) writeFileSync(path, code)
  const { app } = (await import(path.href)) as {
    app: { fetch: (request: Request) => Response | Promise<Response> }
  }
  const browser = createJar()
  for (const visits of [1, 2, 3]) {
    const response = await app.fetch(browser.request('/'))
    browser.store(response)
    expect(await response.text()).toBe(`Visit ${visits}`)
  }
})
