// Other systems read our sessions and write some for us, knowing the secret and SECURITY.md alone. What
// is tested is the built package: npm run build.

import assert from 'node:assert/strict'
import { hkdfSync, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { createSessions } from '../../dist/index.js'
import { implementations } from './implementations.js'

const NAME = '__Host-session'
const DAY = 86_400
const SECRET = randomBytes(32).toString('base64url')

/** 2026-01-15 12:00 UTC. */
const NOW = 1_768_478_400
const TODAY = Math.floor(NOW / DAY)

const sessions = createSessions({ secrets: SECRET, clock: () => NOW * 1000, limits: 'node' })

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
  test('they open our cookie, and read every claim and member', async () => {
    const session = await sessions.open(null)
    session.set('user', 'zoë 🦊')
    session.set('cart', [{ sku: 'tea', quantity: 2 }])
    session.scope('shop').set('coupon', null)
    session.flash('notice', 'Saved.')
    session.csrfToken()
    const { header, payload } = await open(tokenOf(await sessions.setCookies(session)), keyOf())
    assert.deepEqual(header, headerOf())
    const { c, ...claims } = JSON.parse(payload)
    assert.match(c, /^[\w-]{22}$/)
    assert.deepEqual(claims, {
      jti: session.id,
      iat: NOW,
      exp: NOW + DAY,
      d: { user: 'zoë 🦊', cart: [{ sku: 'tea', quantity: 2 }] },
      s: { shop: [{ coupon: null }, {}] },
      f: { notice: ['Saved.'] },
    })
  })

  test('they open a session of several cookies, and a bare token with its own key', async () => {
    const session = await sessions.open(null)
    const text = 'tea, '.repeat(1500)
    session.set('text', text)
    const lines = await sessions.setCookies(session)
    assert.equal(lines.length, 3)
    const cookies = await open(tokenOf(lines), keyOf())
    assert.equal(JSON.parse(cookies.payload).d.text, text)
    const token = await sessions.seal(session)
    const bare = await open(token, keyOf('token'))
    assert.equal(JSON.parse(bare.payload).jti, session.id)
    await assert.rejects(async () => open(token, keyOf('cookie')))
  })

  test('we open what they write, in another order and with spaces, renew it and keep its id', async () => {
    const jti = randomBytes(16).toString('base64url')
    const payload = JSON.stringify(
      {
        d: { user: 'zoë 🦊', n: 1.5 },
        s: { shop: [{ a: 1 }, {}] },
        exp: NOW + 600,
        iat: NOW - 60,
        jti,
      },
      null,
      3,
    )
    const token = await write(headerOf(), payload, keyOf())
    const session = await sessions.open(`${NAME}=${token}`)
    assert.equal(session.rejection, undefined)
    assert.deepEqual(session.toJSON(), { user: 'zoë 🦊', n: 1.5 })
    assert.equal(session.scope('shop').get('a'), 1)
    assert.deepEqual([session.id, session.isNew], [jti, false])
    assert.deepEqual(session.startedAt, new Date((NOW - 60) * 1000))
    assert.deepEqual(session.expiresAt, new Date((NOW + 600) * 1000))

    session.set('n', 2)
    const [line = ''] = await sessions.setCookies(session)
    const again = await sessions.open(line.split(';', 1).join())
    assert.deepEqual([again.id, again.get('n')], [jti, 2])
  })

  test('what they write is refused where ours would be', async () => {
    const usual = { jti: randomBytes(16).toString('base64url'), iat: NOW, exp: NOW + 600, d: {} }
    const reasonOf = async (header, claims, key) => {
      const token = await write(header, JSON.stringify({ ...usual, ...claims }), key)
      return (await sessions.open(`${NAME}=${token}`)).rejection?.reason
    }
    assert.equal(await reasonOf(headerOf(), {}, keyOf()), undefined)
    assert.equal(await reasonOf(headerOf(), { exp: NOW - 60, iat: NOW - 600 }, keyOf()), 'idle')
    assert.equal(await reasonOf(headerOf(), {}, keyOf('token')), 'undecryptable')
    assert.equal(
      await reasonOf({ ...headerOf(), kid: `none.${TODAY}` }, {}, keyOf()),
      'unknown-key',
    )
    assert.equal(await reasonOf({ ...headerOf(), typ: 'JWT' }, {}, keyOf()), 'malformed')
    assert.equal(await reasonOf(headerOf(), { d: [] }, keyOf()), 'invalid-data')
  })
}

/** The token in the cookies of a response, put together again. */
function tokenOf(lines) {
  const values = lines.map((line) => /^[^=]*=([^;]*)/.exec(line)?.[1] ?? '')
  return values.join('').replace(/^\d+\./, '')
}

function headerOf() {
  const id = derive('id', 3).toString('base64url')
  return { alg: 'dir', enc: 'A256GCM', kid: `${id}.${TODAY}` }
}

function keyOf(purpose = 'cookie') {
  return derive(`${purpose} ${TODAY} ${NAME}`, 32)
}

function derive(info, bytes) {
  return Buffer.from(hkdfSync('sha256', SECRET, '', `sealed-session/1 ${info}`, bytes))
}
