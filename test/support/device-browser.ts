// A browser with Device Bound Session Credentials, with keys in software: what it stores, what it
// signs, and when.

import type { CompactJWSHeaderParameters } from 'jose'
import { CompactSign } from 'jose/jws/compact/sign'
import { createJar } from './cookie-jar.ts'
import type { Browser } from './cookie-jar.ts'

/** A key of a device, and its public JWK. */
export interface Device {
  readonly alg: 'ES256' | 'RS256'
  readonly privateKey: CryptoKey
  readonly jwk: JsonWebKey
}

/** The contents of a proof, which an attacker may change. */
export interface ProofParts {
  readonly header?: object
  readonly payload?: object
}

/** The header fields of the protocol in a response, parsed. */
export interface RegistrationRequest {
  readonly path: string
  readonly challenge: string
}

export const ENDPOINT = '/.well-known/session-device'

/** Makes a key, as a browser does at a registration. */
export async function makeDevice(alg: Device['alg'] = 'ES256'): Promise<Device> {
  const algorithm =
    alg === 'ES256'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          hash: 'SHA-256',
          modulusLength: 2048,
          publicExponent: new Uint8Array([1, 0, 1]),
        }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('no pair')
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const jwk = alg === 'ES256' ? { kty, crv, x, y } : { kty, n, e }
  return { alg, privateKey: pair.privateKey, jwk: JSON.parse(JSON.stringify(jwk)) }
}

/** Signs a proof as browsers do: with the key in its header at a registration. */
export async function signProof(
  { alg, privateKey, jwk }: Device,
  challenge: string,
  isRegistration: boolean,
  { header = {}, payload = {} }: ProofParts = {},
): Promise<string> {
  const protectedHeader: CompactJWSHeaderParameters = {
    alg,
    typ: 'dbsc+jwt',
    ...(isRegistration ? { jwk: JSON.parse(JSON.stringify(jwk)) } : {}),
    ...header,
  }
  const text = JSON.stringify({ jti: challenge, ...payload })
  return new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader(protectedHeader)
    .sign(privateKey)
}

/** Returns what a response asks the browser to register. */
export function findRegistration(response: Response): RegistrationRequest | undefined {
  const field = response.headers.get('Secure-Session-Registration') ?? ''
  const match = /^\(ES256 RS256\);path="([^"]+)";challenge="([^"]+)"$/.exec(field)
  const [, path = '', challenge = ''] = match ?? []
  return match === null ? undefined : { path, challenge }
}

/** Returns the challenge of a response, and the session that it is for. */
export function challengeOf(response: Response): { challenge: string; id: string } | undefined {
  const field = response.headers.get('Secure-Session-Challenge') ?? ''
  const match = /^"([^"]+)";id="([^"]+)"$/.exec(field)
  const [, challenge = '', id = ''] = match ?? []
  return match === null ? undefined : { challenge, id }
}

/** Builds a request to the endpoint, as it is sent with these cookies. */
export function deviceRequest(
  cookies: string,
  { id, proof, path = ENDPOINT }: { id?: string; proof?: string; path?: string },
): Request {
  const headers = new Headers({ cookie: cookies })
  if (id !== undefined) headers.set('Sec-Secure-Session-Id', id)
  if (proof !== undefined) headers.set('Secure-Session-Response', proof)
  return new Request(`https://example.test${path}`, { method: 'POST', headers })
}

/** One session that the browser knows: the cookie that it is bound by, and the key. */
export interface KnownSession {
  readonly id: string
  readonly cookie: string
  readonly device: Device
}

/** A browser that supports the protocol. */
export interface DeviceBrowser extends Browser {
  readonly known: Map<string, KnownSession>
  /** Answers the requests in a response. Returns the server's answer. */
  register(response: Response, fetch: Fetch): Promise<Response | undefined>
  /** Proves one session. Returns the server's last answer. */
  refresh(id: string, fetch: Fetch): Promise<Response>
}

type Fetch = (request: Request) => Promise<Response | undefined>

/**
 * Does what a browser does with a server: it logs in, registers its key, asks for a page and proves
 * itself. Returns the answers, and the page.
 */
export async function useServer(
  send: (request: Request) => Promise<Response>,
  { login = '/login', page = '/', init = {} } = {},
) {
  const browser = createDeviceBrowser()
  const welcome = await send(browser.request(login, init))
  browser.store(welcome)
  const registered = await browser.register(welcome, send)
  const seen = await (await send(browser.request(page))).text()
  const [id = ''] = browser.known.keys()
  const refreshed = await browser.refresh(id, send)
  return { browser, id, registered, seen, statuses: [registered?.status, refreshed.status] }
}

/** Returns what sends a request to a server at this origin. */
export function sendTo(origin: string) {
  return ({ url, method, headers }: Request): Promise<Response> => {
    const { pathname, search } = new URL(url)
    return fetch(origin + pathname + search, { method, headers, redirect: 'manual' })
  }
}

export function createDeviceBrowser(): DeviceBrowser {
  const jar = createJar()
  const known = new Map<string, KnownSession>()

  async function send(fetch: Fetch, parts: { id?: string; proof?: string }): Promise<Response> {
    const response = await fetch(deviceRequest(jar.header(ENDPOINT), parts))
    if (response === undefined) throw new Error('the endpoint did not answer')
    jar.store(response)
    return response
  }

  return {
    ...jar,
    known,
    async register(response, fetch) {
      const asked = findRegistration(response)
      if (asked === undefined) return undefined
      const device = await makeDevice()
      const proof = await signProof(device, asked.challenge, true)
      const answer = await send(fetch, { proof })
      if (answer.status !== 200) return answer
      const { session_identifier: id, credentials } = await answer.clone().json()
      known.set(id, { id, cookie: credentials[0].name, device })
      return answer
    },
    async refresh(id, fetch) {
      const session = known.get(id)
      if (session === undefined) throw new Error('not registered')
      const first = await send(fetch, { id })
      const asked = challengeOf(first)
      if (first.status !== 403 || asked === undefined) return first
      const proof = await signProof(session.device, asked.challenge, false)
      return send(fetch, { id, proof })
    },
  }
}
