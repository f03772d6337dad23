// The client side of a browser: stores cookies by the rules, and sends requests with given bytes.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { CookieJar } from 'tough-cookie'

/** A response. */
export interface Answer {
  readonly status: number
  readonly setCookie: readonly string[]
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  /** The number of pieces in which the body came. */
  readonly pieces: number
}

export interface Question {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Client {
  readonly port: number
  /** Sends a request with its cookies, and stores those of the response. */
  ask(path: string, question?: Question): Promise<Answer>
  /** Returns the `Cookie` header that it would send. */
  cookies(): string
  names(): string[]
  /** Sets a cookie, as any page of the site can. */
  put(line: string): void
}

/**
 * The site's origin for the browser, which stores `Secure` cookies only for https. The server has
 * http.
 */
const ORIGIN = 'https://app.example'

export function createClient(port: number): Client {
  const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })
  const cookies = () => jar.getCookieStringSync(ORIGIN)
  return {
    port,
    cookies,
    async ask(path, question) {
      const answer = await askWith(port, path, cookies(), question)
      for (const line of answer.setCookie) jar.setCookieSync(line, ORIGIN)
      return answer
    },
    names: () =>
      jar
        .getCookiesSync(ORIGIN)
        .map(({ key }) => key)
        .toSorted(),
    put: (line) => void jar.setCookieSync(line, ORIGIN),
  }
}

/** Sends one request on a new connection. */
export function askWith(
  port: number,
  path: string,
  cookie: string,
  { method = 'GET', body, headers = {} }: Question = {},
): Promise<Answer> {
  const outgoing = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: { ...headers, ...(cookie === '' ? {} : { cookie }) },
    agent: false,
    maxHeaderSize: 1e6,
  })
  outgoing.end(body)
  return new Promise((resolve, reject) => {
    outgoing.once('error', reject).once('response', (response) => {
      let text = ''
      let pieces = 0
      // Listens from the start: what has come before would be one piece.
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
        pieces++
      })
      response.once('error', reject).once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          setCookie: response.headers['set-cookie'] ?? [],
          headers: response.headers,
          body: text,
          pieces,
        }),
      )
    })
  })
}

/**
 * Sends a request with exactly these lines over HTTP/1.1. Returns the body, with its chunks' sizes
 * if any.
 */
export async function askRaw(
  port: number,
  path: string,
  lines: readonly string[],
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  const head = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...lines]
  socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
  await once(socket, 'close')
  return received.slice(received.indexOf('\r\n\r\n') + 4)
}

/** Sends a request over HTTP/2 without TLS, each cookie in a field of its own, as browsers do. */
export async function askHttp2(
  port: number,
  path: string,
  cookies: string[],
): Promise<Pick<Answer, 'setCookie' | 'body'>> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  try {
    await once(session, 'connect')
    const stream = session.request({ ':path': path, cookie: cookies })
    stream.end()
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    let body = ''
    stream.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    await once(stream, 'end')
    return { setCookie: headers['set-cookie'] ?? [], body }
  } finally {
    session.destroy()
  }
}

/** Requests a WebSocket. Returns all received bytes, up to `last` or the end of the connection. */
export async function askSocket(port: number, last: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const lines = [
    'GET / HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
    if (received.endsWith(last)) socket.destroy()
  })
  await once(socket, 'close')
  return received
}
