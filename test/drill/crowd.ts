// Clients with separate cookies, logged in, that send request after request and check whose session
// answers.

import { setTimeout as pause } from 'node:timers/promises'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'

const IN_FLIGHT = 20

/** Milliseconds before the same worker sends the next request: the servers share the machine. */
const BREATH = 5

/** One request in three changes the session. */
const PATHS = ['/', '/', '/visit']

const COOKIE = '__Host-session'

export interface Answer {
  readonly id?: string
  readonly user?: string
  readonly reason?: string
}

export interface Client {
  readonly name: string
  readonly jar: Browser
  /** Does not change its session after the login. */
  isReader: boolean
  /** The session's id since the last login. */
  id: string | undefined
  requests: number
}

/** The results of the clients so far. */
export interface Tally {
  requests: number
  /** Answers from an empty session, by the reason. */
  readonly empty: Map<string, number>
  /** Answers from the session of another client. */
  foreign: number
}

/** Requests that are being sent. */
export interface Load {
  /** Resolves when so many more requests are answered: a slow machine takes longer for them. */
  untilAnswered(count: number): Promise<void>
  /** Throws what a request failed with. */
  stop(): Promise<void>
}

export interface Crowd {
  readonly clients: readonly Client[]
  readonly tally: Tally
  /** Sends requests of these clients until it is stopped. */
  run(clients: readonly Client[]): Load
  visit(client: Client): Promise<Answer>
}

export async function createCrowd(size: number, port: number): Promise<Crowd> {
  const tally: Tally = { requests: 0, empty: new Map(), foreign: 0 }

  async function send({ jar }: Client, path: string): Promise<Answer> {
    const cookie = jar.header()
    const headers: Record<string, string> = cookie === '' ? {} : { cookie }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
    jar.store(response)
    return response.json()
  }

  async function login(client: Client): Promise<void> {
    client.id = (await send(client, `/login?user=${client.name}`)).id
  }

  async function visit(client: Client): Promise<Answer> {
    const path = PATHS[client.requests++ % PATHS.length] ?? '/'
    const answer = await send(client, client.isReader ? '/' : path)
    tally.requests++
    if (answer.id === undefined) {
      const reason = answer.reason ?? 'no cookie'
      tally.empty.set(reason, (tally.empty.get(reason) ?? 0) + 1)
    } else if (answer.id !== client.id || answer.user !== client.name) tally.foreign++
    return answer
  }

  /** Sends requests one after the other, so that the cookies of each answer are in the next request. */
  async function work(waiting: Client[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const client = waiting.shift()
      if (client !== undefined) {
        const { id } = await visit(client)
        if (id === undefined) await login(client)
        waiting.push(client)
      }
      await pause(BREATH)
    }
  }

  function run(clients: readonly Client[]): Load {
    const waiting = [...clients]
    const controller = new AbortController()
    const workers = Array.from({ length: IN_FLIGHT }, () => work(waiting, controller.signal))
    const done = Promise.all(workers)
    // `stop` throws a failure, which must not be an unhandled rejection before that.
    done.catch(() => controller.abort())
    return {
      async untilAnswered(count) {
        const enough = tally.requests + count
        while (tally.requests < enough && !controller.signal.aborted) await pause(BREATH)
      },
      async stop() {
        controller.abort()
        await done
      },
    }
  }

  const clients = Array.from({ length: size }, (_, at): Client => {
    return { name: `client-${at}`, jar: createJar(), isReader: false, id: undefined, requests: at }
  })
  for (let at = 0; at < size; at += IN_FLIGHT) {
    await Promise.all(clients.slice(at, at + IN_FLIGHT).map(login))
  }
  return { clients, tally, run, visit }
}

/** Returns the id of the secret that a client's session is sealed under. */
export function secretOf({ jar }: Client): string {
  return (jar.value(COOKIE) ?? '').split('.', 1).join()
}
