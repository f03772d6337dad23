// `inspect`: every form in which people get cookies, the output for each, and where one was
// altered.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findAlteration } from '../../bin/alteration.ts'
import { listSecrets, parseSealed } from '../../bin/sealed.ts'
import { createSessions } from 'sealed-session'
import type { SessionOptions } from 'sealed-session'
import { overflow } from 'sealed-session/overflow'
import { pairsOf } from '../support/cookie-jar.ts'
import { runCommand } from '../support/command.ts'
import {
  DAY,
  NAME,
  SECRET,
  START,
  mint,
  mintAt,
  mintTicket,
  mintToken,
  payload,
  secretId,
} from '../support/mint.ts'

const folder = mkdtempSync(join(tmpdir(), 'inspect-'))
const AT = new Date((START + 3600) * 1000).toISOString()

afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a file and returns its path. */
function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

interface Answer extends Readonly<Record<string, unknown>> {
  readonly code: number
  readonly checks: readonly {
    readonly check: string
    readonly result: string
    readonly detail: string
  }[]
}

/** Inspects an hour after `START`, and returns the output of `--json`. */
async function inspect(input: string, ...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runCommand(['inspect', '--json', '--at', AT, ...args], {
    secrets: SECRET,
    input,
  })
  expect(stderr).toBe('')
  return { code, ...JSON.parse(stdout) }
}

/** Returns the check that failed, as `check: detail`. */
async function failure(input: string, ...args: string[]): Promise<string> {
  const { checks } = await inspect(input, ...args)
  const failed = checks.find(({ result }) => result === 'failed')
  return failed === undefined ? 'none' : `${failed.check}: ${failed.detail}`
}

const value = mint()
const cookie = `${NAME}=${value}`

/** Returns the `Set-Cookie` lines of a session in two cookies. */
async function longLines(): Promise<string[]> {
  const sessions = createSessions({ secrets: SECRET, limits: 'node', clock: () => START * 1000 })
  const session = await sessions.open(null)
  session.set('note', 'x'.repeat(4000))
  return sessions.setCookies(session)
}

/** Returns a HAR file of these requests and responses. */
function har(entries: readonly { url: string; sent?: string; set?: string }[]): string {
  const field = (name: string, text: string | undefined) =>
    text === undefined ? [] : [{ name, value: text }]
  return JSON.stringify({
    log: {
      entries: entries.map(({ url, sent, set }) => ({
        request: { url, headers: field('Cookie', sent) },
        response: { headers: field('set-cookie', set) },
      })),
    },
  })
}

describe('accepts', () => {
  test.each<[string, string]>([
    ['a Cookie header', `Cookie: theme=dark; ${cookie}`],
    ['a header without its name', cookie],
    ['a Set-Cookie line', `Set-Cookie: ${cookie}; Path=/; HttpOnly; Secure`],
    ['a Set-Cookie line without its name', `${cookie}; Max-Age=604800; Path=/`],
    ['a value alone', value],
    [
      '"Copy as cURL"',
      `curl 'https://shop.test/' \\\n  -H 'accept: */*' \\\n  -b '${cookie}' \\\n  --compressed`,
    ],
    [
      '"Copy as cURL" of Windows',
      `curl ^"https://shop.test/^" ^\r\n  -H ^"accept: */*^" ^\r\n  -b ^"a=1^%^20; ${cookie}^"`,
    ],
    ['a quoted pair', `"${cookie}"`],
    ['"Copy as cURL" with a header', `curl 'https://shop.test/' -H 'Cookie: ${cookie}'`],
    [
      'a cookie jar of curl',
      `# Netscape HTTP Cookie File\n\n#HttpOnly_shop.test\tFALSE\t/\tTRUE\t0\t${NAME}\t${value}\n`,
    ],
    ['a HAR file', har([{ url: 'https://shop.test/', sent: cookie }])],
    [
      'a HAR file with a login',
      har([{ url: 'https://shop.test/', set: `${cookie}; Path=/\na=b; Path=/` }]),
    ],
  ])('%s', async (_, input) => {
    expect(await inspect(input)).toMatchObject({ code: 0, accepted: true, data: { user: 'ada' } })
  })

  test('a bare token, with the purpose that it was sealed for', async () => {
    expect(await inspect(mintToken())).toMatchObject({ accepted: true, purpose: 'token' })
    const reset = mintToken(undefined, { purpose: 'token password reset' })
    expect(await inspect(reset, '--purpose', 'password reset')).toMatchObject({ accepted: true })
    expect(await inspect(reset)).toMatchObject({ accepted: false, reason: 'undecryptable' })
  })

  test('the output of curl -v: the last request and the cookies set after it, but not the body', async () => {
    const old = mint(undefined, { secret: '6ihpjzkcL9evMVM-e8hJpUF4tyWMPvvHVJrDP9ggIdY' })
    const input = [
      '* Connected to shop.test',
      '> GET / HTTP/1.1',
      `> Cookie: ${NAME}=${old}`,
      '< HTTP/1.1 302 Found',
      '> GET /home HTTP/1.1',
      '> Cookie: theme=dark',
      '< HTTP/1.1 200 OK',
      `< Set-Cookie: ${cookie}; Path=/`,
      `${NAME}=${old}`,
    ]
    expect(await inspect(input.join('\n'))).toMatchObject({ accepted: true, cookies: 1 })
  })

  test('the last host of a HAR file that has a session', async () => {
    const stale = mintAt({ startedAt: START - 30 * DAY })
    const input = har([
      { url: 'https://shop.test/', sent: `${NAME}=${stale}` },
      { url: 'https://shop.test/login', set: `${cookie}; Path=/` },
      { url: 'https://images.test/', sent: 'a=b' },
    ])
    expect(await inspect(input)).toMatchObject({ accepted: true, cookies: 1 })
  })

  test('a file, and input of any length', async () => {
    expect(await inspect('', file('cookies.txt', cookie))).toMatchObject({ accepted: true })
    const long = `Cookie: ${'other=1; '.repeat(200_000)}${cookie}`
    expect(await inspect(long)).toMatchObject({ accepted: true })
  })

  test('any name whose value looks like a session, and lists the others', async () => {
    const one = mint(undefined, { name: 'sid' })
    const foreign = mint(undefined, {
      secret: '4j3xnhyMAkerCvpixQPLWuorpKn4_XIFe9nTfTngsgs',
      name: 'other',
    })
    const answer = await inspect(
      `other=${foreign}; sid=${one}; sid.t=${mintTicket(START, undefined, { name: 'sid' })}`,
    )
    expect(answer).toMatchObject({ accepted: true, name: 'sid', others: ['other'] })
  })
})

describe('shows', () => {
  test('scopes, messages, stamps, the lifetime and the ticket, but never a CSRF secret', async () => {
    const more = {
      s: { cart: [{ items: 2 }, {}] },
      f: [['notice', 'Saved']],
      c: 'BBECAwQFBgcICQoLDA0ODw',
      t: 1,
      o: 'abcdwxyz',
      l: 'remembered',
    }
    const all = `${NAME}=${mint(undefined)}`
    expect(await inspect(all)).not.toHaveProperty('scopes')
    const session = mintAt({}, { more })
    const ticket = mintTicket(START + 1800)
    const answer = await inspect(`${NAME}=${session}; ${NAME}.t=${ticket}; ${NAME}.x=abcd`)
    expect(answer).toMatchObject({
      accepted: true,
      scopes: { cart: [{ items: 2 }, {}] },
      messages: [['notice', 'Saved']],
      csrf: 'has a secret',
      testCookie: 'is set',
      knowsStamps: ['abcd', 'wxyz'],
      stamps: ['abcd'],
      lifetime: 'remembered',
      usedAt: new Date((START + 1800) * 1000).toISOString(),
    })
    expect(JSON.stringify(answer)).not.toContain(more.c)
  })

  test('times in words, and the result of each check', async () => {
    const { stdout } = await runCommand(['inspect', '--at', AT], { secrets: SECRET, input: cookie })
    expect(stdout).toMatch(/^startedAt +1 hour ago \(2026-01-15 12:00:00 UTC\)$/m)
    expect(stdout).toMatch(/^ {2}ok secret +\S+, the newest$/m)
    expect(stdout).toMatch(/^ {2}\? {2}idle +last used 1 hour ago .* tell --idle-timeout/m)
    expect(stdout).not.toContain('\u001b')
  })

  test('the contents of a session that is rejected for its times, too', async () => {
    const answer = await inspect(cookie, '--idle-timeout', '10m')
    expect(answer).toMatchObject({
      code: 1,
      reason: 'idle',
      limit: 'idleTimeout',
      secretId: secretId(),
    })
    expect(answer['usedAt']).toBe(new Date(START * 1000).toISOString())
    expect(answer).not.toHaveProperty('data')
  })
})

describe('checks a session', () => {
  test('only by given options: an old session may have a long lifetime', async () => {
    const old = `${NAME}=${mintAt({ startedAt: START - 20 * DAY, life: 30 * DAY })}`
    const answer = await inspect(old)
    expect(answer).toMatchObject({ code: 0, accepted: true })
    const open = answer.checks.filter(({ result }) => result === 'open').map(({ check }) => check)
    expect(open).toEqual(['idle', 'options'])
    expect(await inspect(old, '--idle-timeout', '1d')).toMatchObject({ reason: 'idle' })
    expect(await inspect(old, '--max-age', '1w')).toMatchObject({ reason: 'expired' })
  })

  test.each([
    ['config.js', 'export default'],
    [
      'config.ts',
      'const secret: string = process.env.SESSION_SECRETS ?? ""\nexport const options =',
    ],
    ['config.mjs', 'export default async () =>'],
  ])('by all options of a configuration in %s', async (name, start) => {
    const options =
      '({ secrets: process.env.SESSION_SECRETS, cookie: { name: "sid" }, idleTimeout: 600 })'
    const path = file(name, `${start} ${options}\n`)
    const input = `sid=${mint(undefined, { name: 'sid' })}`
    expect(await inspect(input, '--config', path)).toMatchObject({ reason: 'idle', name: 'sid' })
    expect(await inspect(input, '--config', path, '--idle-timeout', '2h')).toMatchObject({
      accepted: true,
    })
  })

  test('by validAfter, revoked, schema and serializer of a configuration', async () => {
    const config = (name: string, more: string) =>
      file(
        name,
        `export default { secrets: process.env.SESSION_SECRETS, idleTimeout: false, ${more} }`,
      )
    expect(
      await inspect(cookie, '--config', config('a.mjs', `validAfter: ${START + 1}`)),
    ).toMatchObject({
      reason: 'revoked',
      limit: 'validAfter',
    })
    expect(await inspect(cookie, '--config', config('b.mjs', 'revoked: () => true'))).toMatchObject(
      {
        reason: 'revoked',
        limit: 'revoked',
      },
    )
    const schema =
      "schema: { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [{ message: 'no' }] }) } }"
    expect(await inspect(cookie, '--config', config('c.mjs', schema))).toMatchObject({
      reason: 'invalid-data',
    })
    expect(await failure(cookie, '--config', config('d.mjs', schema))).toContain('schema')
  })

  test('with the store of a configuration, for a session that has moved', async () => {
    const parcels = new Map<string, string>()
    const storage = {
      getItem: (key: string) => parcels.get(key),
      setItem: (key: string, value: string) => parcels.set(key, value),
      removeItem: (key: string) => parcels.delete(key),
    }
    const clock = () => START * 1000
    const sessions = createSessions({ secrets: SECRET, clock, overflow: overflow({ storage }) })
    const session = await sessions.open(null)
    session.set('cart', 'x'.repeat(20_000))
    const moved = pairsOf(await sessions.setCookies(session))
    expect(await inspect(moved)).toMatchObject({ reason: 'incomplete', parcel: expect.any(String) })

    const library = new URL('../../dist/overflow/overflow.js', import.meta.url).href
    const store = file(
      'store.mjs',
      `import { overflow } from ${JSON.stringify(library)}
      const parcels = new Map(${JSON.stringify([...parcels])})
      const storage = { getItem: (key) => parcels.get(key), setItem() {}, removeItem() {} }
      export default { secrets: process.env.SESSION_SECRETS, overflow: overflow({ storage }) }`,
    )
    const report = await inspect(moved, '--config', store)
    expect(report).toMatchObject({ accepted: true, data: { cart: 'x'.repeat(20_000) } })
  })

  test.each([
    ['that exports no options', 'export const one = 1', 'must export the options'],
    [
      'that exports sessions',
      'export default { open() {}, commit() {} }',
      'must export the options',
    ],
    ['that fails', "throw new Error('hunter2')", 'failed (Error)'],
    ['whose secrets are undefined', 'export default { secrets: () => undefined }', 'are undefined'],
  ])('by no configuration %s, and says so without its text', async (name, content, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.mjs`, content)
    const { code, stderr } = await runCommand(['inspect', '--config', path], {
      secrets: SECRET,
      input: cookie,
    })
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(stderr).not.toContain('hunter2')
  })
})

describe('says what was altered', () => {
  const [id, day = '', iv = '', ciphertext = ''] = value.split('.')
  const at = (place: number) => {
    const index = place - 1
    const other = value[index] === 'A' ? 'B' : 'A'
    return `${NAME}=${value.slice(0, index)}${other}${value.slice(index + 1)}`
  }
  const atIv = `${id}.${day}.`.length + 1
  const atCiphertext = atIv + iv.length + 1
  const atTag = atCiphertext + ciphertext.length + 1

  test.each([
    ['the IV', atIv + 3, 'IV'],
    ['the first character of the ciphertext', atCiphertext, 'ciphertext'],
    ['the middle of the ciphertext', atCiphertext + 20, 'ciphertext'],
    ['the tag', atTag + 5, 'tag'],
  ])('one character in %s, to the character', async (_, place, part) => {
    expect(await failure(at(place))).toContain(part)
    expect(await inspect(at(place))).toMatchObject({
      reason: 'undecryptable',
      alteration: { from: place, to: place },
    })
  })

  test('the id of the secret, and the day', async () => {
    expect(await failure(`${NAME}=${value.replace(/^..../, 'AAAA')}`)).toBe(
      `secret: the id of the secret was altered: it was ${secretId()}`,
    )
    const moment = Date.now()
    const today = Math.floor(moment / DAY_MS)
    const recent = mint(undefined, { day: today })
    const changed = recent.replace(`.${today}.`, `.${today - 1}.`)
    expect(await failure(`${NAME}=${changed}`, '--at', new Date(moment).toISOString())).toContain(
      `the day was altered: it was ${today}`,
    )
  })

  test('a range, if more was altered', async () => {
    const bad = 'A'.repeat(12)
    const place = 24
    const changed = ciphertext.slice(0, place) + bad + ciphertext.slice(place + 12)
    const { alteration } = await inspect(`${NAME}=${value.replace(ciphertext, changed)}`)
    const { from, to } = alteration as { from: number; to: number }
    expect(from).toBeGreaterThanOrEqual(atCiphertext + place - 1)
    expect(to).toBeLessThanOrEqual(atCiphertext + place + 13)
  })

  test('which cookie of several, and the place in it', async () => {
    const lines = await longLines()
    const [first = '', second = ''] = pairsOf(lines).split('; ')
    const changed = `${second.slice(0, 60)}${second[60] === 'A' ? 'B' : 'A'}${second.slice(61)}`
    const { alteration } = await inspect(`${first}; ${changed}`)
    const place = 61 - `${NAME}.1=`.length
    expect(alteration).toMatchObject({ place: `character ${place} of ${NAME}.1` })
  })

  test('every single character, in any position', () => {
    const long = mint(payload({ data: { note: 'x'.repeat(40) } }))
    const secrets = listSecrets(SECRET)
    const use = { purpose: 'cookie', name: NAME }
    const from = long.indexOf('.', 5) + 1
    for (let place = from; place < long.length; place += process.env['SLOW'] ? 1 : 3) {
      if (long[place] === '.') continue
      const changed = changeAt(long, place)
      const parts = parseSealed(changed)
      const found = parts && findAlteration(parts, secrets, use, [])
      expect([place, found?.from, found?.to]).toEqual([place, place + 1, place + 1])
    }
  })

  test.each<[string, string, string]>([
    ['a cookie of another name', `sid=${value}`, `as a session of the cookie name ${NAME}`],
    ['a ticket', `${NAME}=${mintTicket(START)}`, `as a ticket of the cookie name ${NAME}`],
    [
      'a bare token',
      `${NAME}=${toCookie(mintToken())}`,
      `as a bare token of the cookie name ${NAME}`,
    ],
    ['one that was cut', `${NAME}=${value.slice(0, -5)}`, 'it was cut'],
    ['one that was encoded', `${NAME}=${value.replaceAll('.', '%2E')}`, 'percent-encoded'],
    ['one in quotes', `${NAME}="${value}"`, 'in quotes'],
    ['one of express-session', `${NAME}=s%3Aabc.def`, 'percent-encoded'],
    [
      'one of another secret',
      `${NAME}=${mint(undefined, { secret: 'x'.repeat(40) })}`,
      'none of these secrets',
    ],
  ])('%s for what it is', async (_, input, expected) => {
    expect(await failure(input, '--name', input.split('=', 1).join())).toContain(expected)
  })

  test('the missing parts by name', async () => {
    const [first = ''] = await longLines()
    expect(await failure(first)).toBe(`form: parts are missing: ${NAME}.1`)
  })
})

const DAY_MS = 86_400_000

/** Flips the highest bit of a character. */
function changeAt(text: string, place: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const other = alphabet[alphabet.indexOf(text[place] ?? '') ^ 32] ?? ''
  return text.slice(0, place) + other + text.slice(place + 1)
}

/** Returns the value of a cookie with the contents of a bare token. */
function toCookie(token: string): string {
  const [header = '', , ...sealed] = token.split('.')
  const { kid }: { kid: string } = JSON.parse(Buffer.from(header, 'base64url').toString())
  return [kid, ...sealed].join('.')
}

test('a session under other options has the result of the library itself', async () => {
  const options: Partial<SessionOptions> = { maxAge: 100, idleTimeout: false }
  const sessions = createSessions({
    secrets: SECRET,
    clock: () => (START + 3600) * 1000,
    ...options,
  })
  const { rejection } = await sessions.open(cookie)
  expect(await inspect(cookie, '--max-age', '100')).toMatchObject({ reason: rejection?.reason })
})
