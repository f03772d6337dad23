// Attacks on a session that is bound to a device: every row of the table in
// docs/device-bound-sessions.md, and a list of forged proofs.

import { createHmac, generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DeviceRefusal } from 'sealed-session'
import {
  ENDPOINT,
  challengeOf,
  createDeviceBrowser,
  deviceRequest,
  makeDevice,
  signProof,
} from '../support/device-browser.ts'
import type { Device } from '../support/device-browser.ts'
import { INTERVAL, NEW, PROVEN, TOLERANCE, UNPROVEN, deviceScene } from '../support/device-scene.ts'
import type { DeviceScene } from '../support/device-scene.ts'
import { namesOf } from '../support/cookie-jar.ts'
import { NAME, SECRET, mint } from '../support/mint.ts'
import { loadPrintedReader } from '../support/printed-reader.ts'

/** Asks the endpoint, with these cookies, for a challenge. */
async function askChallenge({ app }: DeviceScene, cookies: string, id: string): Promise<string> {
  const asked = challengeOf(await app(deviceRequest(cookies, { id })))
  if (asked === undefined) throw new Error('no challenge')
  return asked.challenge
}

describe('a thief who copies', () => {
  test('M1: the token alone opens no session', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const [token] = scene.browser.header().split('; ')
    expect(await scene.copy(token ?? '')).toEqual(UNPROVEN)
  })

  test('M2: token and ticket is accepted until the ticket ends, and then is unproven for good', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const stolen = scene.browser.header()
    scene.time.now += INTERVAL + TOLERANCE - 1
    expect(await scene.copy(stolen)).toEqual(PROVEN)
    scene.time.now += 1
    expect(await scene.copy(stolen)).toEqual(UNPROVEN)
    scene.time.now += 3 * INTERVAL
    expect(await scene.copy(stolen)).toEqual(UNPROVEN)
  })

  test('M3: all cookies, including that of the key, gets no further without the private key', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const stolen = scene.browser.header(ENDPOINT)
    expect(stolen).toContain(`__Secure-session.k.${id}=`)
    scene.time.now += INTERVAL + TOLERANCE
    const challenge = await askChallenge(scene, stolen, id)
    const proof = await signProof(await makeDevice(), challenge, false)
    const answer = await scene.app(deviceRequest(stolen, { id, proof }))
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    expect(await scene.copy(stolen)).toEqual(UNPROVEN)
  })

  test('M4: a proven session cannot extend it by use: no ordinary response renews a proven ticket', async () => {
    const scene = deviceScene({ touchInterval: 1 })
    const id = await scene.enrol()
    const stolen = createDeviceBrowser()
    for (const pair of scene.browser.header(ENDPOINT).split('; ')) {
      const [name = '', value = ''] = pair.split('=')
      stolen.put(name, value)
    }
    for (let second = 0; second < INTERVAL + TOLERANCE; second += 55) {
      for (const path of ['/', '/write', '/touch', '/renew']) {
        // oxlint-disable-next-line no-await-in-loop
        const response = await scene.app(stolen.request(path))
        const names = namesOf(response.headers.getSetCookie())
        expect(names).not.toContain(`${NAME}.d.${id}`)
        stolen.store(response)
      }
      scene.time.now += 55
    }
    expect(await scene.copy(stolen.header())).toEqual(UNPROVEN)
  })

  test('M5: all cookies before the registration has a session that use extends, but cannot prove it', async () => {
    const scene = deviceScene()
    const { login } = await scene.login()
    const stolen = scene.browser.header(ENDPOINT)
    expect((await scene.browser.register(login, scene.app))?.status).toBe(200)
    expect(await scene.copy(stolen)).toEqual({ ...PROVEN, device: 'unproven' })
    // The challenge was in the response, not in the cookies, and the endpoint issues none for a
    // key.
    const asked = await scene.app(deviceRequest(stolen, {}))
    expect([asked.status, asked.headers.get('Secure-Session-Challenge')]).toEqual([403, null])
  })

  test('M6: the cookies of a browser that logs out later is rejected beside the stamp, and ends elsewhere', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const stolen = scene.browser.header()
    await scene.visit('/logout')
    expect(scene.browser.header(ENDPOINT)).toMatch(/^__Host-session\.x=[\w-]{4}$/)
    const stamp = scene.browser.header()
    expect((await scene.copy(`${stolen}; ${stamp}`)).reason).toBe('destroyed')
    scene.time.now += INTERVAL + TOLERANCE
    expect(await scene.copy(stolen)).toEqual(UNPROVEN)
  })
})

describe('a thief who drops or swaps', () => {
  test('M7: the ticket is unproven, also with a ticket of another session, binding, or an unbound one', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const [token = ''] = scene.browser.header().split('; ')
    const other = deviceScene()
    const otherId = await other.enrol()
    const foreign = other.browser.value(`${NAME}.d.${otherId}`)
    const usedAt = 43_200
    const tickets = [
      `${NAME}.d.${id}=${foreign}`,
      `${NAME}.d.${otherId}=${foreign}`,
      `${NAME}.t=${mint(JSON.stringify([id, usedAt]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([id, usedAt]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([otherId, usedAt, 1]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([id, usedAt, 1]), { purpose: 'cookie' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([id, usedAt, 2]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([id, usedAt, true]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([id, usedAt, 1, 1]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=${mint(JSON.stringify([id, usedAt + 60, 1]), { purpose: 'ticket' })}`,
      `${NAME}.d.${id}=`,
      `${NAME}.d=${scene.browser.value(`${NAME}.d.${id}`)}`,
    ]
    for (const ticket of tickets) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await scene.copy(`${token}; ${ticket}`), ticket).toEqual(UNPROVEN)
    }
    const own = mint(JSON.stringify([id, usedAt, 1]), { purpose: 'ticket' })
    expect(await scene.copy(`${token}; ${NAME}.d.${id}=${own}`)).toEqual(PROVEN)
  })

  test('M8: the key cookie ends the browser’s registration, and sets no cookie', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const other = deviceScene()
    const otherId = await other.enrol()
    const foreign = keyOf(other, otherId)
    const key = keyOf(scene, id)
    const { browser } = scene
    for (const value of [
      '',
      'x',
      foreign,
      key.slice(0, -1),
      browser.value(NAME),
      key.toUpperCase(),
    ]) {
      const cookies = `${browser.header()}; __Secure-session.k.${id}=${value}`
      // oxlint-disable-next-line no-await-in-loop
      await expectEnd(await scene.app(deviceRequest(cookies, { id })))
    }
    await expectEnd(await scene.app(deviceRequest(browser.header(), { id })))
  })

  test('M9: the session ends the browser’s registration: with none, an unbound, an ended or another one', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const cookies = scene.browser.header(ENDPOINT)
    const plain = deviceScene()
    await plain.visit('/plain')
    const keyPair = `__Secure-session.k.${id}=${keyOf(scene, id)}`
    await expectEnd(await scene.app(deviceRequest(keyPair, { id })))
    await expectEnd(await scene.app(deviceRequest(`${plain.browser.header()}; ${keyPair}`, { id })))
    await expectEnd(await scene.app(deviceRequest(cookies, { id: 'AAAAAAAA' })))
    await expectEnd(await scene.app(deviceRequest(cookies, { id: 'not a session' })))
    await expectEnd(await scene.app(deviceRequest(cookies, { id: '' })))
    scene.time.now += 8 * 86_400
    await expectEnd(await scene.app(deviceRequest(cookies, { id })))
  })

  test('M10: one kind of value for another opens none', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const { browser } = scene
    const key = keyOf(scene, id)
    const ticket = browser.value(`${NAME}.d.${id}`)
    const token = browser.value(NAME)
    expect((await scene.copy(`${NAME}=${key}`)).reason).toBe('undecryptable')
    expect((await scene.copy(`${NAME}=${ticket}`)).reason).toBe('undecryptable')
    expect(await scene.copy(`${NAME}=${token}; ${NAME}.d.${id}=${key}`)).toEqual(UNPROVEN)
    expect(await scene.copy(`${NAME}=${token}; ${NAME}.d.${id}=${token}`)).toEqual(UNPROVEN)
  })
})

function keyOf({ browser }: DeviceScene, id: string): string {
  const name = `__Secure-session.k.${id}=`
  const pair = browser
    .header(ENDPOINT)
    .split('; ')
    .find((each) => each.startsWith(name))
  return pair?.slice(name.length) ?? ''
}

async function expectEnd(answer: Response): Promise<void> {
  const { status, headers } = answer
  expect([status, await answer.json()]).toEqual([200, expect.objectContaining({ continue: false })])
  expect(headers.getSetCookie()).toEqual([])
  expect(headers.get('Cache-Control')).toBe('no-store')
}

/** A forged proof, for a challenge of the session and the victim's own device. */
interface Forgery {
  readonly name: string
  readonly reason: DeviceRefusal
  readonly forge: (material: Material) => Promise<string> | string
}

interface Material {
  readonly challenge: string
  /** The device of the session. */
  readonly device: Device
  /** The device of the attacker. */
  readonly own: Device
  readonly rsa: Device
}

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs with HMAC and the bytes of a public key: the classic algorithm confusion. */
function signHmac(header: object, payload: object, secret: string): string {
  const input = `${b64(header)}.${b64(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const sign = ({ device, challenge }: Material, header: object, payload: object = {}) =>
  signProof(device, challenge, false, { header, payload })

/** A proof in answer to a challenge for a session whose key is registered. */
const REFRESH_FORGERIES: readonly Forgery[] = [
  { name: 'an empty one', reason: 'malformed', forge: () => '""' },
  { name: 'one that is no text', reason: 'malformed', forge: () => '42' },
  { name: 'one part', reason: 'malformed', forge: () => 'eyJ' },
  { name: 'two parts', reason: 'malformed', forge: () => 'eyJ.eyJ' },
  { name: 'four parts', reason: 'malformed', forge: () => 'eyJ.eyJ.AA.AA' },
  { name: 'five parts, as a JWE has', reason: 'malformed', forge: () => 'eyJ.AA.AA.AA.AA' },
  { name: 'empty parts', reason: 'malformed', forge: () => '"..."' },
  {
    name: 'a header that is no JSON',
    reason: 'malformed',
    forge: () => `${b64('{')}.${b64({})}.AA`,
  },
  {
    name: 'a header that is an array',
    reason: 'malformed',
    forge: () => `${b64([])}.${b64({})}.AA`,
  },
  { name: 'a header of null', reason: 'malformed', forge: () => `${b64('null')}.${b64({})}.AA` },
  {
    name: 'a payload that is no JSON',
    reason: 'malformed',
    forge: () => `${b64({ alg: 'ES256', typ: 'dbsc+jwt' })}.${b64('x')}.AA`,
  },
  {
    name: 'a payload that is a string',
    reason: 'malformed',
    forge: ({ challenge }) =>
      `${b64({ alg: 'ES256', typ: 'dbsc+jwt' })}.${b64(`"${challenge}"`)}.AA`,
  },
  {
    name: 'a header that is not UTF-8',
    reason: 'malformed',
    forge: () => `${Buffer.from([0xff, 0xfe]).toString('base64url')}.${b64({})}.AA`,
  },
  {
    name: 'a header with padding',
    reason: 'malformed',
    forge: async (given) => (await sign(given, {})).replace('.', '=.'),
  },
  {
    name: 'standard base64',
    reason: 'malformed',
    forge: async (given) => `"${(await sign(given, {})).replace('.', '+.')}"`,
  },
  { name: 'another type', reason: 'malformed', forge: (given) => sign(given, { typ: 'JWT' }) },
  { name: 'no type', reason: 'malformed', forge: (given) => sign(given, { typ: undefined }) },
  {
    name: 'a type in upper case',
    reason: 'malformed',
    forge: (given) => sign(given, { typ: 'DBSC+JWT' }),
  },
  {
    name: 'a type that is an array',
    reason: 'malformed',
    forge: (given) => sign(given, { typ: ['dbsc+jwt'] }),
  },
  {
    name: 'the type of a DPoP proof',
    reason: 'malformed',
    forge: (given) => sign(given, { typ: 'dpop+jwt' }),
  },
  {
    name: 'more than 4 kB',
    reason: 'too-large',
    forge: (given) => sign(given, {}, { more: 'x'.repeat(4096) }),
  },
  { name: 'a megabyte', reason: 'too-large', forge: () => `"${'A'.repeat(1_000_000)}"` },
  {
    name: 'no signature, and alg none',
    reason: 'malformed',
    forge: ({ challenge }) =>
      `${b64({ alg: 'none', typ: 'dbsc+jwt' })}.${b64({ jti: challenge })}.`,
  },
  ...[
    'none',
    'None',
    'NONE',
    'HS256',
    'ES384',
    'ES512',
    'PS256',
    'RS384',
    'EdDSA',
    'es256',
    '',
    'dir',
  ].map((alg): Forgery => ({
    name: `alg ${alg || 'of the empty string'}`,
    reason: 'algorithm',
    forge: ({ challenge }) => `${b64({ alg, typ: 'dbsc+jwt' })}.${b64({ jti: challenge })}.AAAA`,
  })),
  ...[undefined, null, 7, ['ES256'], { alg: 'ES256' }].map((alg): Forgery => ({
    name: `an algorithm that is ${JSON.stringify(alg) ?? 'missing'}`,
    reason: 'algorithm',
    forge: ({ challenge }) => `${b64({ alg, typ: 'dbsc+jwt' })}.${b64({ jti: challenge })}.AAAA`,
  })),
  ...['x', 'jwk', 'raw'].map((spelling): Forgery => ({
    name: `HS256 under the public key (${spelling})`,
    reason: 'algorithm',
    forge: ({ challenge, device: { jwk } }) => {
      const secret =
        spelling === 'jwk'
          ? JSON.stringify(jwk)
          : spelling === 'x'
            ? (jwk.x ?? '')
            : `${jwk.x}${jwk.y}`
      return signHmac({ alg: 'HS256', typ: 'dbsc+jwt' }, { jti: challenge }, secret)
    },
  })),
  {
    name: 'a key of its own in the header, signed with it',
    reason: 'key',
    forge: ({ challenge, own }) => signProof(own, challenge, true),
  },
  {
    name: 'the right key in the header, where it must not be',
    reason: 'key',
    forge: ({ challenge, device }) => signProof(device, challenge, true),
  },
  {
    name: 'a key of null in the header',
    reason: 'key',
    forge: (given) => sign(given, { jwk: null }),
  },
  { name: 'an empty key in the header', reason: 'key', forge: (given) => sign(given, { jwk: {} }) },
  {
    name: 'another key',
    reason: 'signature',
    forge: ({ challenge, own }) => signProof(own, challenge, false),
  },
  {
    name: 'a key of another algorithm',
    reason: 'signature',
    forge: ({ challenge, rsa }) => signProof(rsa, challenge, false),
  },
  {
    name: 'a URL of a key',
    reason: 'signature',
    forge: ({ challenge, own }) =>
      signProof(own, challenge, false, { header: { jku: 'https://evil.test/jwks', kid: '1' } }),
  },
  {
    name: 'a certificate of its own',
    reason: 'signature',
    forge: ({ challenge, own }) => signProof(own, challenge, false, { header: { x5c: ['AAAA'] } }),
  },
  {
    name: 'a critical member that is not understood',
    reason: 'signature',
    forge: async ({ challenge, device }) => {
      const [, payload, signature] = (await signProof(device, challenge, false)).split('.')
      return `${b64({ alg: 'ES256', typ: 'dbsc+jwt', crit: ['exp'], exp: 1 })}.${payload}.${signature}`
    },
  },
  {
    name: 'a payload that is not encoded (RFC 7797)',
    reason: 'signature',
    forge: async ({ challenge, device }) => {
      const [, payload, signature] = (await signProof(device, challenge, false)).split('.')
      return `${b64({ alg: 'ES256', typ: 'dbsc+jwt', crit: ['b64'], b64: false })}.${payload}.${signature}`
    },
  },
  ...['AA', 'A'.repeat(86), 'A'.repeat(85) + 'B', Buffer.alloc(64, 255).toString('base64url')].map(
    (signature): Forgery => ({
      name: `a signature of ${signature.slice(0, 3)}… (${signature.length} characters, ends in ${signature.at(-1)})`,
      reason: 'signature',
      forge: async (given) => (await sign(given, {})).replace(/[^.]+$/, signature),
    }),
  ),
  {
    name: 'a signature in DER',
    reason: 'signature',
    forge: async (given) => {
      const der = Buffer.concat([Buffer.from([0x30, 0x44, 0x02, 0x20]), Buffer.alloc(68, 1)])
      return (await sign(given, {})).replace(/[^.]+$/, der.toString('base64url'))
    },
  },
  {
    name: 'a signature of another proof',
    reason: 'signature',
    forge: async (given) => {
      const [, , signature] = (await sign(given, {}, { more: 1 })).split('.')
      return (await sign(given, {})).replace(/[^.]+$/, signature ?? '')
    },
  },
  {
    name: 'a payload that was exchanged',
    reason: 'signature',
    forge: async (given) => {
      const [header, , signature] = (await sign(given, {})).split('.')
      return `${header}.${b64({ jti: given.challenge, admin: true })}.${signature}`
    },
  },
  {
    name: 'no challenge',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: undefined }),
  },
  {
    name: 'a challenge that is a number',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: 7 }),
  },
  {
    name: 'an empty challenge',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: '' }),
  },
  {
    name: 'an array of challenges',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: [given.challenge] }),
  },
  {
    name: 'a challenge of its own',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: 'x' }),
  },
  {
    name: 'an altered challenge',
    reason: 'challenge',
    forge: (given) =>
      sign(given, {}, { jti: given.challenge.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')) }),
  },
  {
    name: 'a challenge with a blank behind it',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: `${given.challenge} ` }),
  },
  {
    name: 'the challenge in another member',
    reason: 'challenge',
    forge: (given) => sign(given, {}, { jti: undefined, nonce: given.challenge }),
  },
  {
    name: 'another origin',
    reason: 'audience',
    forge: (given) => sign(given, {}, { aud: `https://evil.test${ENDPOINT}` }),
  },
  {
    name: 'another path',
    reason: 'audience',
    forge: (given) => sign(given, {}, { aud: 'https://example.test/other' }),
  },
  {
    name: 'plain HTTP',
    reason: 'audience',
    forge: (given) => sign(given, {}, { aud: `http://example.test${ENDPOINT}` }),
  },
  {
    name: 'an audience that is a number',
    reason: 'audience',
    forge: (given) => sign(given, {}, { aud: 1 }),
  },
  {
    name: 'several audiences',
    reason: 'audience',
    forge: (given) => sign(given, {}, { aud: [`https://example.test${ENDPOINT}`] }),
  },
  { name: 'an empty audience', reason: 'audience', forge: (given) => sign(given, {}, { aud: '' }) },
]

describe('a forged proof', () => {
  let scene: DeviceScene
  let id: string
  let cookies: string
  let own: Device
  let rsa: Device

  beforeAll(async () => {
    scene = deviceScene()
    id = await scene.enrol()
    cookies = scene.browser.header(ENDPOINT)
    own = await makeDevice()
    rsa = await makeDevice('RS256')
  })

  async function material(): Promise<Material> {
    const device = scene.browser.known.get(id)?.device
    if (device === undefined) throw new Error('not registered')
    return { challenge: await askChallenge(scene, cookies, id), device, own, rsa }
  }

  test('is one of at least sixty', () => {
    expect(new Set(REFRESH_FORGERIES.map(({ name }) => name)).size).toBeGreaterThanOrEqual(60)
  })

  test.each(REFRESH_FORGERIES)(
    'M11: with $name is rejected, with a new challenge',
    async ({ reason, forge }) => {
      const proof = await forge(await material())
      scene.events.length = 0
      const answer = await scene.app(deviceRequest(cookies, { id, proof }))
      expect([answer.status, answer.headers.getSetCookie(), await answer.text()]).toEqual([
        403,
        [],
        '',
      ])
      expect(challengeOf(answer)?.id).toBe(id)
      expect(scene.events).toEqual([
        { type: 'device', id: expect.any(String), outcome: 'refused', reason },
      ])
    },
  )

  test('differs from a valid one only in what was forged: a valid one is accepted', async () => {
    const aud = `https://example.test${ENDPOINT}`
    for (const payload of [{}, { aud }, { aud, iat: 1, sub: 'x' }]) {
      // oxlint-disable-next-line no-await-in-loop
      const { challenge, device } = await material()
      // oxlint-disable-next-line no-await-in-loop
      const proof = await signProof(device, challenge, false, {
        payload,
        header: { kid: 'ignored' },
      })
      for (const spelling of [proof, `"${proof}"`, `"${proof}";v=1`]) {
        // oxlint-disable-next-line no-await-in-loop
        const answer = await scene.app(deviceRequest(cookies, { id, proof: spelling }))
        expect(answer.status).toBe(200)
      }
    }
  })

  test('M12: is rejected when it is too late: the challenge is valid for 60 seconds plus the tolerance', async () => {
    const { challenge, device } = await material()
    const proof = await signProof(device, challenge, false)
    const { now } = scene.time
    scene.time.now = now + 60 + TOLERANCE
    expect((await scene.app(deviceRequest(cookies, { id, proof }))).status).toBe(200)
    scene.time.now += 1
    scene.events.length = 0
    expect((await scene.app(deviceRequest(cookies, { id, proof }))).status).toBe(403)
    expect(scene.events).toMatchObject([{ outcome: 'refused', reason: 'expired' }])
    scene.time.now = now - TOLERANCE
    expect((await scene.app(deviceRequest(cookies, { id, proof }))).status).toBe(200)
    scene.time.now -= 1
    scene.events.length = 0
    expect((await scene.app(deviceRequest(cookies, { id, proof }))).status).toBe(503)
    scene.time.now = now
  })

  test('M13: of another session is rejected, with the challenge of either session', async () => {
    const other = deviceScene()
    const otherId = await other.enrol()
    const challenge = await askChallenge(other, other.browser.header(ENDPOINT), otherId)
    const stranger = other.browser.known.get(otherId)?.device
    if (stranger === undefined) throw new Error('not registered')
    const { device, challenge: ours } = await material()
    for (const [key, text, reason] of [
      [stranger, challenge, 'challenge'],
      [device, challenge, 'challenge'],
      [stranger, ours, 'signature'],
    ] as const) {
      scene.events.length = 0
      // oxlint-disable-next-line no-await-in-loop
      const proof = await signProof(key, text, false)
      // oxlint-disable-next-line no-await-in-loop
      expect((await scene.app(deviceRequest(cookies, { id, proof }))).status).toBe(403)
      expect(scene.events).toMatchObject([{ outcome: 'refused', reason }])
    }
  })
})

describe('a forged registration', () => {
  test.each<[string, DeviceRefusal, (asked: string, device: Device) => Promise<string> | string]>([
    ['no proof', 'malformed', () => '""'],
    ['no key', 'key', (asked, device) => signProof(device, asked, false)],
    [
      'a symmetric key',
      'key',
      (asked, device) =>
        signProof(device, asked, true, { header: { jwk: { kty: 'oct', k: 'AAAA' } } }),
    ],
    [
      'a key of another algorithm',
      'key',
      async (asked, device) =>
        signProof(device, asked, true, { header: { jwk: (await makeDevice('RS256')).jwk } }),
    ],
    [
      'a private key',
      'key',
      (asked, device) =>
        signProof(device, asked, true, { header: { jwk: { ...device.jwk, d: device.jwk.x } } }),
    ],
    [
      'a key that is not the signer’s',
      'signature',
      async (asked, device) =>
        signProof(device, asked, true, { header: { jwk: (await makeDevice()).jwk } }),
    ],
    [
      'a point that is not on the curve',
      'signature',
      (asked, device) =>
        signProof(device, asked, true, { header: { jwk: { ...device.jwk, y: device.jwk.x } } }),
    ],
    [
      'a point at zero',
      'signature',
      (asked, device) =>
        signProof(device, asked, true, {
          header: { jwk: { ...device.jwk, x: 'A'.repeat(43), y: 'A'.repeat(43) } },
        }),
    ],
    [
      'RSA of 1 024 bits',
      'key',
      (asked, device) =>
        signProof(device, asked, true, {
          header: {
            alg: 'ES256',
            jwk: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
              format: 'jwk',
            }),
          },
        }),
    ],
    [
      'another type',
      'malformed',
      (asked, device) => signProof(device, asked, true, { header: { typ: 'JWT' } }),
    ],
    ['another challenge', 'challenge', (_, device) => signProof(device, 'x', true)],
    [
      'another origin',
      'audience',
      (asked, device) => signProof(device, asked, true, { payload: { aud: 'https://evil.test/' } }),
    ],
  ])('M14: with %s is refused, and nothing is set', async (_, reason, forge) => {
    const scene = deviceScene()
    const { challenge } = await scene.login()
    const proof = await forge(challenge, await makeDevice())
    const answer = await scene.sendProof(proof)
    expect([answer.status, answer.headers.getSetCookie(), await answer.text()]).toEqual([
      403,
      [],
      '',
    ])
    expect(scene.events.at(-1)).toMatchObject({ outcome: 'refused', reason })
    expect((await scene.visit('/')).device).toBe('unproven')
  })

  test('M15: cannot use a challenge for a proof: a thief with all cookies registers no key', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const cookies = scene.browser.header(ENDPOINT)
    const challenge = await askChallenge(scene, cookies, id)
    const proof = await signProof(await makeDevice(), challenge, true)
    const answer = await scene.app(deviceRequest(cookies, { proof }))
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    expect(scene.events.at(-1)).toMatchObject({ outcome: 'refused', reason: 'challenge' })
  })

  test('M16: of a session without its ticket is rejected', async () => {
    const scene = deviceScene()
    const { challenge } = await scene.login()
    const proof = await signProof(await makeDevice(), challenge, true)
    const [token = ''] = scene.browser.header().split('; ')
    for (const cookies of [token, '', 'other=1']) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await scene.app(deviceRequest(cookies, { proof }))).status).toBe(403)
      expect(scene.events.at(-1)).toMatchObject({ outcome: 'refused', reason: 'session' })
    }
  })

  test('with RSA of 2 048 bits is accepted, because an older TPM supports nothing else', async () => {
    const scene = deviceScene()
    const { challenge } = await scene.login()
    const device = await makeDevice('RS256')
    const proof = await signProof(device, challenge, true)
    const answer = await scene.sendProof(proof)
    expect(answer.status).toBe(200)
    scene.browser.store(answer)
    const { session_identifier: id, credentials } = await answer.json()
    scene.browser.known.set(id, { id, cookie: credentials[0].name, device })
    scene.time.now += INTERVAL + TOLERANCE
    expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    expect(await scene.visit('/')).toEqual(PROVEN)
  })
})

describe('an instance without the option', () => {
  test('M17: rejects a bound session, keeps its cookies, and never writes it without its binding', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const without = scene.again({ device: undefined })
    for (const path of ['/', '/write', '/touch']) {
      // oxlint-disable-next-line no-await-in-loop
      const response = await without(scene.browser.request(path))
      const lines = response.headers.getSetCookie()
      if (path === '/write') expect(namesOf(lines)).toEqual([NAME])
      else expect(lines).toEqual([])
    }
    expect(scene.events.filter(({ type }) => type === 'rejected')).toMatchObject(
      Array.from({ length: 3 }, () => ({ reason: 'unproven' })),
    )
    expect(await scene.visit('/')).toEqual(PROVEN)
  })

  test('M18: does not open a bare token of a bound session, which an instance with the option does', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const session = await scene.sessions.open(scene.browser.request('/'))
    const token = await scene.sessions.seal(session)
    const opened = await scene.sessions.unseal(token)
    expect([opened.get('user'), opened.device]).toEqual(['ada', 'unproven'])
    const plain = deviceScene({ device: undefined })
    expect((await plain.sessions.unseal(token)).rejection).toEqual({ reason: 'unproven' })
  })
})

describe('the endpoint', () => {
  test('M19: opens at most four tickets and four keys of any number', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const ticket = scene.browser.value(`${NAME}.d.${id}`) ?? ''
    const [token = ''] = scene.browser.header().split('; ')
    const noise = Array.from({ length: 4 }, () => `${NAME}.d.${id}=x`)
    expect(
      await scene.copy([token, ...noise.slice(1), `${NAME}.d.${id}=${ticket}`].join('; ')),
    ).toEqual(PROVEN)
    expect(await scene.copy([token, ...noise, `${NAME}.d.${id}=${ticket}`].join('; '))).toEqual(
      UNPROVEN,
    )
    const key = `__Secure-session.k.${id}=`
    const cookies = `${scene.browser.header()}; ${`${key}x; `.repeat(4)}${key}${keyOf(scene, id)}`
    await expectEnd(await scene.app(deviceRequest(cookies, { id })))
  })

  test('M19: opens the ticket of the session among those of any number of other bindings', async () => {
    const scene = deviceScene()
    const logins = Array.from({ length: 6 }, () => scene.app(scene.browser.request('/login')))
    for (const login of await Promise.all(logins)) scene.browser.store(login)
    expect(await scene.visit('/')).toEqual(NEW)
    const id = await scene.enrol()
    expect(await scene.visit('/')).toEqual(PROVEN)

    await scene.visit('/logout')
    expect(scene.browser.value(`${NAME}.d.${id}`)).toBeUndefined()
  })

  test('M19: deletes the cookies of at most five bindings in one response', async () => {
    const scene = deviceScene()
    await scene.enrol()
    const others = Array.from({ length: 40 }, (_, at) => `${NAME}.d.binding${at % 10}=x`)
    const headers = { cookie: [scene.browser.header(), ...others].join('; ') }
    const logout = await scene.app(new Request('https://example.test/logout', { headers }))
    const deleted = logout.headers.getSetCookie().filter((line) => /\.[dk]\./.test(line))
    expect(deleted).toHaveLength(10)
    expect(await scene.copy(scene.browser.header())).toEqual(PROVEN)
    scene.browser.store(logout)
    expect((await scene.visit('/')).user).toBeUndefined()
  })

  test('answers only POST at its path: other requests reach the handler', async () => {
    const scene = deviceScene()
    await scene.enrol()
    for (const [method, path] of [
      ['GET', ENDPOINT],
      ['PUT', ENDPOINT],
      ['POST', `${ENDPOINT}/`],
      ['POST', ENDPOINT.toUpperCase()],
      ['POST', '/'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const response = await scene.app(scene.browser.request(path, { method }))
      // oxlint-disable-next-line no-await-in-loop
      expect(await response.text(), `${method} ${path}`).toBe('seen')
      // oxlint-disable-next-line no-await-in-loop
      expect(
        await scene.sessions.device(new Request(`https://example.test${path}`, { method })),
      ).toBe(undefined)
    }
    const query = await scene.app(
      deviceRequest(scene.browser.header(ENDPOINT), { path: `${ENDPOINT}?a=1` }),
    )
    expect(query.status).toBe(403)
  })

  test('M20: answers 503 while a server cannot open the session, so that the browser keeps its key', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const cookies = scene.browser.header(ENDPOINT)
    const stranger = scene.again({ secrets: 'k9jXcDq0d1u2Yw3kq4Zb5vN6mP7aR8sT9uV0wX1yZ2A' })
    const answer = await stranger(deviceRequest(cookies, { id }))
    expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([
      503,
      '',
      [],
    ])
    const broken = scene.again({
      revoked: () => {
        throw new Error('the list is down')
      },
    })
    expect((await broken(deviceRequest(cookies, { id }))).status).toBe(503)
    const revoked = scene.again({ revoked: () => true })
    await expectEnd(await revoked(deviceRequest(cookies, { id })))
  })
})

test('the reader that docs/format.md prints gives the same verdicts', async () => {
  const { openCookies } = await loadPrintedReader()
  const lifetime = { maxAge: 604_800, idleTimeout: 86_400 }
  const scene = deviceScene()
  const opened = async (header: string, interval: number | undefined) => {
    const session = await scene.sessions.open(header)
    const verdict = openCookies(header, {
      secrets: [{ bytes: Buffer.from(SECRET) }],
      name: NAME,
      now: scene.time.now,
      clockTolerance: TOLERANCE,
      lifetimes: { default: lifetime, named: new Map() },
      ...(interval === undefined ? {} : { interval }),
    })
    return [session.rejection?.reason ?? session.expiresAt?.getTime(), verdict] as const
  }
  await scene.visit('/login')
  const unproven = scene.browser.header()
  const id = await scene.enrol()
  const proven = scene.browser.header()
  const token = `${NAME}=${scene.browser.value(NAME)}`
  const twins = `${proven}; ${NAME}.d.${id}=${mint(`["${id}",43200,0]`, { purpose: 'ticket' })}`
  for (const wait of [0, 1, INTERVAL + TOLERANCE - 2, 1, 86_400, 86_400]) {
    scene.time.now += wait
    for (const header of [unproven, proven, token, twins]) {
      // oxlint-disable-next-line no-await-in-loop
      const [expected, verdict] = await opened(header, INTERVAL)
      const end = verdict?.expiresAt === undefined ? undefined : verdict.expiresAt * 1000
      expect(verdict?.reason ?? end, header).toBe(expected)
      // oxlint-disable-next-line no-await-in-loop
      expect((await opened(header, undefined))[1]?.reason).toBe('unproven')
    }
  }
})
