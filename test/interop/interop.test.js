// Other systems read our cookies and tokens and write some for us, with only the secret and
// docs/format.md. Tests the built package: npm run build.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hkdfSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createSessions } from '../../dist/index.js'
import { PYTHON, implementations } from './implementations.js'

const NAME = '__Host-session'
const DAY = 86_400
const WEEK = 7 * DAY
const SECRET = randomBytes(32).toString('base64url')

/** 2026-01-15 12:00 UTC. */
const NOW = 1_768_478_400
const TODAY = Math.floor(NOW / DAY)
const NOON = NOW % DAY

const clock = () => NOW * 1000
const sessions = createSessions({ secrets: SECRET, clock, limits: 'node' })

for (const { name, missing, open, write } of implementations) {
  const title = `${name} and this library`
  if (missing !== undefined && process.env.CI) {
    test(title, () => assert.fail(`${name} is not installed, and this suite needs it: ${missing}`))
  } else if (missing !== undefined) {
    console.warn(`Skipped: ${title}. It is not installed: ${missing}`)
  } else {
    describe(title, () => suite(open, write))
  }
}

function suite(open, write) {
  test('they open our cookie as a token, and read every element and member', async () => {
    const session = await sessions.open(null)
    session.set('user', 'zoë 🦊')
    session.set('cart', [{ sku: 'tea', quantity: 2 }])
    session.scope('shop').set('coupon', null)
    session.flash('notice', 'Saved.')
    session.csrfToken()
    session.setTestCookie()
    const value = valueOf(await sessions.setCookies(session))
    const { header, payload } = await open(tokenOf(value), keyOf('cookie'))
    assert.deepEqual(header, headerOf())
    const [id, sealed, life, age, data, { c, ...more }] = JSON.parse(payload)
    assert.deepEqual([id, sealed, life, age], [session.id, NOON, WEEK, 0])
    assert.deepEqual(data, { user: 'zoë 🦊', cart: [{ sku: 'tea', quantity: 2 }] })
    assert.match(c, /^[\w-]{22}$/)
    assert.deepEqual(more, { s: { shop: [{ coupon: null }, {}] }, f: [['notice', 'Saved.']], t: 1 })
  })

  test('they open a session of several cookies, and bare tokens with their own keys', async () => {
    const session = await sessions.open(null)
    const text = 'tea, '.repeat(1500)
    session.set('text', text)
    const lines = await sessions.setCookies(session)
    assert.equal(lines.length, 3)
    const cookies = await open(tokenOf(valueOf(lines)), keyOf('cookie'))
    assert.equal(JSON.parse(cookies.payload)[4].text, text)

    const token = await sessions.seal(session)
    const bare = await open(token, keyOf('token'))
    assert.equal(JSON.parse(bare.payload)[0], session.id)
    await assert.rejects(async () => open(token, keyOf('cookie')))
    const reset = await sessions.seal(session, 'password reset')
    assert.deepEqual((await open(reset, keyOf('token', 'password reset'))).payload, bare.payload)
    await assert.rejects(async () => open(reset, keyOf('token')))
  })

  test('they open our ticket', async () => {
    const later = createSessions({ secrets: SECRET, clock: () => (NOW + 9000) * 1000 })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const value = valueOf(await sessions.setCookies(session))
    const [line = ''] = await later.setCookies(touched(await later.open(`${NAME}=${value}`)))
    assert.match(line, /^__Host-session\.t=/)
    const { payload } = await open(tokenOf(valueOf([line])), keyOf('ticket'))
    assert.deepEqual(JSON.parse(payload), [session.id.slice(0, 8), NOON + 9000])
  })

  test('we open what they write, with spaces and in another order, and keep its identity', async () => {
    const id = randomBytes(16).toString('base64url')
    const more = { f: [['notice', 'Hi.']], s: { shop: [{ a: 1 }, {}] } }
    const data = { user: 'zoë 🦊', n: 1.5 }
    const payload = JSON.stringify([id, NOON, 600, 60, data, more], null, 3)
    const token = await write(headerOf(), payload, keyOf('cookie'))
    const session = await sessions.open(`${NAME}=${shortened(token)}`)
    assert.equal(session.rejection, undefined)
    assert.deepEqual(session.toJSON(), data)
    assert.equal(session.scope('shop').get('a'), 1)
    assert.deepEqual([session.id, session.isNew], [id, false])
    assert.deepEqual(session.startedAt, new Date((NOW - 60) * 1000))
    assert.deepEqual(session.expiresAt, new Date((NOW + 540) * 1000))

    session.set('n', 2)
    const again = await sessions.open(`${NAME}=${valueOf(await sessions.setCookies(session))}`)
    assert.deepEqual([again.id, again.get('n')], [id, 2])
    assert.deepEqual(again.startedAt, session.startedAt)
    assert.deepEqual(again.flash('notice'), ['Hi.'])
  })

  test('we open bare tokens and tickets that they write', async () => {
    const id = randomBytes(16).toString('base64url')
    const payload = JSON.stringify([id, NOON - 9000, WEEK, 0, { user: 'ada' }])
    const bare = await write(headerOf(), payload, keyOf('token'))
    assert.equal((await sessions.unseal(bare)).get('user'), 'ada')
    const reset = await write(headerOf(), payload, keyOf('token', 'password reset'))
    assert.equal((await sessions.unseal(reset, 'password reset')).get('user'), 'ada')
    assert.equal((await sessions.unseal(reset)).rejection?.reason, 'undecryptable')

    const cookie = shortened(await write(headerOf(), payload, keyOf('cookie')))
    const text = JSON.stringify([id.slice(0, 8), NOON - 600])
    const ticket = shortened(await write(headerOf(), text, keyOf('ticket')))
    const session = await sessions.open(`${NAME}=${cookie}; ${NAME}.t=${ticket}`)
    assert.deepEqual(session.expiresAt, new Date((NOW - 600 + DAY) * 1000))
  })

  test('values that they write are rejected when ours would be', async () => {
    const id = randomBytes(16).toString('base64url')
    const reasonOf = async (changes, key, header = headerOf()) => {
      const elements = [id, NOON, WEEK, 0, {}]
      const payload = JSON.stringify(Object.assign(elements, changes))
      const token = await write(header, payload, key)
      return (await sessions.open(`${NAME}=${shortened(token)}`)).rejection?.reason
    }
    const key = keyOf('cookie')
    const none = { ...headerOf(), kid: `none.${TODAY}` }
    assert.equal(await reasonOf({}, key), undefined)
    assert.equal(await reasonOf({ 2: 600, 3: 600 }, key), undefined)
    assert.equal(await reasonOf({ 1: NOON - 600, 2: 60, 3: 0 }, key), 'expired')
    assert.equal(await reasonOf({ 3: WEEK + 1 }, key), 'malformed')
    assert.equal(await reasonOf({ 4: [] }, key), 'invalid-data')
    assert.equal(await reasonOf({ 5: { unknown: 1 } }, key), 'malformed')
    assert.equal(await reasonOf({}, keyOf('token')), 'undecryptable')
    assert.equal(await reasonOf({}, key, none), 'unknown-key')
    // The other members of the header do not reach us, but they are authenticated.
    assert.equal(await reasonOf({}, key, { ...headerOf(), typ: 'JWT' }), 'undecryptable')
    const bare = await write({ ...headerOf(), typ: 'JWT' }, '[]', keyOf('token'))
    assert.equal((await sessions.unseal(bare)).rejection?.reason, 'malformed')
  })
}

const reader = fileURLToPath(new URL('reader.py', import.meta.url))
const missing = spawnSync(PYTHON, ['-c', 'import cryptography'], { stdio: 'ignore' }).status !== 0

describe('the reader in Python that is written from docs/format.md', { skip: missing }, () => {
  const file = new URL('../security/vectors/v1.json', import.meta.url)
  const { valid, invalid, ...config } = JSON.parse(readFileSync(file, 'utf8'))

  test('opens every valid vector, with all of its contents', () => {
    const results = read(config, valid)
    assert.equal(results.length, valid.length)
    for (const [index, result] of results.entries()) {
      const { title, id, startedAt, expiresAt, data, ...more } = valid[index]
      const { scopes = {}, messages = [], csrf = null, test: isTest = false } = more
      const expected = { id, startedAt, expiresAt, data, scopes, messages, csrf, test: isTest }
      const { sealedAt, usedAt, ...rest } = result
      assert.deepEqual(rest, expected, title)
      assert.ok(startedAt <= sealedAt && sealedAt <= usedAt, title)
    }
  })

  test('rejects every invalid vector, for the same reason', () => {
    const results = read(config, invalid)
    assert.ok(invalid.length > 250)
    for (const [index, result] of results.entries()) {
      const { title, reason } = invalid[index]
      assert.deepEqual(result, { reason }, title)
    }
  })

  test('agrees with this library about every input that the fuzzer kept', async () => {
    const kept = new URL('../fuzz/corpus/found.jsonl', import.meta.url)
    const lines = readFileSync(kept, 'utf8').trimEnd().split('\n')
    const inputs = lines.map((line) => JSON.parse(line))
    assert.ok(inputs.length > 100)
    const secrets = [
      'LI2AKRU3MXxKUJPHL8OGRo9_mZjgpXjJYa0c9iWsTY8',
      '6ihpjzkcL9evMVM-e8hJpUF4tyWMPvvHVJrDP9ggIdY',
    ]
    const named = {
      long: { maxAge: 30 * DAY, idleTimeout: 14 * DAY },
      short: { maxAge: 3600, idleTimeout: 600 },
    }
    const lifetimes = { default: { maxAge: WEEK, idleTimeout: DAY }, named }
    const settings = { name: NAME, secrets, now: NOW, clockTolerance: 5, lifetimes }
    const ours = createSessions({ secrets, clock, lifetimes: named })
    const cases = inputs.flatMap((input) => [{ cookie: input }, { token: input }])
    const verdicts = new Set()
    for (const [index, result] of read(settings, cases).entries()) {
      const { cookie, token } = cases[index]
      const session = token === undefined ? await ours.open(cookie) : await ours.unseal(token)
      const verdict = session.rejection?.reason ?? session.id
      assert.equal(result?.reason ?? result?.id, verdict, JSON.stringify(cases[index]))
      verdicts.add(verdict)
    }
    assert.ok(verdicts.size > 10)
  })

  test('opens values of this library: cookies, parts, tickets, bare tokens', async () => {
    const session = await sessions.open(null)
    session.set('text', 'zoë 🦊 '.repeat(1000))
    session.flash('notice', 'Saved.')
    const { data, ...times } = viewOf(session)
    const lines = await sessions.setCookies(session)
    assert.ok(lines.length > 2)
    const cookie = lines.map((line) => line.split(';', 1).join()).join('; ')
    const later = { ...config, secrets: [SECRET], now: NOW + 9000 }
    const hours = createSessions({
      secrets: SECRET,
      clock: () => later.now * 1000,
      limits: 'node',
    })
    const [line = ''] = await hours.setCookies(touched(await hours.open(cookie)))
    const ticket = line.split(';', 1).join()
    const token = await sessions.seal(session, 'invitation')

    const cases = [{ cookie }, { cookie: `${cookie}; ${ticket}` }, { token, purpose: 'invitation' }]
    const [first, second, third] = read(later, cases)
    assert.deepEqual(
      [first.data, first.messages, first.id],
      [data, [['notice', 'Saved.']], session.id],
    )
    assert.deepEqual([first.startedAt, first.expiresAt], [times.startedAt, NOW + DAY])
    assert.deepEqual([second.usedAt, second.expiresAt], [NOW + 9000, NOW + 9000 + DAY])
    assert.deepEqual([third.id, third.data], [session.id, data])
  })
})

if (missing && process.env.CI) {
  test('the reader in Python', () =>
    assert.fail(
      'cryptography is not installed, and this suite needs it: apt-get install python3-cryptography',
    ))
}

/** Returns the results of the reader in Python for each case. */
function read(config, cases) {
  const input = JSON.stringify({ config, cases })
  const { status, stdout, stderr } = spawnSync(PYTHON, [reader], { input, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

function viewOf(session) {
  return { data: session.toJSON(), startedAt: session.startedAt.getTime() / 1000 }
}

function touched(session) {
  session.touch()
  return session
}

/** Returns the sealed value in the cookies of a response, joined. */
function valueOf(lines) {
  const values = lines.map((line) => /^[^=]*=([^;]*)/.exec(line)?.[1] ?? '')
  return values.length === 1 ? values.join() : values.join('').replace(/^\d+\./, '')
}

/** Returns the compact JWE that corresponds to a cookie's value. */
function tokenOf(value) {
  const [id, day, ...sealed] = value.split('.')
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${id}.${day}"}`
  return `${Buffer.from(header).toString('base64url')}..${sealed.join('.')}`
}

/** Returns the cookie's value that corresponds to a compact JWE. */
function shortened(token) {
  const [header = '', , ...sealed] = token.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString())
  return [kid, ...sealed].join('.')
}

function headerOf() {
  const id = derive('id', 3).toString('base64url')
  return { alg: 'dir', enc: 'A256GCM', kid: `${id}.${TODAY}` }
}

function keyOf(purpose, ...text) {
  return derive([purpose, TODAY, NAME, ...text].join(' '), 32)
}

function derive(context, bytes) {
  return Buffer.from(hkdfSync('sha256', SECRET, '', `sealed-session/1 ${context}`, bytes))
}
