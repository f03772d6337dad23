// Real servers on 127.0.0.1, one for each runtime that has one, and a client that sends to each
// what browsers send.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { askHttp2, askRaw, askSocket, askWith, createClient } from './client.ts'
import { bundle } from './packed.ts'
import type { Workspace } from './packed.ts'
import { bun, deno, node20, node22, node24, node26, serve, workerd } from './programs.ts'
import type { Runtime, Server } from './programs.ts'
import { tally } from './report.ts'
import type { Row, Try } from './report.ts'
import { serveWorker } from './workers.ts'

const NAME = '__Host-session'

/** How a runtime serves a module whose default export has `fetch`. */
interface Host {
  readonly runtime: Runtime
  /** Whether the handler receives several lines of `Cookie` as one header, with semicolons. */
  readonly joinsLines: boolean
  /** How many bytes the library counts for each of ODD_COOKIES. */
  readonly counts: readonly number[]
  /** An application that opens a WebSocket after it has read the session. */
  readonly socket?: string
  serve(workspace: Workspace, file: string): Promise<Server>
  /** The same over HTTP/2 without TLS, if there is such a server. */
  serveHttp2?(workspace: Workspace, file: string): Promise<Server>
}

/** UTF-8, ISO 8859-1, and a byte that is neither, as they are on the wire. */
const ODD_COOKIES = ['name=gr\xc3\xbc\xc3\x9fe', 'name=\xfc\xff', 'json={"a":"\x80"}']

const BYTE_FOR_BYTE = ODD_COOKIES.map(({ length }) => length)

const onDeno = ({ folder, secret }: Workspace, file: string) =>
  serve(deno.path, ['serve', '--allow-env', '--host=127.0.0.1', '--port=0', file], {
    cwd: folder,
    env: { SESSION_SECRETS: secret },
  })

const hosts: readonly Host[] = [
  ...[node20, node22, node24, node26].map((runtime): Host => ({
    runtime,
    joinsLines: true,
    counts: BYTE_FOR_BYTE,
    serve: (workspace, file) => onNode(runtime, workspace, file),
    serveHttp2: (workspace, file) => onNode(runtime, workspace, file, 'http2'),
  })),
  {
    runtime: bun,
    joinsLines: true,
    counts: BYTE_FOR_BYTE,
    socket: 'socket-bun.mjs',
    serve: ({ folder, secret }, file) =>
      serve(bun.path, ['serve-bun.mjs', `./${file}`], {
        cwd: folder,
        env: { SESSION_SECRETS: secret },
      }),
  },
  {
    runtime: deno,
    joinsLines: true,
    counts: BYTE_FOR_BYTE,
    socket: 'socket-deno.mjs',
    serve: onDeno,
    serveHttp2: onDeno,
  },
  {
    runtime: workerd,
    // Joins them with a comma. Cloudflare's proxy in front of Workers joins them with a semicolon.
    joinsLines: false,
    // Decodes headers as UTF-8: letters up to U+00FF count as one byte instead of two, and bytes
    // that are not UTF-8 become U+FFFD and count as three.
    counts: [10, 11, 16],
    socket: 'socket-workerd.mjs',
    serve: async ({ folder, secret }, file) => {
      const outfile = join(folder, `served-${file}.js`)
      await bundle(join(folder, file), outfile)
      return serveWorker(outfile, 'nodejs_compat', { SESSION_SECRETS: secret })
    },
  },
]

export function serverJobs(workspace: Workspace): (() => Promise<Row>)[] {
  return hosts.map((host) => () => {
    const { name, version } = host.runtime
    return tally({ part: 'server', runtime: name, version }, async (attempt) => {
      await documented(host, workspace, attempt)
      const server = await host.serve(workspace, 'app.mjs')
      try {
        await pages(server.port, attempt)
        await wire(server.port, host, attempt)
        return (await askWith(server.port, '/engine', '')).body
      } finally {
        await server.stop()
        if (host.serveHttp2) await http2(host.serveHttp2(workspace, 'app.mjs'), attempt)
        if (host.socket) await socket(host, host.serve(workspace, host.socket), attempt)
      }
    })
  })
}

async function documented(host: Host, workspace: Workspace, attempt: Try): Promise<void> {
  // Node 20 reads no types; the others get the block as it is printed.
  const server = await host.serve(
    workspace,
    host.runtime === node20 ? 'documented.mjs' : 'documented.ts',
  )
  try {
    await attempt("the documentation's handler answers", async () => {
      const { status, body, setCookie, headers } = await askWith(server.port, '/', '')
      assert.deepEqual([status, body, setCookie], [200, 'Hello you', []])
      assert.equal(headers['vary'], 'Cookie')
    })
  } finally {
    await server.stop()
  }
}

/** Every kind of response of a handler, for a browser that stores its cookies. */
async function pages(port: number, attempt: Try): Promise<void> {
  const client = createClient(port)
  const read = async () => (JSON.parse((await client.ask('/read')).body) as { data: Data }).data

  await attempt('a session grows over visits', async () => {
    const bodies = []
    for (let visit = 0; visit < 3; visit++) bodies.push((await client.ask('/visit')).body)
    assert.deepEqual(bodies, ['1', '2', '3'])
    assert.deepEqual(client.names(), [NAME])
  })

  await attempt(
    'no cache keeps a write, the browser alone may keep a read, any cache a page without the session',
    async () => {
      const caching = async (path: string) => {
        const { headers, setCookie } = await client.ask(path)
        return [headers['vary'], headers['cache-control'], setCookie.length]
      }
      assert.deepEqual(await caching('/visit'), ['Cookie', 'private, no-store', 1])
      assert.deepEqual(await caching('/read'), ['Cookie', 'private', 0])
      assert.deepEqual(await caching('/unused'), [undefined, undefined, 0])
    },
  )

  await attempt('a form leads to a redirect that carries the cookie', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await client.ask('/form', {
      method: 'POST',
      body: 'user=gr%C3%BC%C3%9Fe',
      headers,
    })
    assert.deepEqual([answer.status, answer.setCookie.length], [303, 1])
    assert.match(String(answer.headers['location']), /\/read$/)
    assert.equal((await read()).user, 'gr\u00fc\u00dfe')
  })

  await attempt('several cookies are set, sent back and deleted', async () => {
    const grown = await client.ask('/fill?text=0123456789&times=800')
    assert.equal(grown.setCookie.length, 3)
    assert.ok(grown.setCookie.every((line) => line.split(';', 1).join().length - 1 <= 4096))
    assert.equal((await read()).text, '0123456789'.repeat(800))
    const shrunk = await client.ask('/fill?text=short&times=1')
    assert.equal(shrunk.setCookie.length, 3)
    assert.deepEqual(client.names(), [NAME])
    assert.equal((await read()).text, 'short')
  })

  await attempt('HEAD brings the cookie and no body', async () => {
    const { visits = 0 } = await read()
    const { status, setCookie, body } = await client.ask('/visit', { method: 'HEAD' })
    assert.deepEqual([status, setCookie.length, body], [200, 1, ''])
    assert.equal((await read()).visits, visits + 1)
  })

  await attempt('204 and 304 bring the cookie and no body', async () => {
    for (const status of [204, 304]) {
      const headers = { 'if-none-match': '"1"' }
      const answer = await client.ask(`/empty?status=${status}`, { headers })
      assert.deepEqual([answer.status, answer.setCookie.length, answer.body], [status, 1, ''])
    }
    assert.equal((await read()).user, 'visitor 304')
  })

  await attempt('a body streams, behind the cookie', async () => {
    const { setCookie, body, pieces } = await client.ask('/stream')
    assert.deepEqual([setCookie.length, body], [1, 'first second third'])
    assert.ok(pieces > 1, `it came in ${pieces} pieces`)
    assert.equal((await read()).visits, 100)
  })

  await attempt("the application's own cookies stay on lines of their own", async () => {
    const { setCookie, headers } = await client.ask('/cookies')
    const [theme, seen, own] = setCookie
    assert.deepEqual([theme, seen], ['theme=dark; Path=/', 'seen=Thu, 01 Jan 2026; Path=/'])
    assert.match(own ?? '', /^__Host-session=[\w-]{4}\.\d+\./)
    assert.deepEqual([setCookie.length, headers['vary']], [3, 'Accept, Cookie'])
  })

  await attempt('a thrown Response is committed', async () => {
    const { status, setCookie } = await client.ask('/refused')
    assert.deepEqual([status, setCookie.length], [403, 1])
    assert.equal((await read()).user, 'refused')
  })

  await attempt(
    'a constant that is returned to all carries nothing to the next visitor',
    async () => {
      const [ada, bob] = [createClient(port), createClient(port)]
      for (const [browser, way] of [
        [ada, 'user=ada'],
        [bob, 'user=bob&thrown=1'],
        [ada, 'user=ada+again&thrown=1'],
      ] as const) {
        const own = await browser.ask(`/constant?${way}`)
        assert.deepEqual([own.status, own.setCookie.length], [204, 1])
        const stranger = createClient(port)
        for (const asked of ['/constant', '/constant?thrown=1']) {
          const { status, setCookie, headers } = await stranger.ask(asked)
          const caching = [headers['vary'], headers['cache-control']]
          assert.deepEqual([status, setCookie, caching], [204, [], [undefined, undefined]])
        }
        const { body } = await stranger.ask('/read')
        assert.deepEqual(JSON.parse(body), { data: {} })
      }
      const { setCookie } = await ada.ask('/constant?logout=1')
      assert.equal(setCookie.length, 2)
      assert.deepEqual((await createClient(port).ask('/constant')).setCookie, [])
      const { body } = await bob.ask('/read')
      assert.deepEqual(JSON.parse(body), { data: { user: 'bob' } })
    },
  )

  await attempt('an error is a 500 that leaves the session as it was', async () => {
    const { status, setCookie } = await client.ask('/error')
    assert.deepEqual([status, setCookie], [500, []])
    assert.equal((await read()).user, 'refused')
  })

  await attempt('a logout holds against a response that was in flight', async () => {
    const old = client.cookies().match(/__Host-session=[^;]*/)?.[0] ?? ''
    await client.ask('/logout')
    assert.deepEqual(client.names(), [`${NAME}.x`, 'seen', 'theme'])
    client.put(`${old}; Path=/; Secure`)
    const { body } = await client.ask('/read')
    assert.deepEqual(JSON.parse(body), { data: {}, rejection: 'destroyed' })
    assert.deepEqual(client.names(), [`${NAME}.x`, 'seen', 'theme'])
  })

  await attempt('twenty browsers at once each have their own session', async () => {
    const visit = async (number: number) => {
      const browser = createClient(port)
      await browser.ask(`/fill?text=${number},&times=${number * 40}`)
      await browser.ask('/visit')
      const { data } = JSON.parse((await browser.ask('/read')).body) as { data: Data }
      assert.equal(data.text, `${number},`.repeat(number * 40))
    }
    await Promise.all(Array.from({ length: 20 }, (_, number) => visit(number + 1)))
  })
}

/** Requests that are written byte by byte. */
async function wire(port: number, { joinsLines, counts }: Host, attempt: Try): Promise<void> {
  const client = createClient(port)
  await client.ask('/visit')
  const ours = `Cookie: ${client.cookies()}`
  const known = '"visits":1'

  await attempt('two lines of Cookie are one header', async () => {
    for (const lines of [
      [ours, 'Cookie: theme=dark'],
      ['Cookie: theme=dark', ours],
    ]) {
      const body = await askRaw(port, '/read', lines)
      // If they are joined with a comma, ours is found only if it is first.
      assert.equal(body.includes(known), joinsLines || lines[0] === ours, body)
    }
  })

  await attempt('bytes beyond ASCII in other cookies neither hurt nor are miscounted', async () => {
    for (const [at, other] of ODD_COOKIES.entries()) {
      const line = `Cookie: ${other}; ${client.cookies()}`
      assert.ok((await askRaw(port, '/read', [line])).includes(known), other)
      const measured = await askRaw(port, '/measure', [line])
      const bytes = (JSON.parse(measured) as { otherCookies: number }).otherCookies
      assert.equal(bytes - '; '.length, counts[at], other)
    }
  })

  await attempt('a copied Request brings the same session', async () => {
    const body = await askRaw(port, '/copied', [`${ours}; theme=dark`])
    assert.ok(body.includes(known), body)
  })

  await attempt('other cookies beyond the limits end one request, not the server', async () => {
    const others = `other=${'x'.repeat(15_300)}`
    const { status, setCookie } = await askWith(port, '/visit', others)
    assert.deepEqual([status, setCookie], [500, []])
    assert.equal((await askWith(port, '/visit', '')).status, 200)
  })
}

/** Browsers send each cookie in a field of its own over HTTP/2 (RFC 9113 section 8.2.3). */
async function http2(starting: Promise<Server>, attempt: Try): Promise<void> {
  const server = await starting
  try {
    await attempt('cookies in HTTP/2 fields of their own are one header', async () => {
      const { port } = server
      const given = await askHttp2(port, '/fill?text=0123456789&times=800', ['theme=dark'])
      const cookies = given.setCookie.map((line) => line.split(';', 1).join())
      assert.equal(cookies.length, 3)
      const { body } = await askHttp2(port, '/read', ['theme=dark', ...cookies, 'more=1'])
      assert.ok(body.includes('0123456789'.repeat(800)), body)
    })
  } finally {
    await server.stop()
  }
}

/** A handshake must succeed, whatever is added to its response. */
async function socket(host: Host, starting: Promise<Server>, attempt: Try): Promise<void> {
  const server = await starting
  try {
    await attempt('a WebSocket opens behind a look at the session', async () => {
      const received = await askSocket(server.port, 'hello you')
      assert.match(received, /^HTTP\/1\.1 101 /)
      assert.ok(received.endsWith('hello you'), received)
      // Only Deno cannot set a cookie in a handshake: there the application has set none.
      const lines = received.match(/^set-cookie: __Host-session=[\w-]{4}\.\d+\./gim) ?? []
      assert.equal(lines.length, host.runtime === deno ? 0 : 1, received)
    })
  } finally {
    await server.stop()
  }
}

interface Data {
  readonly user?: string
  readonly visits?: number
  readonly text?: string
}

function onNode(
  runtime: Runtime,
  { folder20, folder, secret }: Workspace,
  file: string,
  ...more: string[]
): Promise<Server> {
  const cwd = runtime === node20 ? folder20 : folder
  const env = { SESSION_SECRETS: secret }
  return serve(runtime.path, ['serve-node.mjs', `./${file}`, ...more], { cwd, env })
}
