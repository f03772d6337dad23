// A small OpenID provider: it signs in the same user at once, with the code flow and PKCE.

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import { listen } from './visitor.ts'
import type { RunningServer } from './visitor.ts'

export const CLIENT = { id: 'shop', secret: 'a secret that the shop and the provider share' }

/** The user who signs in. */
export const SUBJECT = 'ada'

/** Starts the provider. `allowed` are the only places that it redirects to. */
export async function startProvider(allowed: () => readonly string[]): Promise<RunningServer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const codes = new Map<string, URLSearchParams>()

  const running = await listen(
    createServer((request, response) => {
      void answer(request, response).catch((error: unknown) => {
        response.writeHead(400).end(String(error))
      })
    }),
  )
  const issuer = running.origin

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
    const json = (value: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return void json(configuration(issuer))
      case '/jwks':
        return void json({ keys: [key] })
      case '/authorize':
        return void response.writeHead(302, { location: authorize(searchParams) }).end()
      case '/token':
        return void json(await exchange(new URLSearchParams(await read(request))))
      case '/userinfo':
        return void json({ sub: SUBJECT })
      default:
        throw new Error(`no ${pathname}`)
    }
  }

  function authorize(asked: URLSearchParams): string {
    const redirect = asked.get('redirect_uri') ?? ''
    if (!allowed().some((origin) => redirect.startsWith(`${origin}/`))) throw new Error(redirect)
    const code = `code-${codes.size}`
    codes.set(code, asked)
    const back = new URL(redirect)
    back.searchParams.set('code', code)
    const state = asked.get('state')
    if (state !== null) back.searchParams.set('state', state)
    return back.href
  }

  async function exchange(given: URLSearchParams): Promise<object> {
    const code = given.get('code') ?? ''
    const asked = codes.get(code)
    codes.delete(code)
    const challenge = asked?.get('code_challenge') ?? null
    const verifier = given.get('code_verifier') ?? ''
    const hash = createHash('sha256').update(verifier).digest('base64url')
    if (asked === undefined || (challenge !== null && hash !== challenge)) throw new Error('code')
    const nonce = asked.get('nonce')
    const token = new SignJWT(nonce === null ? {} : { nonce })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(issuer)
      .setSubject(SUBJECT)
      .setAudience(CLIENT.id)
      .setIssuedAt()
      .setExpirationTime('1h')
    return {
      access_token: 'access',
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: await token.sign(privateKey),
    }
  }

  return running
}

function configuration(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}
