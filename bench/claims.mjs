// The claims of this library about its own cost, each as one ratio of this run, and whether it
// holds.

import { titleOf } from './contenders/index.mjs'
import { authCore } from './contenders/auth-core.mjs'
import { fastifySecureSession, secretbox } from './contenders/fastify-secure-session.mjs'
import { rawNode, rawSubtle } from './contenders/limits.mjs'
import { ironSession } from './contenders/iron-session.mjs'
import {
  engineJose,
  engineNode,
  sealedSession,
  sealedSessionSubtle,
} from './contenders/sealed-session.mjs'
import { SIZES } from './payloads.mjs'
import { median, ratio } from './timing.mjs'

/** @returns { claim, bound, value, holds } each; `value` is a ratio, or characters */
export function judge({ formats, sessions, requests, opens, bytes, renewals, starts, weights }) {
  const own = sessions.login[titleOf(sealedSession)]
  const faster = (peer) => ratio(sessions.login[titleOf(peer)], own)
  const format = (size, one, other) =>
    ratio(formats[size][titleOf(one)], formats[size][titleOf(other)])
  const against = (size, contender, limit) =>
    ratio(sessions[size][titleOf(contender)], sessions[size][titleOf(limit)])

  return [
    atLeast('a login changed: times faster than iron-session', 25, faster(ironSession)),
    atLeast('a login changed: times faster than @auth/core', 25, faster(authCore)),
    ...SIZES.map((size) =>
      atMost(
        `the engine's round trip over libsodium's, ${size} bytes`,
        size < 1000 ? 1.5 : 1,
        format(size, engineNode, secretbox),
      ),
    ),
    ...SIZES.map((size) =>
      atMost(
        `the engine's round trip over node:crypto, JSON and base64url, ${size} bytes`,
        1.5,
        format(size, engineNode, rawNode),
      ),
    ),
    ...['login', ...SIZES].map((size) =>
      atMost(
        `a session changed over node:crypto, JSON and base64url, ${sizeName(size)}`,
        1.8,
        against(size, sealedSession, rawNode),
      ),
    ),
    atMost(
      'a session changed over the round trip of a libsodium box, 132 bytes',
      4,
      ratio(sessions[132][titleOf(sealedSession)], sessions[132][titleOf(fastifySecureSession)]),
    ),
    ...['read only', 'read only, three cookies'].map((kind) =>
      atMost(
        `a request that reads over its Request and Response alone, ${kind}`,
        2.6,
        ratio(requests[kind].with, requests[kind].without),
      ),
    ),
    atMost('opening junk over opening a session', 1, ratio(opens.junk, opens['a valid cookie'])),
    ...SIZES.map((size) =>
      atMost(
        `WebCrypto: the engine's round trip over crypto.subtle, ${size} bytes`,
        1.5,
        format(size, engineJose, rawSubtle),
      ),
    ),
    ...SIZES.map((size) =>
      atMost(
        `WebCrypto: a session changed over crypto.subtle, ${size} bytes`,
        1.5,
        against(size, sealedSessionSubtle, rawSubtle),
      ),
    ),
    ...judgeBytes(bytes),
    atMost(
      'bytes of the header fields of a renewal, at most',
      220,
      Math.max(...Object.values(renewals)),
    ),
    atMost("a first session over iron-session's, both over an empty program", 1, coldStart(starts)),
    atMost('bytes of our own code in an edge bundle, gzip', 15_000, weights.own),
    atMost('bytes of an edge bundle with jose and cookie, gzip', 24_000, weights.all),
  ]
}

/** @returns how many times as long as iron-session's our first session takes */
export function coldStart(starts) {
  const over = (name) =>
    median(starts[name].map((time, round) => time - starts['an empty program'][round]))
  return over('sealed-session') / over('iron-session')
}

function judgeBytes(bytes) {
  const own = bytes[titleOf(sealedSession)].lengths
  const box = bytes['libsodium, the box alone'].lengths
  const rivals = Object.entries(bytes).filter(
    ([name, { form, expires }]) =>
      name !== titleOf(sealedSession) && expires && /^(?:JWE|Iron)/.test(form),
  )
  const payloads = Object.keys(own)
  const least = (payload) =>
    rivals
      .map(([name, { lengths }]) => ({ name, length: lengths[payload] }))
      .filter(({ length }) => length !== null)
      .reduce((best, next) => (next.length < best.length ? next : best))
  const worst = (moreOf) =>
    payloads.map(moreOf).reduce((most, next) => (next.more > most.more ? next : most))
  const overLeast = worst((payload) => {
    const { name, length } = least(payload)
    return { payload, name, more: own[payload] - length }
  })
  const encrypted = Object.entries(bytes).filter(
    ([name, { form }]) =>
      // The bare box is no session: it has no id, no key id and no end.
      name !== titleOf(sealedSession) &&
      name !== 'libsodium, the box alone' &&
      /^(?:JWE|Iron|XSalsa)/.test(form),
  )
  const large = ['a cart of 15 items', 'OIDC tokens', 'a wizard of 6 kB']
  const overEncrypted = Math.max(
    ...large.flatMap((payload) =>
      encrypted.map(([, { lengths }]) =>
        lengths[payload] === null ? -Infinity : own[payload] - lengths[payload],
      ),
    ),
  )
  const overBox = worst((payload) => ({ payload, more: own[payload] - box[payload] }))
  return [
    atMost('characters of a bare id', 170, own['a bare id']),
    atMost(
      'characters more than any other encrypted cookie, from the cart on, at most',
      0,
      overEncrypted,
    ),
    atMost(
      `characters more than the shortest other with an end inside, at most (${overLeast.name}, ${overLeast.payload})`,
      0,
      overLeast.more,
    ),
    atMost(
      `characters more than libsodium's box alone, at most (${overBox.payload})`,
      100,
      overBox.more,
    ),
  ]
}

/** Returns the same for one other runtime: name -> times by round. */
export function judgeRuntime(results) {
  const ofRuntime = (one, other) =>
    results[one.name] && results[other.name] ? ratio(results[one.name], results[other.name]) : null
  return {
    'engine over its limit': ofRuntime(engineNode, rawNode) ?? ofRuntime(engineJose, rawSubtle),
    'session changed over that limit': ofRuntime(
      sealedSession,
      results[rawNode.name] ? rawNode : rawSubtle,
    ),
    'WebCrypto: engine over crypto.subtle': ofRuntime(engineJose, rawSubtle),
    'WebCrypto: session changed over crypto.subtle': ofRuntime(sealedSessionSubtle, rawSubtle),
    'times faster than iron-session': ofRuntime(ironSession, sealedSession),
    'median of a session changed, µs': results[sealedSession.name]
      ? median(results[sealedSession.name])
      : null,
  }
}

export function sizeName(size) {
  return size === 'login'
    ? 'a login'
    : `${Number(size).toLocaleString('en').replace(',', ' ')} bytes`
}

function atLeast(claim, bound, value) {
  return { claim, bound: `≥ ${bound}`, value, holds: value >= bound }
}

function atMost(claim, bound, value) {
  return { claim, bound: `≤ ${bound}`, value, holds: value <= bound }
}
