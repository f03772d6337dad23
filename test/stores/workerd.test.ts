// The option overflow in workerd, with its KV.

import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { SECRET, untyped } from '../support/mint.ts'

const ORIGIN = 'https://example.test'

let server: Miniflare

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [new URL('worker.ts', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'import'],
    target: 'es2023',
    write: false,
    logLevel: 'error',
  })
  server = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text ?? '',
    bindings: { SECRETS: SECRET },
    kvNamespaces: ['PARCELS'],
    compatibilityDate: '2026-07-01',
    host: '127.0.0.1',
  })
  await server.ready
})

afterAll(() => server?.dispose())

async function send(jar: Browser, path: string): Promise<unknown> {
  const response = await server.dispatchFetch(`${ORIGIN}${path}`, {
    headers: { cookie: jar.header() },
  })
  jar.store(response.headers.getSetCookie())
  return response.json()
}

/** The members of a KV namespace that are used here. */
interface Namespace {
  get(key: string): Promise<string | null>
  put(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
  list(): Promise<{ keys: { name: string; expiration?: number }[] }>
}

async function namespaceOfParcels(): Promise<Namespace> {
  return untyped<Namespace>(await server.getKVNamespace('PARCELS'))
}

async function parcels() {
  return (await (await namespaceOfParcels()).list()).keys
}

test('a session that fits stores nothing in KV', async () => {
  const jar = createJar()
  expect(await send(jar, '/login')).toEqual({ user: 'ada', cart: 0 })
  expect(await send(jar, '/')).toEqual({ user: 'ada', cart: 0 })
  expect(await parcels()).toEqual([])
})

test('a session that does not fit is complete, expires, and is gone after a logout', async () => {
  const jar = createJar()
  const began = Date.now() / 1000
  await send(jar, '/login')
  expect(await send(jar, '/cart?size=60000')).toEqual({ user: 'ada', cart: 60_000 })
  expect(await send(jar, '/')).toEqual({ user: 'ada', cart: 60_000 })
  const [parcel, ...others] = await parcels()
  expect(others).toEqual([])
  expect(parcel?.name).toMatch(/^parcel:[\w-]{22}$/)
  const expiration = parcel?.expiration ?? 0
  expect(expiration).toBeGreaterThan(began + 604_800 - 1)
  expect(expiration).toBeLessThan(Date.now() / 1000 + 604_820)

  const copy = createJar()
  copy.put('__Host-session', jar.value('__Host-session') ?? '')
  await send(jar, '/logout')
  expect(await parcels()).toEqual([])
  expect(await send(jar, '/')).toEqual({ cart: 0 })
  expect(await send(copy, '/')).toEqual({ cart: 0, reason: 'incomplete' })
})

test('a session without its parcel is incomplete, and works again with it', async () => {
  const jar = createJar()
  await send(jar, '/login')
  await send(jar, '/cart?size=9000')
  const namespace = await namespaceOfParcels()
  const [parcel] = await parcels()
  const name = parcel?.name ?? ''
  const value = (await namespace.get(name)) ?? ''
  await namespace.delete(name)
  expect(await send(jar, '/')).toEqual({ cart: 0, reason: 'incomplete' })
  await namespace.put(name, value)
  expect(await send(jar, '/')).toEqual({ user: 'ada', cart: 9000 })
})
