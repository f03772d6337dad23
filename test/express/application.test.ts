// One application, written for express-session, and its end-to-end test: on express-session, on
// cookie-session as far as that works, and on ours, with one line changed.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECRET } from '../support/mint.ts'
import { createVisitor } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const folder = new URL('./', import.meta.url)
const copies = new URL('node_modules/.copies/', folder)
const source = readFileSync(new URL('application.cjs', folder), 'utf8')

const LINE = /^app\.use\(require\('express-session'\).*$/m

/** The line that creates the sessions. */
const LINES = {
  'express-session': LINE.exec(source)?.[0] ?? '',
  'cookie-session': "app.use(require('cookie-session')({ secret: process.env.SECRET }))",
  'sealed-session':
    "app.use(require('sealed-session/express').expressSession(require('sealed-session').createSessions({ secrets: process.env.SECRET })))",
} as const

type Library = keyof typeof LINES

const running: ChildProcess[] = []

beforeAll(() => {
  rmSync(copies, { recursive: true, force: true })
  // As `npm install` would place it, beside the copies. The build is that of `npm run build`.
  const installed = new URL('node_modules/sealed-session/', copies)
  mkdirSync(installed, { recursive: true })
  copyFileSync(new URL('../../package.json', folder), new URL('package.json', installed))
  symlinkSync(new URL('../../dist', folder), new URL('dist', installed))
  for (const [library, line] of Object.entries(LINES)) {
    writeFileSync(
      fileOf(library),
      source.replace(LINE, () => line),
    )
  }
})

afterAll(() => {
  for (const child of running) child.kill()
  rmSync(copies, { recursive: true })
})

function fileOf(library: string): URL {
  return new URL(`${library}.cjs`, copies)
}

async function start(library: Library): Promise<Visitor> {
  const child = spawn(process.execPath, [fileOf(library).pathname], {
    env: { ...process.env, SECRET, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  for await (const port of createInterface(child.stdout)) {
    return createVisitor(`http://127.0.0.1:${port}`)
  }
  throw new Error(`${library} did not start`)
}

/** A page of the shop. */
interface Page {
  readonly title: string
  readonly user: string | null
  readonly cart: Record<string, { count: number }>
  readonly messages: string[]
  readonly errors: string[]
  readonly csrf: string
  readonly visits?: number
  readonly total?: number
  readonly orders?: number[]
}

/** The actions of a user: opens a page, and sends its form. */
function createUser(browser: Visitor) {
  let csrf = ''

  async function see(path: string, init?: RequestInit): Promise<Page> {
    const response = await browser.follow(path, init)
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    const page: Page = JSON.parse(text)
    csrf = page.csrf
    return page
  }

  async function send(path: string, fields: Record<string, string> = {}): Promise<Page> {
    const response = await browser.post(path, { csrf, ...fields })
    const location = response.headers.get('location')
    if (location === null) throw new Error(await response.text())
    return see(location)
  }

  return { see, send }
}

/** The promises of the application to a visitor without an account. */
async function testShop(browser: Visitor): Promise<void> {
  const { see, send } = createUser(browser)
  expect(await see('/')).toMatchObject({ title: 'Shop', user: null, visits: 1, messages: [] })
  expect(await see('/')).toMatchObject({ visits: 2 })
  await expect(send('/cart', { csrf: 'forged', sku: 'apple' })).rejects.toThrow('invalid csrf')

  expect(await send('/cart', { sku: 'apple' })).toMatchObject({
    title: 'Cart',
    cart: { apple: { count: 1 } },
    total: 2,
    messages: ['One apple in the cart'],
  })
  expect(await send('/cart', { sku: 'apple' })).toMatchObject({ total: 4 })
  expect(await send('/cart', { sku: 'plum' })).toMatchObject({ errors: ['We have no plum'] })
  expect(await see('/')).toMatchObject({ errors: [], cart: { apple: { count: 2 } } })
  expect(await send('/cart/remove', { sku: 'apple' })).toMatchObject({ cart: {}, total: 0 })
}

/** Its promises to a user. */
async function testAccount(browser: Visitor): Promise<void> {
  const { see, send } = createUser(browser)
  await see('/')
  await send('/cart', { sku: 'pear' })
  expect(await see('/checkout')).toMatchObject({ title: 'Sign in', user: null })
  const wrong = await send('/login', { username: 'ada', password: 'compiler' })
  expect(wrong).toMatchObject({ title: 'Sign in', user: null, errors: ['Wrong password'] })
  expect(await see('/login')).toMatchObject({ errors: [] })

  const before = browser.header()
  const signedIn = await send('/login', { username: 'ada', password: 'analytical' })
  expect(signedIn).toMatchObject({
    title: 'Checkout',
    user: 'Ada',
    cart: { pear: { count: 1 } },
    messages: ['Welcome, Ada'],
  })
  expect(browser.header()).not.toBe(before)
  expect(await send('/checkout')).toMatchObject({
    title: 'Account',
    cart: {},
    messages: [expect.stringMatching(/^Order \d+ is on its way$/)],
    orders: [expect.any(Number)],
  })
  expect(await send('/switch', { username: 'grace' })).toMatchObject({ user: 'Grace', orders: [] })
  expect(await send('/logout')).toMatchObject({ user: null, messages: ['Good-bye'] })
  expect(await see('/account')).toMatchObject({ title: 'Sign in' })
  await send('/login', { username: 'ada', password: 'analytical' })
  expect(await send('/forget')).toMatchObject({ user: null, visits: 1 })
}

/** Returns the output of `diff`, without line numbers. */
function diff(one: string, other: string): string[] {
  const [before, after] = [one.split('\n'), other.split('\n')]
  expect(before).toHaveLength(after.length)
  return before.flatMap((line, index) =>
    line === after[index] ? [] : [`- ${line}`, `+ ${after[index]}`],
  )
}

describe.each(['express-session', 'sealed-session'] as const)('on %s', (library) => {
  test('the shop and the accounts work as the application promises', async () => {
    await testShop(await start(library))
    await testAccount(await start(library))
  })
})

describe('on cookie-session', () => {
  test('the shop works, and signing in fails, because Passport needs regenerate', async () => {
    await testShop(await start('cookie-session'))
    await expect(testAccount(await start('cookie-session'))).rejects.toThrow(
      'req.session.regenerate is not a function',
    )
  })
})

test('the application has about 150 lines, and another one for ours', () => {
  expect(source.split('\n').length).toBeLessThan(170)
  const changed = diff(source, readFileSync(fileOf('sealed-session'), 'utf8'))
  process.stdout.write(`${changed.join('\n')}\n`)
  expect(changed).toEqual([`- ${LINES['express-session']}`, `+ ${LINES['sealed-session']}`])
})
