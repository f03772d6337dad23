// 10 000 requests against the Node adapter, 50 at a time: answers of every kind, streams, and
// clients that disconnect. No answer is without its cookies, and no memory is left.

import { createReadStream } from 'node:fs'
import { Agent, createServer, request as ask } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import type { Session } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { pairsOf } from '../support/cookie-jar.ts'
import { TOO_MUCH, listen, createTestSessions } from './application.ts'
import type { Data } from './application.ts'

const REQUESTS = 10_000
const AT_ONCE = 50
const FILE = new URL('package-lock.json', import.meta.url)

/** What all the caches of Node, its agent and its parser may take; a leak takes 1 kB a request. */
const MOST_GROWTH = 5_000_000

type Handler = (session: Session<Data>, response: ServerResponse) => unknown

/** How a response is ended, and whether its client waits for the end. */
const kinds: readonly (readonly [handler: Handler, patience: 'waits' | 'leaves' | 'hangs up'])[] = [
  [(_, response) => response.end('ab'), 'waits'],
  [(_, response) => void response.writeHead(302, { location: '/' }).end(), 'waits'],
  [(_, response) => void Readable.from(['a', 'b', 'c']).pipe(response), 'waits'],
  [(_, response) => pipeline(createReadStream(FILE), response), 'waits'],
  [flushed, 'waits'],
  [written, 'waits'],
  [(_, response) => pipeline(createReadStream(FILE), response), 'leaves'],
  [(_, response) => pipeline(endless(), response), 'leaves'],
  [(_, response) => pipeline(createReadStream(FILE), response), 'hangs up'],
  [(_, response) => response.end('ab'), 'hangs up'],
  [
    (session, response) => {
      session.set('big', TOO_MUCH)
      return pipeline(createReadStream(FILE), response)
    },
    'leaves',
  ],
]

function flushed(_: Session<Data>, response: ServerResponse): void {
  response.flushHeaders()
  setImmediate(() => response.end('ab'))
}

function written(_: Session<Data>, response: ServerResponse): void {
  for (const part of 'abcdef') response.write(part)
  response.end()
}

test('no answer is lost and no memory left after 10 000 requests', async () => {
  const sessions = createTestSessions()
  const { middleware, sessionOf } = nodeSessions(sessions)
  const responses: WeakRef<ServerResponse>[] = []
  const counts = { listeners: 0, closed: 0, complete: 0, given: 0, left: 0, failed: 0 }
  const rejections: unknown[] = []
  const onRejection = (reason: unknown) => void rejections.push(reason)
  const shows = (process: NodeJS.EventEmitter) => process.on('unhandledRejection', onRejection)
  shows(process)

  const server = createServer((incoming, response) => {
    const kind = kinds[Number(incoming.url?.slice(1)) % kinds.length]
    responses.push(new WeakRef(response))
    response.once('close', () => void (counts.closed += 1))
    const before = listeners(incoming, response)
    middleware(incoming, response, (error) => {
      if (error !== undefined) return void (counts.failed += 1)
      counts.listeners += listeners(incoming, response) - before
      const session = sessionOf(incoming)
      session.set('message', incoming.url ?? '')
      // A client that disconnects ends its stream with an error, which the application must expect.
      return void Promise.resolve(kind?.[0](session, response)).catch(() => {})
    })
  })
  const port = Number(new URL(await listen(server)).port)
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

  async function visit(at: number): Promise<void> {
    const [, patience] = kinds[at % kinds.length] ?? []
    const answer = await get(agent, port, at, patience)
    counts.given += 1
    if (answer === undefined) return void (counts.left += 1)
    const back = await sessions.open(pairsOf(answer))
    expect(back.get('message')).toBe(`/${at}`)
    return void (counts.complete += 1)
  }

  async function load(from: number, to: number): Promise<void> {
    let next = from
    const worker = async () => {
      while (next < to) await visit(next++)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    await vi.waitFor(() => expect(counts.closed).toBe(responses.length), 60_000)
  }

  try {
    await load(0, REQUESTS / 5)
    const before = await memory()
    await load(REQUESTS / 5, REQUESTS)
    const after = await memory()

    const waiting = kinds.filter(([, patience]) => patience === 'waits').length
    expect(counts.given).toBe(REQUESTS)
    expect(counts.complete).toBeGreaterThanOrEqual(Math.floor(REQUESTS / kinds.length) * waiting)
    expect(counts.left + counts.complete).toBe(REQUESTS)
    expect(counts.failed).toBeGreaterThan(0)
    expect(counts.listeners).toBe(0)
    expect(rejections).toEqual([])
    expect(after - before).toBeLessThan(MOST_GROWTH)
    expect(responses.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(
      200,
    )
  } finally {
    process.off('unhandledRejection', onRejection)
    agent.destroy()
    server.close().closeAllConnections()
  }
}, 900_000)

/**
 * Returns the Set-Cookie lines of an answer, which must be in its head; `undefined` if the client
 * did not wait for a head, or was disconnected.
 */
function get(
  agent: Agent,
  port: number,
  at: number,
  patience: 'waits' | 'leaves' | 'hangs up' = 'waits',
): Promise<string[] | undefined> {
  return new Promise((resolve, reject) => {
    const asked = ask({ agent, port, host: '127.0.0.1', path: `/${at}` }, (response) => {
      const { 'set-cookie': lines } = response.headers
      if (lines === undefined) return reject(new Error(`answer ${at} has no cookies`))
      response.on('end', () => resolve(lines)).on('error', () => resolve(undefined))
      response.on('close', () => resolve(lines))
      if (patience === 'leaves') response.once('data', () => asked.destroy())
      return response.resume()
    })
    asked.on('error', (error) => (patience === 'waits' ? reject(error) : resolve(undefined)))
    if (patience === 'hangs up') asked.once('socket', () => setImmediate(() => asked.destroy()))
    asked.end()
  })
}

function endless(): Readable {
  return new Readable({
    read() {
      this.push(Buffer.alloc(4096, 97))
    },
  })
}

function listeners(...emitters: readonly (IncomingMessage | ServerResponse)[]): number {
  const each = emitters.flatMap((emitter) =>
    emitter.eventNames().map((name) => emitter.listenerCount(name)),
  )
  return each.reduce((sum, count) => sum + count, 0)
}

/** Returns the memory in use after garbage collections: weak references hold for a turn. */
async function memory(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    await turn()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}
