// Sessions of other libraries move over, and none is lost: in a new version, with both versions
// side by side, and on the way back.

import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { SECRET } from '../support/mint.ts'
import { moveBack, moveOver } from './moving.ts'
import type { OldSessions } from './moving.ts'
import { closeServers } from './writers/express.ts'
import type { Change, Data, Write } from './writers/writer.ts'

const LIBRARIES = {
  'iron-session-8': 'iron-session 8',
  'iron-session': 'iron-session 9',
  'next-auth': 'next-auth 4',
  'auth-core': 'Auth.js',
  'cookie-session': 'cookie-session',
  'express-session': 'express-session with a store',
  'fastify-secure-session': '@fastify/secure-session',
  'react-router': 'React Router',
  h3: 'h3 2',
  'nuxt-auth-utils': 'nuxt-auth-utils (h3 1)',
} as const

/** Browsers per test, and requests per browser with both versions. */
const BROWSERS = 25
const REQUESTS = 12

interface Row {
  moved: number
  lost: number
  back: number
}

const table = new Map<string, Row>()

afterAll(() => {
  closeServers()
  const rows = [...table].map(
    ([title, { moved, back, lost }]) => `| ${title} | ${moved} | ${back} | ${lost} |`,
  )
  process.stdout.write(
    ['| library | moved | moved back | lost |', '| --- | --- | --- | --- |', ...rows, ''].join(
      '\n',
    ),
  )
  expect([...table.values()].map(({ lost }) => lost)).toEqual([...table].map(() => 0))
})

/** The session of a request, and the lines of its response. */
interface Answer {
  readonly found: Data
  readonly lines: readonly string[]
}

type Version = (header: string, change: Change) => Promise<Answer>

const signIn =
  (user: string): Change =>
  () => ({ user, visits: 0, cart: [{ sku: 'a', count: 2 }], note: 'Grüße' })
const visit: Change = (data) => ({ ...data, visits: Number(data['visits']) + 1 })
const look: Change = (data) => data
const signOut: Change = () => undefined

function createVersions(old: OldSessions, write: Write) {
  const sessions = createSessions({ secrets: SECRET })

  /** The old version before a migration. */
  const before: Version = async (header, change) => {
    let found: Data = {}
    const lines = await write(header, (data) => change((found = data)))
    return { found, lines }
  }

  /** The old version that takes sessions back. */
  const prepared: Version = async (header, change) => {
    const { data, lines } = await moveBack(sessions, header, old)
    let found: Data = {}
    const written = await write(header, (own) => change((found = { ...own, ...data })))
    return { found, lines: [...lines, ...written] }
  }

  const after: Version = async (header, change) => {
    const session = await sessions.open(header)
    const lines = await moveOver(sessions, session, header, old)
    const found = session.toJSON()
    const data = change(found)
    if (data === undefined) session.destroy()
    else for (const [key, value] of Object.entries(data)) session.set(key, value)
    return { found, lines: [...lines, ...(await sessions.setCookies(session))] }
  }

  return { sessions, before, prepared, after }
}

async function ask(browser: Browser, version: Version, change: Change): Promise<Data> {
  const { found, lines } = await version(browser.header(), change)
  browser.store(lines)
  return found
}

function oldNames(browser: Browser, old: OldSessions): string[] {
  return browser.names().filter((name) => old.owns(name) && browser.value(name) !== '')
}

/** A small generator of numbers, the same each time. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

describe.each(Object.entries(LIBRARIES))('%s', async (file, title) => {
  const { old }: { old: OldSessions } = await import(`./old/${file}.ts`)
  const { write }: { write: Write } = await import(`./writers/${file}.ts`)
  const { before, prepared, after } = createVersions(old, write)
  const row: Row = { moved: 0, lost: 0, back: 0 }
  table.set(title, row)

  const count = (user: string, data: Data, visits: number): boolean => {
    const isHere = data['user'] === user && data['visits'] === visits
    if (!isHere) row.lost++
    return isHere
  }

  test('every session moves over once, with its data, and its cookies are deleted', async () => {
    for (let number = 0; number < BROWSERS; number++) {
      const browser = createJar()
      const user = `user ${number}`
      await ask(browser, before, signIn(user))
      await ask(browser, before, visit)
      expect(oldNames(browser, old)).not.toEqual([])
      const found = await ask(browser, after, visit)
      expect(found).toEqual({ user, visits: 1, cart: [{ sku: 'a', count: 2 }], note: 'Grüße' })
      expect(oldNames(browser, old)).toEqual([])
      if (count(user, await ask(browser, after, look), 2)) row.moved++
    }
  })

  test('with both versions side by side, no request is without its session', async () => {
    const random = createRandom(7)
    for (let number = 0; number < BROWSERS; number++) {
      const browser = createJar()
      const user = `user ${number}`
      await ask(browser, random() < 0.5 ? prepared : before, signIn(user))
      for (let visits = 0; visits < REQUESTS; visits++) {
        const isNew = random() < 0.5
        if (count(user, await ask(browser, isNew ? after : prepared, visit), visits)) {
          if (isNew) row.moved++
          else row.back++
        }
      }
    }
    expect(row.lost).toBe(0)
  })

  test('on the way back, every session is an old one again', async () => {
    for (let number = 0; number < BROWSERS; number++) {
      const browser = createJar()
      const user = `user ${number}`
      await ask(browser, before, signIn(user))
      await ask(browser, after, visit)
      expect(count(user, await ask(browser, prepared, visit), 1)).toBe(true)
      row.back++
      expect(browser.names().filter((name) => /^__Host-session(?:\.[t\d]+)?$/.test(name))).toEqual(
        [],
      )
      expect(count(user, await ask(browser, before, look), 2)).toBe(true)
    }
  })

  test('a session that begins in either version after a logout in the other is there in both', async () => {
    const browser = createJar()
    await ask(browser, before, signIn('ada'))
    await ask(browser, after, visit)
    await ask(browser, after, signOut)
    await ask(browser, prepared, signIn('grace'))
    expect(await ask(browser, after, look)).toMatchObject({ user: 'grace' })
    await ask(browser, prepared, signOut)
    expect(oldNames(browser, old)).toEqual([])
    expect(await ask(browser, after, signIn('ada'))).toEqual({})
    expect(await ask(browser, prepared, look)).toMatchObject({ user: 'ada' })
  })

  test('an old cookie that arrives late is not accepted a second time', async () => {
    const browser = createJar()
    await ask(browser, before, signIn('ada'))
    const late = oldNames(browser, old).map(
      (name) => `${name}=${browser.value(name)}; Path=/; Secure`,
    )
    await ask(browser, after, visit)
    browser.store(late)
    expect(await ask(browser, after, look)).toMatchObject({ user: 'ada', visits: 1 })
    expect(oldNames(browser, old)).toEqual([])
    await ask(browser, after, signOut)
    browser.store(late)
    expect(await ask(browser, after, look)).toEqual({})
  })

  test('two concurrent requests with the old cookie are both answered with its data', async () => {
    const browser = createJar()
    await ask(browser, before, signIn('ada'))
    const header = browser.header()
    const answers = [await after(header, visit), await after(header, visit)]
    for (const { found, lines } of answers) {
      expect(found).toMatchObject({ user: 'ada', visits: 0 })
      browser.store(lines)
    }
    expect(await ask(browser, after, look)).toMatchObject({ user: 'ada', visits: 1 })
  })

  test('a forged old cookie is not accepted, and not deleted', async () => {
    const browser = createJar()
    await ask(browser, before, signIn('ada'))
    for (const name of oldNames(browser, old)) {
      const value = browser.value(name) ?? ''
      for (const at of [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => Math.floor(value.length * part))) {
        const forger = createJar()
        const other = value[at] === 'A' ? 'B' : 'A'
        forger.store(
          browser.names().map((each) => `${each}=${browser.value(each)}; Path=/; Secure`),
        )
        forger.put(name, value.slice(0, at) + other + value.slice(at + 1))
        const { found, lines } = await after(forger.header(), look)
        expect([found, lines]).toEqual([{}, []])
      }
    }
    const unsigned = createJar()
    for (const name of oldNames(browser, old)) {
      unsigned.put(name, Buffer.from('{"user":"ada"}').toString('base64'))
    }
    expect((await after(unsigned.header(), look)).found).toEqual({})
  })

  test('a session that does not fit stays in the old cookie', async () => {
    const browser = createJar()
    const note = 'x'.repeat(2000)
    await ask(browser, before, () => ({ user: 'ada', note }))
    const small = createSessions({
      secrets: SECRET,
      limits: { cookies: 1, requestHeader: 1500, responseHeader: 1500 },
    })
    const session = await small.open(browser.header())
    expect(await moveOver(small, session, browser.header(), old)).toEqual([])
    expect([session.isEmpty, await small.setCookies(session)]).toEqual([true, []])
    expect(await ask(browser, before, look)).toMatchObject({ user: 'ada', note })
  })
})

test('a store drops the old session a minute after it has moved, for copies of its cookie too', async () => {
  const { old } = await import('./old/express-session.ts')
  const { write } = await import('./writers/express-session.ts')
  const { before, after } = createVersions(old, write)
  const browser = createJar()
  await ask(browser, before, signIn('ada'))
  const copy = browser.header()
  await ask(browser, after, look)
  expect((await after(copy, look)).found).toMatchObject({ user: 'ada' })
  const { now } = Date
  Date.now = () => now() + 61_000
  try {
    expect((await after(copy, look)).found).toEqual({})
  } finally {
    Date.now = now
  }
})

test('docs/migrating.md prints the tested code', () => {
  const page = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8')
  const files = ['moving.ts', ...Object.keys(LIBRARIES).map((name) => `old/${name}.ts`)]
  for (const file of files) {
    const code = readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(page, file).toContain(code.replaceAll("'../moving.ts'", "'./moving.ts'"))
  }
})

test('docs/migrating.md prints the numbers of this run', () => {
  const page = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8')
  const printed = Array.from(
    page.matchAll(/^\| (.+?)\s*\| (\d+)\s*\| (\d+)\s*\| (\d+)\s*\|$/gm),
    ([, title = '', ...numbers]) => [title, numbers.map(Number)] as const,
  )
  const counted = Array.from(
    table,
    ([title, { moved, back, lost }]) => [title, [moved, back, lost]] as const,
  )
  expect(printed).toEqual(counted)
})
