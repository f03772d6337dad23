// The Node adapter under load with failures in everything that an application supplies: a tenth of
// the handlers, error handlers, serializers, schemas and `revoked` calls throw, at random from a
// seed. Every request is answered, no rejection is unhandled, and a failed request leaves no
// cookie.

import { Agent, createServer, request as ask } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { pairsOf } from '../support/cookie-jar.ts'
import { SECRET, untyped } from '../support/mint.ts'
import { TOO_MUCH, listen } from './application.ts'
import type { Data } from './application.ts'

const REQUESTS = 10_000
const AT_ONCE = 50
const SEED = Number(process.env['SEED'] ?? 1)

/** The response that a client receives. */
interface Answered {
  readonly status: number
  readonly body: string
  readonly lines: readonly string[]
}

/** Throws one time in ten. */
type Fault = (name: string) => void

test(
  `every one of 10 000 requests is answered whatever fails (SEED=${SEED})`,
  { timeout: 900_000 },
  async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const rejections: unknown[] = []
    const onRejection = (reason: unknown) => void rejections.push(reason)
    const onUnhandled = (act: 'on' | 'off') => {
      const emitter: NodeJS.EventEmitter = process
      emitter[act]('unhandledRejection', onRejection)
      emitter[act]('uncaughtException', onRejection)
    }
    onUnhandled('on')

    const faults = new Map<string, number>()
    const random = createRandom(SEED)
    const fault: Fault = (name) => {
      if (random() >= 0.1) return
      faults.set(name, (faults.get(name) ?? 0) + 1)
      throw new Error(name)
    }
    const faulty = createSessions<Data>({ secrets: SECRET, ...callbacks(fault) })
    const reader = createSessions<Data>({ secrets: SECRET, ...callbacks(() => {}) })
    const server = createServer(application(faulty, fault, random))
    const port = Number(new URL(await listen(server)).port)
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

    const counts = { ok: 0, failed: 0, kept: 0 }
    let left = REQUESTS
    /** One browser: it sends the cookies that it received last. */
    async function browse(): Promise<void> {
      let cookie = ''
      while (left > 0) {
        left -= 1
        const { status, body, lines } = await get(agent, port, cookie)
        if (status !== 200) {
          counts.failed += 1
          expect([status, lines]).toEqual([500, []])
          continue
        }
        counts.ok += 1
        // `revoked` failed when it was called again: nothing is written, and the browser keeps its
        // cookies.
        if (lines.length === 0) continue
        counts.kept += 1
        cookie = pairsOf(lines)
        const session = await reader.open(cookie)
        expect(`visit ${session.get('visits')}`).toBe(body)
      }
    }

    try {
      await Promise.all(Array.from({ length: AT_ONCE }, browse))
      await new Promise((resolve) => setImmediate(resolve))
      expect(counts.ok + counts.failed).toBe(REQUESTS)
      expect(counts.kept).toBeGreaterThan(REQUESTS / 10)
      expect(counts.failed).toBeGreaterThan(REQUESTS / 10)
      expect(rejections).toEqual([])
      // Each kind of fault has occurred many times.
      expect([...faults.keys()].toSorted()).toEqual([
        'after a change',
        'after the end',
        'before a change',
        'error handler',
        'later',
        'parse',
        'revoked',
        'schema',
        'schema, later',
        'stringify',
      ])
      for (const [name, times] of faults) expect([name, times > 20]).toEqual([name, true])
    } finally {
      onUnhandled('off')
      log.mockRestore()
      agent.destroy()
      server.close().closeAllConnections()
    }
  },
)

/** The functions that an application gives to `createSessions`. */
function callbacks(fault: Fault): Partial<SessionOptions<Data>> {
  return {
    serializer: {
      stringify(data) {
        fault('stringify')
        return JSON.stringify(data)
      },
      parse(text) {
        fault('parse')
        return JSON.parse(text)
      },
    },
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        async validate(value: unknown) {
          fault('schema')
          await new Promise((resolve) => setImmediate(resolve))
          fault('schema, later')
          return { value: untyped<Data>(value) }
        },
      },
    },
    revoked() {
      fault('revoked')
      return false
    },
  }
}

/** Counts visits, and fails at every point where a handler can. */
function application(
  sessions: ReturnType<typeof createSessions<Data>>,
  fault: Fault,
  random: () => number,
) {
  const { middleware, sessionOf } = nodeSessions(sessions)

  async function handle(session: Session<Data>, response: ServerResponse): Promise<void> {
    fault('before a change')
    session.set('visits', session.get('visits', 0) + 1)
    fault('after a change')
    if (random() < 0.05) session.set('big', TOO_MUCH)
    if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve))
    fault('later')
    response.setHeader('Set-Cookie', 'mine=1')
    response.end(`visit ${session.get('visits')}`)
    fault('after the end')
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    middleware(request, response, (error) => {
      if (error === undefined) return handle(sessionOf(request), response)
      if (response.headersSent) return undefined
      fault('error handler')
      // Discards the failed changes. This throws if no session was opened, or if the serializer
      // throws.
      sessionOf(request).discard()
      response.removeHeader('Set-Cookie')
      response.statusCode = 500
      return response.end('sorry')
    })
  }
}

function get(agent: Agent, port: number, cookie: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = cookie === '' ? {} : { cookie }
    const asked = ask({ agent, port, host: '127.0.0.1', headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => void (body += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers: fields } = response
        const all = fields['set-cookie'] ?? []
        resolve({ status, body, lines: all.filter((line) => !line.startsWith('mine=')) })
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Returns a generator of numbers from 0 to 1, the same for the same seed (Park and Miller). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
