// Clients without cookies: the session as a bare token in a header that the application chooses. A
// WebSocket handshake and a native client, over real connections.

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { alter } from '../support/alterations.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { deferred } from '../support/deferred.ts'
import { NAME, OTHER_SECRET } from '../support/mint.ts'
import { setUp as setUpWith } from '../support/set-up.ts'

interface Data {
  user: string
  notes: string[]
}

const HEADER = 'x-shop-session'
const running: Server[] = []

afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const { time, sessions } = setUpWith<Data>(options)
  const tokenOf = async (user: string) => {
    const session = await sessions.open(null)
    session.set('user', user)
    return sessions.seal(session)
  }
  return { time, sessions, tokenOf }
}

async function listen(listener?: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener)
  running.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}` }
}

function headerOf(request: IncomingMessage): string | undefined {
  return request.headersDistinct[HEADER]?.[0]
}

describe('a WebSocket handshake', () => {
  /**
   * Starts a server that accepts clients with a session, and rejects all others before the upgrade.
   */
  async function serve(sessions: ReturnType<typeof setUp>['sessions']) {
    const { server, url } = await listen()
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      void greet(request, socket)
    })
    async function greet(request: IncomingMessage, socket: Duplex) {
      const session = await sessions.unseal(headerOf(request))
      const user = session.get('user')
      if (user === undefined) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
        return
      }
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${acceptOf(request.headers['sec-websocket-key'] ?? '')}\r\n` +
          `${HEADER}: ${await sessions.seal(session)}\r\n\r\n`,
      )
      socket.end(textFrame(`Hello ${user}`))
    }
    return url
  }

  test('succeeds with the session in the header, and its response has a newly sealed token', async () => {
    const { time, sessions, tokenOf } = setUp()
    const url = await serve(sessions)
    const token = await tokenOf('ada')
    time.now += 80_000
    const { status, headers, message } = await handshake(url, { [HEADER]: token })
    expect([status, message]).toEqual([101, 'Hello ada'])
    const renewed = headers[HEADER]
    expect(renewed).not.toBe(token)
    time.now += 80_000
    expect((await sessions.unseal(token)).rejection).toEqual({ reason: 'idle' })
    expect((await handshake(url, { [HEADER]: String(renewed) })).message).toBe('Hello ada')
  })

  test.each<[string, (token: string) => Record<string, string>]>([
    ['no header', () => ({})],
    ['an empty header', () => ({ [HEADER]: '' })],
    ['a header that is no token', () => ({ [HEADER]: 'ada' })],
    ['a token with a changed character', (token) => ({ [HEADER]: alter(token) })],
    ['the token in another header', (token) => ({ authorization: token })],
    ['the token as a cookie', (token) => ({ cookie: `${NAME}=${token}` })],
  ])('is refused with %s', async (_, headersOf) => {
    const { sessions, tokenOf } = setUp()
    const url = await serve(sessions)
    const { status, message } = await handshake(url, headersOf(await tokenOf('ada')))
    expect([status, message]).toEqual([401, ''])
  })

  test('fails for a session that has ended, or of another secret', async () => {
    const { time, sessions, tokenOf } = setUp()
    const url = await serve(sessions)
    const token = await tokenOf('ada')
    const foreign = await setUp({ secrets: OTHER_SECRET }).tokenOf('ada')
    expect((await handshake(url, { [HEADER]: foreign })).status).toBe(401)
    time.now += 86_405
    expect((await handshake(url, { [HEADER]: token })).status).toBe(401)
  })
})

describe('a native client', () => {
  /**
   * Starts a server that reads and writes the session of a header, and returns it in that header.
   */
  async function serve(sessions: ReturnType<typeof setUp>['sessions']) {
    const routes: Record<string, (session: Session<Data>) => unknown> = {
      '/login': (session) => {
        session.regenerate()
        session.set('user', 'ada')
        session.set('notes', [])
      },
      '/add': (session) => session.get('notes')?.push('a note'),
      '/me': (session) => [session.get('user'), session.get('notes')?.length],
      '/logout': (session) => session.destroy(),
      '/message': (session) => session.flash('notice', 'Saved.'),
      '/read': (session) => session.flash('notice'),
    }
    const { url } = await listen((request, response) => {
      void answer()
      async function answer() {
        const session = await sessions.unseal(headerOf(request))
        const body = routes[request.url ?? '']?.(session) ?? null
        response.setHeader(HEADER, await sessions.seal(session))
        response.setHeader('cache-control', 'no-store')
        response.end(JSON.stringify(body))
      }
    })
    return url
  }

  /** Returns a client that stores the newest token, as an app does. */
  function nativeClient(url: string) {
    const kept = { token: '' }
    const ask = async (path: string): Promise<unknown> => {
      const response = await fetch(url + path, { headers: { [HEADER]: kept.token } })
      expect(response.headers.getSetCookie()).toEqual([])
      kept.token = response.headers.get(HEADER) ?? ''
      return response.json()
    }
    return { kept, ask }
  }

  test('keeps its session from request to request, with the newest token in each response', async () => {
    const { time, sessions } = setUp()
    const { kept, ask } = nativeClient(await serve(sessions))
    expect([await ask('/me'), kept.token]).toEqual([[null, null], ''])
    await ask('/login')
    const { id } = await sessions.unseal(kept.token)
    for (let day = 1; day <= 3; day++) {
      await ask('/add')
      time.now += 80_000
      expect(await ask('/me')).toEqual(['ada', day])
    }
    expect((await sessions.unseal(kept.token)).id).toBe(id)
  })

  test('gets an empty string at the logout, with which a new session can begin', async () => {
    const { sessions } = setUp()
    const { kept, ask } = nativeClient(await serve(sessions))
    await ask('/login')
    expect(kept.token).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
    await ask('/logout')
    expect(kept.token).toBe('')
    expect(await ask('/me')).toEqual([null, null])
    await ask('/login')
    expect(await ask('/me')).toEqual(['ada', 0])
  })

  test('receives a message once', async () => {
    const { sessions } = setUp()
    const { kept, ask } = nativeClient(await serve(sessions))
    await ask('/message')
    expect([await ask('/read'), kept.token, await ask('/read')]).toEqual([['Saved.'], '', []])
  })

  test('and a browser cannot use each other’s sessions', async () => {
    const { sessions, tokenOf } = setUp()
    const token = await tokenOf('ada')
    expect((await sessions.open(`${NAME}=${token}`)).rejection).toEqual({ reason: 'malformed' })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const cookie = pairsOf(await sessions.setCookies(session))
    const value = cookie.slice(`${NAME}=`.length)
    expect((await sessions.unseal(value)).rejection).toEqual({ reason: 'malformed' })
  })
})

describe('a long connection', () => {
  test('can check with verify that its session has ended', async () => {
    const revoked = new Set<unknown>()
    const { time, sessions, tokenOf } = setUp({
      revoked: (session) => revoked.has(session.id),
    })
    const session = await sessions.unseal(await tokenOf('ada'))
    const seen: unknown[] = []
    const send = async () => {
      const rejection = await sessions.verify(session)
      seen.push(rejection?.reason ?? session.get('user'))
    }
    await send()
    revoked.add(session.id)
    await send()
    revoked.clear()
    time.now += 86_405
    await send()
    expect(seen).toEqual(['ada', 'revoked', 'idle'])
  })
})

describe('a link in an e-mail', () => {
  test('opens only for its purpose, and until its end', async () => {
    const { time, sessions } = setUp({
      lifetimes: { link: { maxAge: 600, idleTimeout: false } },
    })
    const session = await sessions.open(null)
    session.regenerate({ lifetime: 'link' })
    session.set('user', 'ada')
    const token = await sessions.seal(session, 'password reset')
    const url = new URL(`https://example.test/reset?token=${token}`)
    const received = url.searchParams.get('token')
    expect((await sessions.unseal(received, 'password reset')).get('user')).toBe('ada')
    expect((await sessions.unseal(received)).rejection).toEqual({ reason: 'undecryptable' })
    expect((await sessions.unseal(received, 'api')).rejection).toEqual({ reason: 'undecryptable' })
    time.now += 605
    const late = await sessions.unseal(received, 'password reset')
    expect(late.rejection).toEqual({ reason: 'expired' })
  })
})

interface Handshake {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The first message, if the handshake was accepted. */
  readonly message: string
}

/**
 * Performs a client's side of RFC 6455: the request, the check of the response, and the first
 * message.
 */
function handshake(url: string, headers: Readonly<Record<string, string>>): Promise<Handshake> {
  const key = randomBytes(16).toString('base64')
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const { promise, resolve, reject } = deferred<Handshake>()
  const client = httpRequest(url, {
    headers: { ...upgrade, 'sec-websocket-key': key, ...headers },
  })
  client.on('error', reject)
  client.on('response', (response) => {
    response.resume()
    resolve({ status: response.statusCode ?? 0, headers: response.headers, message: '' })
  })
  client.on('upgrade', (response, socket, head) => {
    const chunks: Uint8Array[] = [head]
    socket.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => {
      socket.end()
      const accepted = response.headers['sec-websocket-accept'] === acceptOf(key)
      const message = accepted
        ? textOf(Buffer.concat(chunks))
        : 'the response is to another handshake'
      resolve({ status: response.statusCode ?? 0, headers: response.headers, message })
    })
  })
  client.end()
  return promise
}

/** Returns the proof that the server read this handshake (RFC 6455 section 4.2.2). */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** Returns an unmasked text frame (RFC 6455 section 5.2) of less than 126 bytes. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  return Buffer.from([0x81, payload.length, ...payload])
}

function textOf(frame: Buffer): string {
  expect(frame[0]).toBe(0x81)
  return frame.subarray(2, 2 + (frame[1] ?? 0)).toString()
}
