// What a session that is bound to a device costs, beside one that is not: characters with each request,
// time for an ordinary request, and time for a proof.

import assert from 'node:assert/strict'
import { deviceBound } from '../dist/device/binding.js'
import { createSessions } from '../dist/index.js'
import { login, payloads } from './payloads.mjs'
import { takeTurns } from './timing.mjs'

const ORIGIN = 'https://shop.example'
const ENDPOINT = '/.well-known/session-device'

/** Half a day: use is due to be recorded, so a session that is in use has a ticket. */
const LATER = 43_200

/**
 * @returns `characters`: payload -> { plain, bound, more }; `requests`: kind -> session -> times by round;
 *   `proofs`: what the endpoint does -> times by round
 */
export async function measureBound(secret, effort) {
  return {
    characters: await measureCharacters(secret),
    ...(await measureTimes(secret, effort)),
  }
}

/** payload -> characters of the `Cookie` header with a ticket: of a session as it is, and bound to a device. */
async function measureCharacters(secret) {
  const { sessions, time } = createBinding(secret)
  const results = {}
  for (const [payload, data] of Object.entries(payloads)) {
    const headers = []
    for (const isBound of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop
      const cookies = pairsIn(await begin(sessions, data, isBound))
      time.now += LATER
      // oxlint-disable-next-line no-await-in-loop
      headers.push((await use(sessions, cookies)).length)
    }
    const [plain, bound] = headers
    results[payload] = { plain, bound, more: bound - plain }
  }
  return results
}

/** The same requests of the same data, one after the other: the ticket of a bound session is opened with each. */
async function measureTimes(secret, effort) {
  const { sessions, time } = createBinding(secret)
  const read = sessions.wrap((_, session) => new Response(session.get('userId', 'nobody')))
  const write = sessions.wrap((_, session) => {
    session.set('lastSeen', session.get('lastSeen', 0) + 1)
    return new Response('changed')
  })
  const plain = await begin(sessions, login, false)
  time.now += LATER
  const used = await use(sessions, pairsIn(plain))
  const { cookies, key, registration, id, device } = await enrol(sessions)
  const headers = {
    'not bound': headerOf(pairsIn(await begin(sessions, login, false))),
    'not bound, with a ticket': used,
    'bound, proven': cookies,
  }
  const kinds = { 'read only': { handle: read, lines: 0 }, write: { handle: write, lines: 1 } }
  const operations = {}
  for (const [name, cookie] of Object.entries(headers)) {
    for (const [kind, { handle, lines }] of Object.entries(kinds)) {
      const request = () => new Request(`${ORIGIN}/cart`, { headers: { cookie } })
      // oxlint-disable-next-line no-await-in-loop
      const [response, session] = [await handle(request()), await sessions.open(cookie)]
      assert.equal(
        response.headers.getSetCookie().length,
        lines,
        `${kind}, ${name}: ${lines} lines`,
      )
      assert.equal(session.get('userId'), login.userId, `${kind}, ${name}: opens`)
      assert.equal(session.device, name === 'bound, proven' ? 'proven' : 'none', `${kind}, ${name}`)
      operations[`${kind}, ${name}`] = () => handle(request())
    }
  }
  const asked = await ask(sessions, `${cookies}; ${key}`, { id })
  const challenge = textIn(asked.headers.get('Secure-Session-Challenge'), /^"([^"]+)"/)
  const proof = await sign(device, challenge, false)
  const proofs = {
    'a registration': [cookies, registration, 200],
    'a challenge': [`${cookies}; ${key}`, { id }, 403],
    'a proof': [`${cookies}; ${key}`, { id, proof }, 200],
    'a forged proof': [
      `${cookies}; ${key}`,
      { id, proof: await sign(await makeDevice(), challenge) },
      403,
    ],
  }
  for (const [name, [cookie, fields, status]] of Object.entries(proofs)) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await ask(sessions, cookie, fields)).status, status, name)
    operations[name] = () => ask(sessions, cookie, fields)
  }
  const results = await takeTurns(operations, effort)
  return {
    requests: Object.fromEntries(
      Object.keys(kinds).map((kind) => [
        kind,
        Object.fromEntries(Object.keys(headers).map((name) => [name, results[`${kind}, ${name}`]])),
      ]),
    ),
    proofs: Object.fromEntries(Object.keys(proofs).map((name) => [name, results[name]])),
  }
}

/** The clock stands still, so that a proof and a challenge are as good at the end as at the beginning. */
function createBinding(secret) {
  const time = { now: Date.UTC(2026, 0, 1) / 1000 }
  const device = deviceBound({ path: ENDPOINT })
  const clock = () => time.now * 1000
  return { sessions: createSessions({ secrets: secret, limits: 'node', clock, device }), time }
}

async function begin(sessions, data, isBound) {
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  if (isBound) session.bindToDevice()
  return sessions.setCookies(session)
}

/** Returns the `Cookie` header with the ticket of a use. */
async function use(sessions, cookies) {
  const session = await sessions.open(headerOf(cookies))
  session.touch()
  return headerOf(new Map([...cookies, ...pairsIn(await sessions.setCookies(session))]))
}

/** Logs in, and registers a key. */
async function enrol(sessions) {
  const device = await makeDevice()
  const handle = sessions.wrap((_, session) => {
    for (const [key, value] of Object.entries(login)) session.set(key, value)
    session.bindToDevice()
    return new Response('welcome')
  })
  const welcome = await handle(new Request(`${ORIGIN}/login`))
  const unproven = pairsIn(welcome.headers.getSetCookie())
  const field = welcome.headers.get('Secure-Session-Registration')
  const proof = await sign(device, textIn(field, /challenge="([^"]+)"/), true)
  const answer = await ask(sessions, headerOf(unproven), { proof })
  const { session_identifier: id } = await answer.json()
  const [ticket, key] = [...pairsIn(answer.headers.getSetCookie())]
  const cookies = headerOf(new Map([...unproven, ticket]))
  return { cookies, key: key[1], registration: { proof }, id, device }
}

function ask(sessions, cookie, { id, proof }) {
  const headers = new Headers({ cookie })
  if (id !== undefined) headers.set('Sec-Secure-Session-Id', id)
  if (proof !== undefined) headers.set('Secure-Session-Response', proof)
  return sessions.device(new Request(ORIGIN + ENDPOINT, { method: 'POST', headers }))
}

function makeDevice() {
  return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
}

/** A JWT as browsers write it. */
async function sign({ privateKey, publicKey }, challenge, isRegistration = false) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const jwk = isRegistration ? { jwk: { kty, crv, x, y } } : {}
  const parts = [{ alg: 'ES256', typ: 'dbsc+jwt', ...jwk }, { jti: challenge }]
  const input = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, privateKey, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

function textIn(field, pattern) {
  return pattern.exec(field)?.[1]
}

/** name -> `name=value` */
function pairsIn(lines) {
  const pairs = lines.map((line) => line.split(';', 1).join())
  return new Map(pairs.map((pair) => [pair.split('=', 1).join(), pair]))
}

function headerOf(pairs) {
  return [...pairs.values()].join('; ')
}
