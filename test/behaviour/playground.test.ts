// The playground, used with curl as its documentation shows, and as a fetch handler.

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPlayground } from '../../examples/playground/app.ts'
import { textOf, valueOf } from '../../examples/playground/value.ts'
import { createJar, namesOf } from '../support/cookie-jar.ts'
import { startPlayground } from '../support/playground-server.ts'
import type { PlaygroundServer } from '../support/playground-server.ts'

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }))

const ORIGIN = 'http://127.0.0.1:3000'

const newSecret = () => randomBytes(32).toString('base64url')

describe('with curl', () => {
  let folder: string
  let server: PlaygroundServer

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'playground-'))
    server = await startPlayground({ PORT: '0', SESSION_SECRETS: newSecret() })
  })

  afterEach(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  /** Runs a line of the documentation without the progress meter, and returns its output. */
  async function run(line: string): Promise<string> {
    const [, ...parameters] = line.replace(ORIGIN, server.url).split(' ')
    const { stdout } = await promisify(execFile)('curl', ['-sS', ...parameters], { cwd: folder })
    return stdout
  }

  async function session(): Promise<unknown> {
    return JSON.parse(await run('curl -b jar http://127.0.0.1:3000/session.json'))
  }

  test('a cookie jar logs in, keeps its values, survives a write that is too large, and logs out', async () => {
    await run('curl -c jar -b jar -d name=Ada http://127.0.0.1:3000/login')
    await run('curl -c jar -b jar -d key=theme -d value=dark http://127.0.0.1:3000/set')
    expect(await session()).toMatchObject({ data: { user: 'Ada', theme: 'dark' }, isNew: false })

    const refusal = await run('curl -c jar -b jar -X POST http://127.0.0.1:3000/overfill')
    expect(refusal).toMatch(/keep "gallery" \(\d+ bytes\), "history"/)
    expect(await session()).toMatchObject({ data: { user: 'Ada', theme: 'dark' } })

    await run('curl -c jar -b jar -X POST http://127.0.0.1:3000/logout')
    expect(await session()).toMatchObject({ data: {}, message: expect.stringContaining('Goodbye') })
  })
})

describe('as a process', () => {
  test('uses the next port if the given one is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const server = await startPlayground({ PORT: String(port), SESSION_SECRETS: newSecret() })
    try {
      expect(Number(new URL(server.url).port)).toBeGreaterThan(port)
      const answer = await fetch(`${server.url}/session.json`)
      expect(await answer.json()).toMatchObject({ data: {}, isNew: true })
    } finally {
      await server.stop()
      other.close()
    }
  })

  test('creates a secret if it has none, and says so in one line', async () => {
    const server = await startPlayground({ PORT: '0' })
    await server.stop()
    expect(server.printed).toEqual([expect.stringContaining('SESSION_SECRETS'), server.url])
  })
})

describe('as a fetch handler', () => {
  test('a page that changes nothing sets no cookie', async () => {
    const { get, post } = visitor()
    expect((await get('/')).headers.getSetCookie()).toEqual([])
    await post('/set', { key: 'theme', value: 'dark' })
    const response = await get('/')
    expect(await response.text()).toContain('value="dark"')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('a form of another site is rejected, but not one of its own or of no site', async () => {
    const { post, get } = visitor()
    const from = (headers: Record<string, string>) => post('/login', { name: 'Eve' }, headers)
    expect((await from({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect((await from({ 'Sec-Fetch-Site': 'same-site' })).status).toBe(403)
    expect((await from({ Origin: 'https://example.test' })).status).toBe(403)
    expect(await (await get('/session.json')).json()).toMatchObject({ data: {} })
    expect((await from({ 'Sec-Fetch-Site': 'same-origin', Origin: 'null' })).status).toBe(303)
    expect((await from({ Origin: ORIGIN })).status).toBe(303)
    expect((await from({})).status).toBe(303)
  })

  test('with a store, data that does not fit moves there, sealed, and is read from there', async () => {
    const { post, get } = visitor()
    const data = async () => (await get('/session.json')).json()
    await post('/login', { name: 'Ada' })
    expect((await post('/overfill')).status).toBe(413)
    await post('/store', { store: 'on' })
    expect((await post('/overfill')).status).toBe(303)
    const page = await (await get('/?did=store')).text()
    expect(page).toContain('<code class="moved">gallery</code>')
    expect(page).toMatch(/<code>parcel:[\w-]{22}<\/code> <code>[\w-]{4}\.\d+\.[\w.-]+…<\/code>/)
    expect(await data()).toMatchObject({ data: { user: 'Ada', gallery: expect.anything() } })
    await post('/store', { store: 'off' })
    expect(await data()).toMatchObject({ data: {}, rejection: { reason: 'incomplete' } })
    await post('/store', { store: 'on' })
    expect(await data()).toMatchObject({ data: { user: 'Ada', gallery: expect.anything() } })
  })

  test('a session is bound to a device, and the page says that the browser has not answered', async () => {
    const { post, get } = visitor()
    const text = async () => (await get('/')).text()
    expect(await text()).toContain('<code id="device-state">none</code>')
    await post('/login', { name: 'Ada' })
    const response = await post('/bind')
    expect(response.headers.get('Secure-Session-Registration')).toMatch(/^\(ES256 RS256\);path=/)
    expect(namesOf(response.headers.getSetCookie()).join()).toMatch(/playground\.d\.[\w-]{8}/)
    expect(await text()).toContain('<code id="device-state">unproven</code>')
    expect(await text()).toContain('your browser has not answered')
    const answer = await post('/.well-known/session-device')
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([403, 'no-store'])
    expect(await text()).toContain('the latest was refused')
  })

  test('input of a visitor is text on the page, and the page may run no other script', async () => {
    const { post, get } = visitor()
    await post('/login', { name: '<script>alert(1)</script>' })
    await post('/set', { key: '"><img src=x>', value: '"><script>alert(2)</script>' })
    const response = await get('/')
    const page = await response.text()
    expect(page).toContain('&lt;script&gt;alert(1)')
    expect(page).toContain('&lt;script&gt;alert(2)')
    expect(page.match(/<script|<img|<style| style=| on\w+=/g)).toEqual(['<script'])
    expect(response.headers.get('Content-Security-Policy')).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
  })

  test('logging in begins a new session that keeps only the cart', async () => {
    const { post, session } = visitor()
    await post('/set', { key: 'cart', value: '[{"sku":"A1"}]' })
    await post('/set', { key: 'theme', value: 'dark' })
    const before = await session()
    await post('/login', { name: 'Ada' })
    const after = await session()
    expect(after).toMatchObject({ data: { cart: [{ sku: 'A1' }], user: 'Ada' } })
    expect(after).not.toHaveProperty('data.theme')
    expect(after).not.toMatchObject({ id: before['id'] })
  })

  test('a value that JSON would change is rejected, and the session stays', async () => {
    const { post, session } = visitor()
    await post('/set', { key: 'theme', value: 'dark' })
    const refused = await post('/set', { key: 'theme', value: '1e999' }, { Accept: 'text/html' })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('ERR_SESSION_DATA')
    expect(await session()).toMatchObject({ data: { theme: 'dark' } })
  })

  test('a session fits the chosen limits, or the write is rejected and it stays', async () => {
    const { post, get, session, jar } = visitor()
    await post('/set', { key: 'theme', value: 'dark' })
    expect((await post('/fill')).status).toBe(413)
    expect(await session()).toMatchObject({ data: { theme: 'dark' } })
    await post('/configure', { limits: 'node' })
    expect((await post('/fill')).status).toBe(303)
    expect(jar.names()).toEqual(['playground', 'playground.1', 'playground.2'])
    const page = await (await get('/')).text()
    expect(page).toContain('id="move"')

    await post('/configure', { limits: 'portable' })
    const refused = await post('/set', { key: 'theme', value: 'light' }, { Accept: 'text/html' })
    expect(refused.status).toBe(413)
    expect(await refused.text()).toContain('ERR_SESSION_TOO_LARGE')
    expect(await session()).toMatchObject({ data: { theme: 'dark' } })
    expect((await post('/shrink')).status).toBe(303)
    expect(jar.names()).toEqual(['playground'])
  })

  test('after a rotation the new secret seals the next write, and the visitor stays logged in', async () => {
    const { post, session } = visitor()
    await post('/login', { name: 'Ada' })
    const { secretId: old } = await session()
    await post('/rotate')
    expect(await session()).toMatchObject({ data: { user: 'Ada' }, secretId: old })
    await post('/set', { key: 'theme', value: 'dark' })
    const { data, secretId } = await session()
    expect(data).toEqual({ user: 'Ada', theme: 'dark' })
    expect(secretId).toMatch(/^[\w-]{4}$/)
    expect(secretId).not.toBe(old)
  })

  test('tampering shows the reason, and does not change the visitor’s own cookie', async () => {
    const { post, session } = visitor()
    await post('/tamper')
    expect(await session()).toMatchObject({ message: expect.stringContaining('no cookie') })
    await post('/login', { name: 'Ada' })
    await session()
    await post('/tamper')
    expect(await session()).toMatchObject({
      data: { user: 'Ada' },
      message: expect.stringContaining('undecryptable'),
    })
  })

  test('a session idles out after the chosen time', async () => {
    const { post, session, wait } = visitor()
    await post('/login', { name: 'Ada' })
    await post('/configure', { timeouts: 'idle' })
    wait(9)
    expect(await session()).toMatchObject({ data: { user: 'Ada' } })
    wait(9)
    expect(await session()).toMatchObject({ data: { user: 'Ada' } })
    wait(10)
    expect(await session()).toMatchObject({ data: {}, rejection: { reason: 'idle' } })
  })

  test('a rejected session is shown with its reason, and its cookies stay until a write', async () => {
    const { get, post, wait, jar } = visitor()
    await post('/login', { name: 'Ada' })
    await get('/')
    const before = jar.header()
    await post('/configure', { timeouts: 'idle' })
    wait(10)
    const response = await get('/')
    const page = await response.text()
    expect(page).toMatch(/id="rejection".*<strong>idle<\/strong>.*stay as they are/s)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(jar.header()).toBe(before)
    await post('/set', { key: 'theme', value: 'dark' })
    expect(jar.names()).toEqual(['playground'])
    expect(jar.header()).not.toBe(before)
    expect(await (await get('/')).text()).not.toContain('id="rejection"')
  })

  test('a touch writes only the ticket, and the page says what each cookie is', async () => {
    const { get, post, session, jar } = visitor()
    await post('/login', { name: 'Ada' })
    const { secretId } = await session()
    await post('/rotate')
    const response = await post('/touch')
    expect(namesOf(response.headers.getSetCookie())).toEqual(['playground.t'])
    const page = await (await get('/')).text()
    expect(page).toMatch(/<code>playground<\/code>\s*<small>the session</)
    expect(page).toMatch(/<code>playground.t<\/code>\s*<small>ticket: last use</)
    // The ticket is sealed under the new secret, and the session still under the former one.
    expect(await session()).toMatchObject({ data: { user: 'Ada' }, secretId })

    await post('/logout')
    expect(jar.names()).toEqual(['playground', 'playground.x'])
    const goodbye = await (await get('/')).text()
    expect(goodbye).toContain('Goodbye, Ada.')
    expect(goodbye).toMatch(/<code>playground.x<\/code>\s*<small>logout stamp</)
    expect(jar.names()).toEqual(['playground.x'])
  })

  test('a visitor who asks to be remembered gets a longer session', async () => {
    const { post, session } = visitor()
    await post('/login', { name: 'Ada' })
    expect(await session()).toMatchObject({ expiresAt: '2026-01-02T00:00:00.000Z' })
    await post('/login', { name: 'Ada', remember: 'on' })
    expect(await session()).toMatchObject({ expiresAt: '2026-01-08T00:00:00.000Z' })
  })

  test('a slow request writes after its delay, which is at most five seconds', async () => {
    const { get, post, session } = visitor()
    await post('/login', { name: 'Ada' })
    expect(await (await get('/slow?ms=90000')).json()).toEqual({ user: 'Ada', delay: 5000 })
    expect(await (await get('/slow?ms=-1')).json()).toEqual({ user: 'Ada', delay: 0 })
    expect(await session()).toMatchObject({ data: { slow: 'took 0 ms' } })
  })

  test.each([
    [5, '5'],
    ['5', '"5"'],
    ['dark', 'dark'],
    ['', ''],
    ['two\nlines', '"two\\nlines"'],
    [[{ sku: 'A1' }], '[{"sku":"A1"}]'],
    [null, 'null'],
  ])('the value %j is edited as %s', (value, text) => {
    expect(textOf(value)).toBe(text)
    expect(valueOf(text)).toEqual(value)
  })
})

/** Creates a visitor with separate cookies, playground and clock. */
function visitor() {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const handle = createPlayground({ secrets: [newSecret()], clock: () => now })
  const jar = createJar(ORIGIN)

  async function send(path: string, init?: RequestInit): Promise<Response> {
    const response = await handle(jar.request(path, init))
    jar.store(response)
    return response
  }

  return {
    jar,
    get: (path: string) => send(path),
    post: (path: string, fields: Record<string, string> = {}, headers?: Record<string, string>) =>
      send(path, {
        method: 'POST',
        body: new URLSearchParams(fields),
        ...(headers && { headers }),
      }),
    async session(): Promise<Record<string, unknown>> {
      const answer: unknown = await (await send('/session.json')).json()
      return typeof answer === 'object' && answer !== null ? { ...answer } : {}
    },
    wait(seconds: number) {
      now += 1000 * seconds
    },
  }
}
