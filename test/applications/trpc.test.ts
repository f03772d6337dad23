// The tRPC example, driven as its client asks it, with and without batches.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Visitor } from '../support/visitor.ts'
import type { Me } from './example.ts'
import { describeExample } from './scenario.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

interface Answer<Data> {
  readonly result: { readonly data: Data }
}

function mutate(visitor: Visitor, procedure: string, input: object = {}): Promise<Response> {
  const init = { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(input) }
  return visitor.visit(`/trpc/${procedure}`, init)
}

/** The example's client, as these tests call it. */
interface Client {
  readonly me: { query(): Promise<Me> }
  readonly login: { mutate(input: { user: string }): Promise<void> }
  readonly keep: { mutate(input: { text: string }): Promise<void> }
  readonly fail: { mutate(): Promise<void> }
}

describeExample(
  {
    folder: 'trpc',
    page: 'trpc',
    framework: 'tRPC',
    package: '@trpc/server',
    runtime: 'Node.js',
    // A procedure returns values: no response of another server, and no change once a batch streams.
    without: ['streaming', 'upstream'],
    actions: {
      login: (visitor, user) => mutate(visitor, 'login', { user }),
      logout: (visitor) => mutate(visitor, 'logout'),
      keep: (visitor, text) => mutate(visitor, 'keep', { text }),
      fail: (visitor) => mutate(visitor, 'fail'),
      me: (visitor) => visitor.visit('/trpc/me'),
      readMe: async (response) => ((await response.json()) as Answer<Me>).result.data,
      async messages(visitor) {
        const response = await mutate(visitor, 'takeNotices')
        return ((await response.json()) as Answer<string[]>).result.data
      },
    },
  },
  (stage) => {
    function fetchOf(visitor: Visitor): (url: string, init: RequestInit) => Promise<Response> {
      return (url, init) => visitor.visit(url.replace(stage.application.origin, ''), init)
    }

    /** Returns the example's own client, whose calls go out with cookies. */
    async function createClient(visitor: Visitor): Promise<Client> {
      const { createClient: create } = (await import(join(stage.folder, 'dist/client.js'))) as {
        createClient: (url: string, fetch: object) => Client
      }
      return create(`${stage.application.origin}/trpc`, fetchOf(visitor))
    }

    /** Returns a client that streams the answers of mutations too. */
    function createStreamingClient(visitor: Visitor): Client {
      const trpc: Record<'createTRPCClient' | 'httpBatchStreamLink', (options: object) => unknown> =
        createRequire(join(stage.folder, 'package.json'))('@trpc/client')
      const url = `${stage.application.origin}/trpc`
      const link = trpc.httpBatchStreamLink({ url, fetch: fetchOf(visitor) })
      return trpc.createTRPCClient({ links: [link] }) as Client
    }

    test('the procedures of a batch share one session', async () => {
      const client = await createClient(stage.createBrowser())
      await client.login.mutate({ user: 'ada' })
      await Promise.all([
        client.keep.mutate({ text: 'abc' }),
        client.keep.mutate({ text: 'three' }),
      ])
      expect(await client.me.query()).toEqual({ user: 'ada', notes: 5 })
    })

    test('a procedure of a batch that fails leaves the session unchanged', async () => {
      const client = await createClient(stage.createBrowser())
      await client.login.mutate({ user: 'ada' })
      const outcomes = await Promise.allSettled([
        client.keep.mutate({ text: 'slower than the other' }),
        client.fail.mutate(),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
      expect(await client.me.query()).toEqual({ user: 'ada', notes: 0 })
    })

    test('a change while a batch streams is an error that the developer sees', async () => {
      const visitor = stage.createBrowser()
      await (await createClient(visitor)).login.mutate({ user: 'ada' })
      const before = visitor.header()
      const client = createStreamingClient(visitor)
      const outcomes = await Promise.allSettled([
        client.keep.mutate({ text: 'lost' }),
        client.keep.mutate({ text: 'lost too' }),
      ])
      const message = expect.stringMatching(/^the session was changed after its cookies were made/)
      const rejected = { status: 'rejected', reason: expect.objectContaining({ message }) }
      expect(outcomes).toEqual([rejected, rejected])
      expect(visitor.header()).toBe(before)
      // The server goes on, and the answer is complete.
      expect(await client.me.query()).toEqual({ user: 'ada', notes: 0 })
    })

    test('an answer that streams is private, though its procedures look at the session later', async () => {
      const response = await stage.createBrowser().visit('/trpc/keep?batch=1', {
        method: 'POST',
        headers: { ...JSON_TYPE, 'trpc-accept': 'application/jsonl' },
        body: JSON.stringify({ 0: { text: 'later' } }),
      })
      await response.text()
      expect(response.headers.get('cache-control')).toBe('private')
      expect(response.headers.get('vary')).toMatch(/\bCookie\b/)
    })
  },
)
