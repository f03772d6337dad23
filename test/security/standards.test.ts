// Published requirements on a session's cookies and keys that no other suite covers.
// docs/requirements.md lists which requirement each of these tests.

import { readFileSync, readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionEvent, SessionOptions } from 'sealed-session'
import { createJar, toCookieHeader } from '../support/cookie-jar.ts'
import { NAME, SECRET, START } from '../support/mint.ts'

type Data = Record<string, unknown>

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const time = { now: START }
  const clock = () => time.now * 1000
  return { time, sessions: createSessions<Data>({ secrets: SECRET, clock, ...options }) }
}

interface Line {
  readonly name: string
  readonly value: string
  readonly attributes: readonly string[]
}

function read(line: string): Line {
  const [pair = '', ...attributes] = line.split('; ')
  const at = pair.indexOf('=')
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes }
}

/**
 * Returns all cookies of a session's life: any sizes, with logouts between them, with the given
 * options.
 */
async function linesOfALife(sizes: readonly number[], options: Partial<SessionOptions<Data>> = {}) {
  const { sessions, time } = setUp({ limits: 'node', ...options })
  const jar = createJar()
  const responses: Line[][] = []
  for (const size of sizes) {
    time.now += 1
    const session = await sessions.open(jar.request())
    if (size === 0) session.destroy()
    else session.set('text', 'x'.repeat(size))
    const lines = await sessions.setCookies(session)
    jar.store(lines)
    responses.push(lines.map(read))
  }
  return responses
}

const sizes = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9000 })), {
  minLength: 1,
  maxLength: 6,
})

describe('every cookie that is ever sent by default', () => {
  test('is Secure, HttpOnly, SameSite=Lax, for this host alone, under the __Host- prefix', async () => {
    let seen = 0
    await fc.assert(
      fc.asyncProperty(sizes, async (life) => {
        for (const { name, attributes } of (await linesOfALife(life)).flat()) {
          seen++
          expect(name).toMatch(/^__Host-session(\.\d+|\.x)?$/)
          for (const each of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/']) {
            expect(attributes).toContain(each)
          }
          expect(attributes.filter((text) => /^domain/i.test(text))).toEqual([])
        }
      }),
      { numRuns: 30 },
    )
    expect(seen).toBeGreaterThan(30)
  })

  test('has each attribute once, without white space around it, and occurs once in a response', async () => {
    let seen = 0
    await fc.assert(
      fc.asyncProperty(sizes, async (life) => {
        for (const lines of await linesOfALife(life)) {
          seen += lines.length
          expect(new Set(lines.map(({ name }) => name)).size).toBe(lines.length)
          for (const { attributes } of lines) {
            const names = attributes.map((text) => text.split('=')[0]?.toLowerCase())
            expect(new Set(names).size).toBe(names.length)
            for (const text of attributes) expect(text).toBe(text.trim())
          }
        }
      }),
      { numRuns: 30 },
    )
    expect(seen).toBeGreaterThan(30)
  })

  test('has a value of base64url, digits and dots, and at most 4 096 bytes with its name', async () => {
    let fullest = 0
    await fc.assert(
      fc.asyncProperty(sizes, async (life) => {
        for (const { name, value } of (await linesOfALife(life)).flat()) {
          expect(value).toMatch(/^[\w.-]*$/)
          fullest = Math.max(fullest, name.length + value.length)
        }
      }),
      { numRuns: 30, examples: [[[9000]]] },
    )
    expect(fullest).toBeGreaterThan(4000)
    expect(fullest).toBeLessThanOrEqual(4096)
  })

  test('is kept by the browser until the session ends, and no longer', async () => {
    for (const idleTimeout of [600, 3600, false] as const) {
      const { sessions, time } = setUp({ maxAge: 3600, idleTimeout })
      const session = await sessions.open(null)
      session.set('user', 'ada')
      const lines = await sessions.setCookies(session)
      expect(read(lines[0] ?? '').attributes).toContain('Max-Age=3600')

      // The absolute end does not move when the session is used or changed.
      time.now += 300
      const used = await sessions.open(toCookieHeader(lines))
      used.touch()
      const [ticket = ''] = await sessions.setCookies(used)
      expect(read(ticket)).toMatchObject({ name: `${NAME}.t` })
      expect(read(ticket).attributes).toContain('Max-Age=3300')
      const changed = await sessions.open(toCookieHeader(lines))
      changed.set('user', 'eve')
      const [line = ''] = await sessions.setCookies(changed)
      expect(read(line).attributes).toContain('Max-Age=3300')
    }
  })

  test('ends with the browser if it is not persistent, in all its parts', async () => {
    const [lines = []] = await linesOfALife([9000], { cookie: { persistent: false } })
    expect(lines.length).toBeGreaterThan(2)
    for (const { attributes } of lines) {
      expect(attributes.filter((text) => /^(max-age|expires)/i.test(text))).toEqual([])
    }
  })
})

test('only the id of a key and the day can be read from a cookie', async () => {
  const { sessions } = setUp()
  const session = await sessions.open(null)
  session.set('email', 'ada@example.test')
  const [line = ''] = await sessions.setCookies(session)
  const [secretId, day, ...parts] = read(line).value.split('.')
  expect(secretId).toMatch(/^[\w-]{4}$/)
  expect(day).toBe('20468')
  const others = parts.map((part) => Buffer.from(part, 'base64url').toString('latin1'))
  expect(others.map(({ length }) => length).with(1, 0)).toEqual([12, 0, 16])
  expect(others.join()).not.toMatch(/email|ada/)
  expect(line).not.toContain(session.id)
})

test('the id in events opens no session, so it may be logged', async () => {
  const events: SessionEvent[] = []
  const { sessions } = setUp({ observe: (event) => void events.push(event) })
  const session = await sessions.open(null)
  session.set('user', 'ada')
  const cookie = toCookieHeader(await sessions.setCookies(session))
  const { id = '' } = await sessions.open(cookie)
  expect(id).toHaveLength(22)
  expect(JSON.stringify(events)).toContain(id)
  expect(cookie).not.toContain(id)
  expect((await sessions.open(`${NAME}=${id}`)).rejection).toEqual({ reason: 'malformed' })
  expect((await sessions.unseal(id)).rejection).toEqual({ reason: 'malformed' })
})

test("a date for each user ends all her sessions but the one that is regenerated: a new password's", async () => {
  const changedAt = new Map<unknown, number>()
  const { sessions, time } = setUp({
    revoked: (session) =>
      (session.startedAt?.getTime() ?? 0) < (changedAt.get(session.get('user')) ?? 0),
  })
  async function logIn(user: string) {
    const session = await sessions.open(null)
    session.set('user', user)
    return toCookieHeader(await sessions.setCookies(session))
  }
  const [here, elsewhere, bob] = [await logIn('ada'), await logIn('ada'), await logIn('bob')]
  time.now += 60
  const session = await sessions.open(here)
  changedAt.set('ada', time.now * 1000)
  session.regenerate()
  session.set('user', 'ada')
  const renewed = toCookieHeader(await sessions.setCookies(session))
  for (const old of [here, elsewhere]) {
    expect((await sessions.open(old)).rejection).toEqual({ reason: 'revoked' })
  }
  expect((await sessions.open(renewed)).get('user')).toBe('ada')
  expect((await sessions.open(bob)).get('user')).toBe('bob')
})

test('a copy of a cookie from before regenerate is valid until its end, unless revoked by its id', async () => {
  const ended = new Set<string | undefined>()
  const { sessions, time } = setUp({ revoked: (session) => ended.has(session.id) })
  const session = await sessions.open(null)
  session.set('guest', true)
  const before = toCookieHeader(await sessions.setCookies(session))
  time.now += 60
  const login = await sessions.open(before)
  const { id } = login
  login.regenerate()
  login.set('user', 'ada')
  await sessions.setCookies(login)
  const copy = await sessions.open(before)
  expect([copy.get('guest'), copy.has('user'), copy.id]).toEqual([true, false, id])
  ended.add(id)
  expect((await sessions.open(before)).rejection).toEqual({ reason: 'revoked' })
})

describe('the cryptography', () => {
  const folder = new URL('../../src/', import.meta.url)
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const codeOf = (isWanted: (path: string) => boolean) =>
    paths
      .filter((path) => path.endsWith('.ts') && isWanted(path))
      .map((path) => readFileSync(new URL(path, folder), 'utf8'))
      .join('\n')
      // Without comments, and without commands in messages.
      .replace(/\/\*[\s\S]*?\*\/|\/\/.*$|^const MAKE = .*$/gm, '')
  const isOfDevice = (path: string) => path.startsWith('device/')
  const isOfOverflow = (path: string) => path.startsWith('overflow/')
  const code = codeOf((path) => !isOfDevice(path) && !isOfOverflow(path))
  const all = (pattern: RegExp) =>
    [...new Set(Array.from(code.matchAll(pattern), ([, found = '']) => found))].toSorted()

  test('is only AES-256-GCM, HKDF-SHA-256 and the random source of the runtime', () => {
    expect(all(/\bsubtle\.(\w+)/g)).toEqual(['deriveBits', 'importKey'])
    expect(all(/\bcrypto\.(?!subtle)(\w+)\(/g)).toEqual([
      'createCipheriv',
      'createDecipheriv',
      'createSecretKey',
      'getRandomValues',
      'randomFillSync',
    ])
    expect(all(/'((?:aes|sha|hkdf|hmac|md5|rsa|ecdh?|des-|rc\d|chacha|pbkdf)[\w-]*)'/gi)).toEqual([
      'AES-GCM',
      'HKDF',
      'SHA-256',
      'aes-256-gcm',
    ])
    expect(all(/\b(?:alg|enc)(?:": ?"|: ')(\w+)/g)).toEqual(['A256GCM', 'dir'])
  })

  test('of a device is ES256 and RS256, without signing or random numbers', () => {
    const ofDevice = codeOf(isOfDevice)
    const names = ofDevice.matchAll(/'((?:ES|RS|PS|HS|Ed)\w*\d+\w*|none)'/g)
    expect(new Set(Array.from(names, ([, name]) => name))).toEqual(new Set(['ES256', 'RS256']))
    expect(ofDevice).not.toMatch(/crypto\.|Math\.random|\bSign\b/)
  })

  test('of revocations is only SHA-256', () => {
    const ofOverflow = codeOf(isOfOverflow)
    const calls = Array.from(
      ofOverflow.matchAll(/crypto\.(?:subtle\.)?(\w+)\(('[\w-]+')?/g),
      String,
    )
    expect(calls).toEqual(["crypto.subtle.digest('SHA-256',digest,'SHA-256'"])
  })

  test('uses no random source that can be guessed', () => {
    expect(code).not.toMatch(/Math\.random|randomUUID|pseudoRandom/)
  })
})
