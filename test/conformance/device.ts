// Sessions that are bound to a device: the browser's key, its proofs, and what a thief lacks. Signed with
// the runtime's own WebCrypto, and checked by the library on the same runtime.

import { check, equal, holds } from './check.ts'
import type { Check, DeviceEntry, Library } from './check.ts'
import { NAME, createScene } from './scene.ts'
import type { Scene } from './scene.ts'

const ENDPOINT = '/.well-known/session-device'
const INTERVAL = 600
const TOLERANCE = 5

/** A key of a device. */
interface Device {
  readonly alg: 'ES256' | 'RS256'
  readonly pair: CryptoKeyPair
}

const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
} as const

async function makeDevice(alg: Device['alg'] = 'ES256'): Promise<Device> {
  const pair = await crypto.subtle.generateKey(ALGORITHMS[alg], true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('no pair')
  return { alg, pair }
}

/** Signs a proof as browsers do: with the key in its header at a registration. */
async function sign(
  { alg, pair }: Device,
  challenge: string,
  isRegistration: boolean,
  changes: { readonly header?: object; readonly payload?: object } = {},
): Promise<string> {
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const jwk = isRegistration ? { jwk: { kty, crv, x, y, n, e } } : {}
  const header = { alg, typ: 'dbsc+jwt', ...jwk, ...changes.header }
  const payload = { jti: challenge, ...changes.payload }
  const input = [header, payload].map((part) => encode(JSON.stringify(part))).join('.')
  const bytes = new TextEncoder().encode(input)
  const signature = await crypto.subtle.sign(ALGORITHMS[alg], pair.privateKey, bytes)
  return `${input}.${encode(String.fromCharCode(...new Uint8Array(signature)))}`
}

function encode(binary: string): string {
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Sends a request to the endpoint, with these cookies. */
async function ask(
  { sessions }: Scene,
  cookies: string,
  { id, proof }: { readonly id?: string; readonly proof?: string },
): Promise<Response> {
  const headers = new Headers({ cookie: cookies })
  if (id !== undefined) headers.set('Sec-Secure-Session-Id', `"${id}"`)
  if (proof !== undefined) headers.set('Secure-Session-Response', `"${proof}"`)
  const request = new Request(`https://app.example${ENDPOINT}`, { method: 'POST', headers })
  const answer = await sessions.device(request)
  if (answer === undefined) throw new Error('the endpoint did not answer')
  return answer
}

/** Asks for a challenge, and answers it. */
async function prove(scene: Scene, id: string, device: Device): Promise<Response> {
  const cookies = scene.browser.header()
  const answer = await ask(scene, cookies, { id, proof: await answerTo(scene, id, device) })
  scene.browser.store(answer)
  return answer
}

async function answerTo(
  scene: Scene,
  id: string,
  device: Device,
  changes: Parameters<typeof sign>[3] = {},
): Promise<string> {
  const asked = await ask(scene, scene.browser.header(), { id })
  equal(asked.status, 403)
  const [, challenge = ''] =
    /^"([^"]+)";id="[^"]+"$/.exec(asked.headers.get('Secure-Session-Challenge') ?? '') ?? []
  return sign(device, challenge, false, changes)
}

function sceneOf(library: Library, { deviceBound }: DeviceEntry): Scene {
  return createScene(library, { device: deviceBound({ interval: INTERVAL }) })
}

/** Logs in. Returns the challenge to register a key. */
async function login({ visit }: Scene): Promise<string> {
  const response = await visit((session) => {
    session.set('user', 'ada')
    session.bindToDevice()
  })
  const field = response.headers.get('Secure-Session-Registration') ?? ''
  const [, challenge] = /^\(ES256 RS256\);path="[^"]+";challenge="([^"]+)"$/.exec(field) ?? []
  if (challenge === undefined) throw new Error(`asks for no key: ${field}`)
  return challenge
}

/** Logs in and registers a key. Returns the binding. */
async function enrol(scene: Scene, device: Device): Promise<string> {
  const proof = await sign(device, await login(scene), true)
  const answer = await ask(scene, scene.browser.header(), { proof })
  equal(answer.status, 200)
  scene.browser.store(answer)
  const { session_identifier: id } = await answer.json()
  return id
}

async function seen({ look }: Scene): Promise<readonly unknown[]> {
  const session = await look()
  return [session.get('user'), session.device, session.rejection?.reason]
}

const PROVEN = ['ada', 'proven', undefined]
const UNPROVEN = [undefined, 'none', 'unproven']

export const device: readonly Check[] = [
  check(
    'a login that binds asks for a key, and the session is unproven',
    async (library, entry) => {
      const scene = sceneOf(library, entry)
      await login(scene)
      equal(await seen(scene), ['ada', 'unproven', undefined])
      equal(scene.browser.cookies.size, 2)
    },
  ),

  check(
    'a device registers its key, and proves it when the ticket has ended',
    async (library, entry) => {
      for (const alg of ['ES256', 'RS256'] as const) {
        const scene = sceneOf(library, entry)
        const key = await makeDevice(alg)
        const id = await enrol(scene, key)
        equal(await seen(scene), PROVEN)
        scene.at(INTERVAL + TOLERANCE - 1)
        equal(await seen(scene), PROVEN)
        scene.at(INTERVAL + TOLERANCE)
        equal(await seen(scene), UNPROVEN)
        equal((await prove(scene, id, key)).status, 200)
        equal(await seen(scene), PROVEN)
        equal(
          scene.events.flatMap((event) => (event.type === 'device' ? event.outcome : [])),
          ['registered', 'proven'],
        )
      }
    },
  ),

  check('no use of a proven session renews its ticket', async (library, entry) => {
    const scene = sceneOf(library, entry)
    const id = await enrol(scene, await makeDevice())
    const ticket = scene.browser.cookies.get(`${NAME}.d.${id}`)
    for (let second = 1; second < INTERVAL; second += 150) {
      scene.at(second)
      await scene.visit((session) => session.set('second', second))
      await scene.visit((session) => session.touch())
      equal(scene.browser.cookies.get(`${NAME}.d.${id}`), ticket)
    }
    scene.at(INTERVAL + TOLERANCE)
    equal(await seen(scene), UNPROVEN)
  }),

  check('a copy of all cookies proves nothing without the key', async (library, entry) => {
    const scene = sceneOf(library, entry)
    const id = await enrol(scene, await makeDevice())
    const thief = await makeDevice()
    scene.at(INTERVAL + TOLERANCE)
    const proofs = [
      await answerTo(scene, id, thief),
      await answerTo(scene, id, await makeDevice('RS256')),
      await answerTo(scene, id, thief, { header: { alg: 'none' } }),
      await answerTo(scene, id, thief, { header: { alg: 'HS256' } }),
      await answerTo(scene, id, thief, { header: { jwk: {} } }),
      'x.y.z',
      '',
    ]
    for (const proof of proofs) {
      const answer = await ask(scene, scene.browser.header(), { id, proof })
      equal([answer.status, answer.headers.getSetCookie(), await answer.text()], [403, [], ''])
    }
    equal(await seen(scene), UNPROVEN)
  }),

  check('a proof for another origin, session or minute is refused', async (library, entry) => {
    const scene = sceneOf(library, entry)
    const key = await makeDevice()
    const id = await enrol(scene, key)
    const url = `https://app.example${ENDPOINT}`
    const other = sceneOf(library, entry)
    const otherProof = await answerTo(other, await enrol(other, key), key)
    const late = await answerTo(scene, id, key)
    for (const [proof, status, at] of [
      [await answerTo(scene, id, key, { payload: { aud: url } }), 200, 0],
      [await answerTo(scene, id, key, { payload: { aud: `${url}/` } }), 403, 0],
      [otherProof, 403, 0],
      [late, 200, 60 + TOLERANCE],
      [late, 403, 61 + TOLERANCE],
    ] as const) {
      scene.at(at)
      equal((await ask(scene, scene.browser.header(), { id, proof })).status, status)
    }
  }),

  check('a logout takes ticket and key, and ends the browser’s side', async (library, entry) => {
    const scene = sceneOf(library, entry)
    const id = await enrol(scene, await makeDevice())
    equal(scene.browser.cookies.size, 3)
    await scene.visit((session) => session.destroy())
    equal([...scene.browser.cookies.keys()], [`${NAME}.x`])
    const answer = await ask(scene, scene.browser.header(), { id })
    equal([answer.status, await answer.json()], [200, { session_identifier: id, continue: false }])
  }),

  check('without the option a bound session is refused, and left alone', async (library, entry) => {
    const scene = sceneOf(library, entry)
    await enrol(scene, await makeDevice())
    const without = createScene(library, {}, scene.browser)
    equal(await seen(without), UNPROVEN)
    const { headers } = await without.visit((session) => {
      session.get('user')
    })
    equal(headers.getSetCookie(), [])
    const request = new Request(`https://app.example${ENDPOINT}`, { method: 'POST' })
    holds((await without.sessions.device(request)) === undefined, 'nothing answers the path')
    equal(await seen(scene), PROVEN)
  }),
]
