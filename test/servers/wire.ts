// Sends requests as browsers do, and as raw bytes, and an upstream whose answers have a requested
// length. The limits of Node's own client, which would apply first, are raised.

import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { close, listen } from './programs.ts'
import type { Running } from './programs.ts'

export interface Answer {
  readonly status: number
  readonly setCookie: readonly string[]
  readonly body: string
}

/** The header of Chromium beside the cookies when a visitor follows a link. */
const BROWSER_HEADERS = {
  'sec-ch-ua': '"Chromium";v="156", "Not A(Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'upgrade-insecure-requests': '1',
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  accept:
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-user': '?1',
  'sec-fetch-dest': 'document',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9,de;q=0.8',
}

const HEAD_END = '\r\n\r\n'

/** Bytes of a line that is within every server's limit for one line. */
const LONGEST_LINE = 4000

/** Sends a request with a browser's headers, on a connection of its own. */
export function visit(port: number, path: string, cookie = ''): Promise<Answer> {
  const headers = cookie === '' ? BROWSER_HEADERS : { ...BROWSER_HEADERS, cookie }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers, agent: false, maxHeaderSize: 1e6 }
    request(options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          setCookie: response.headers['set-cookie'] ?? [],
          body,
        }),
      )
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

/**
 * Returns the status of a request with only a host and a `Cookie` line whose value has this length.
 */
export function statusWithCookie(port: number, valueBytes: number): Promise<number> {
  return statusOf(port, '/', `Cookie: ${cookiesOf(valueBytes)}\r\n`)
}

/** Returns the status of a response whose head, as the upstream wrote it, has this length. */
export function statusOfResponse(port: number, headBytes: number): Promise<number> {
  return statusOf(port, `/${headBytes}`, '')
}

/** Returns cookies for a `Cookie` header of this length; at least 4 bytes. */
export function cookiesOf(bytes: number): string {
  const pairs = pieces(bytes + '; '.length, LONGEST_LINE, 40).map(
    (length, index) => `${String.fromCharCode(97 + index)}=${'v'.repeat(length - 4)}`,
  )
  return pairs.join('; ')
}

/** Starts a server without limits: it answers `GET /N` with a head of exactly N bytes. */
export async function startUpstream(): Promise<Running> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let head = ''
    socket.setEncoding('latin1')
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (text: string) => {
      head += text
      if (head.endsWith(HEAD_END)) socket.end(headOf(Number(/^GET \/(\d*)/.exec(head)?.[1])))
    })
  })
  const port = await listen(server)
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    return close(server)
  }
  return { port, stop }
}

/** Returns the head of an empty response; the shortest one without a size. */
function headOf(bytes: number): string {
  const start = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close'
  const room = bytes - start.length - HEAD_END.length
  const lines = room <= 0 ? [] : pieces(room, LONGEST_LINE, 40).map(setCookieLine)
  return start + lines.join('') + HEAD_END
}

function setCookieLine(length: number): string {
  const line = '\r\nSet-Cookie: c='
  return line + 'v'.repeat(length - line.length)
}

/** Splits a sum into pieces of `most`, such that the last two are not below `least`. */
function pieces(sum: number, most: number, least: number): number[] {
  const lengths: number[] = []
  let left = sum
  for (; left > most + least; left -= most) lengths.push(most)
  return [...lengths, left]
}

/** Returns the status of a raw request; 0 if the server closed the connection without an answer. */
async function statusOf(port: number, path: string, line: string): Promise<number> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  let answer = ''
  socket.on('data', (text: string) => (answer += text))
  // A server may reset the connection after its rejection: the received answer counts.
  socket.on('error', () => socket.destroy())
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${line}Connection: close${HEAD_END}`)
  await new Promise((resolve) => socket.once('close', resolve))
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}
