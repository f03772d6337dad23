// The application that the browsers visit: a fetch handler around the library, behind Node's own
// servers, over HTTPS and over HTTP. Responses can be delayed, to choose the order in which they
// arrive.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import { createPlayground } from '../../examples/playground/app.ts'

export interface Data {
  user: string
  text: string
  visits: number
}

/** The session in a response. */
export interface View {
  readonly user: string
  readonly visits: number
  /** Characters of `text`. */
  readonly length: number
  /** Whether `text` equals the stored text. */
  readonly whole: boolean
  readonly rejection: string | null
  /** The names of the received cookies, sorted. */
  readonly names: readonly string[]
}

/** Limits far above every preset, because no server or proxy is between. */
const NO_LIMITS = { cookie: 4096, cookies: 16, requestHeader: 1_000_000, responseHeader: 1_000_000 }

const YEARS = 400 * 86_400

/** The options of each application, by its folder. */
const VARIANTS = {
  host: {},
  strict: { cookie: { name: '__Host-strict', sameSite: 'strict' } },
  framed: { cookie: { name: '__Host-framed', sameSite: 'none', partitioned: true } },
  foreign: { cookie: { name: '__Host-foreign', sameSite: 'none' } },
  wide: { cookie: { name: 'wide', domain: 'app.localhost' }, limits: NO_LIMITS },
  folder: { cookie: { name: '__Secure-folder', path: '/folder' } },
  open: { cookie: { name: 'open', secure: false } },
  brief: { cookie: { name: '__Host-brief', persistent: false } },
  mixed: {
    cookie: { name: '__Host-mixed', persistent: false },
    lifetimes: { remembered: { maxAge: 30 * 86_400, persistent: true } },
  },
  high: { cookie: { name: '__Host-high', priority: 'high' } },
  long: { cookie: { name: '__Host-long' }, maxAge: YEARS, idleTimeout: false },
  large: { cookie: { name: '__Host-large' }, limits: 'browsers' },
  huge: { cookie: { name: '__Host-huge' }, limits: NO_LIMITS },
} as const satisfies Record<string, Omit<SessionOptions<Data>, 'secrets'>>

export type Variant = keyof typeof VARIANTS

/** The host of the playground on both servers. */
export const PLAYGROUND = 'playground.localhost'

export interface Application {
  /** `https://HOST:PORT` */
  secure(host?: string): string
  /** `http://HOST:PORT` */
  open(host?: string): string
  /** The paths of all requests since the last call. */
  requests(): string[]
  /** Resolves when a request with `gate=NAME` waits for its response. */
  arrival(gate: string): Promise<void>
  /** Sends the response of such a request. */
  release(gate: string): void
  /** Stops the servers, and starts others with new sessions and the same secret. */
  restart(): Promise<void>
  stop(): Promise<void>
}

interface Gate {
  readonly arrived: Signal
  readonly released: Signal
}

interface Signal {
  readonly given: Promise<void>
  readonly give: () => void
}

const WORKER = `
  addEventListener('activate', (event) => event.waitUntil(clients.claim()))
  addEventListener('message', async ({ data, source }) => {
    const response = await fetch(data)
    source.postMessage(await response.json())
  })`

/** `secret` seals the sessions of all variants. */
export async function startApplication(secret: string): Promise<Application> {
  const certificate = makeCertificate()
  const gates = new Map<string, Gate>()
  let paths: string[] = []
  let servers: Server[] = []

  function gate(name: string): Gate {
    const known = gates.get(name) ?? { arrived: signal(), released: signal() }
    gates.set(name, known)
    return known
  }

  async function start(ports: readonly number[]): Promise<void> {
    const answer = createAnswer(secret, gate)
    const listener = getRequestListener((request) => {
      const { pathname, search } = new URL(request.url)
      paths.push(pathname + search)
      return answer(request)
    })
    // Sessions of 16 cookies exceed Node's default limit.
    const options = { maxHeaderSize: 1_000_000 }
    const handle = (...[request, response]: Parameters<typeof listener>) =>
      void listener(request, response)
    servers = [
      createSecureServer({ ...options, ...certificate }, handle),
      createServer(options, handle),
    ]
    await Promise.all(servers.map((server, index) => listen(server, ports[index] ?? 0)))
  }

  async function stop(): Promise<void> {
    await Promise.all(
      servers.map(async (server) => {
        const closed = once(server, 'close')
        server.close()
        server.closeAllConnections()
        await closed
      }),
    )
  }

  await start([])
  const [securePort = 0, openPort = 0] = servers.map(portOf)
  return {
    stop,
    secure: (host = 'localhost') => `https://${host}:${securePort}`,
    open: (host = 'localhost') => `http://${host}:${openPort}`,
    requests: () => paths.splice(0),
    arrival: (name) => gate(name).arrived.given,
    release: (name) => gate(name).released.give(),
    async restart() {
      await stop()
      paths = []
      await start([securePort, openPort])
    },
  }
}

function createAnswer(
  secret: string,
  gate: (name: string) => Gate,
): (request: Request) => Response | Promise<Response> {
  const playground = createPlayground({ secrets: [secret] })
  const handlers = new Map(
    Object.entries<Omit<SessionOptions<Data>, 'secrets'>>(VARIANTS).map(([variant, options]) => [
      variant,
      handlerOf(createSessions<Data>({ secrets: secret, ...options }), gate),
    ]),
  )

  return (request) => {
    const { hostname, pathname, searchParams } = new URL(request.url)
    if (hostname === PLAYGROUND) return playground(request)
    const [, folder = ''] = pathname.split('/')
    const handler = handlers.get(folder)
    if (handler !== undefined) return handler(request)
    if (folder === 'worker.js') return script(WORKER)
    if (folder === 'frame') return page(frameOf(searchParams.get('of') ?? ''))
    if (folder === 'cookies') return setting(searchParams.getAll('line'))
    return page('')
  }
}

/** One application: `/VARIANT/ACTION`. */
function handlerOf(
  sessions: Sessions<Data>,
  gate: (name: string) => Gate,
): (request: Request) => Promise<Response> {
  return sessions.wrap(async (request, session) => {
    const { pathname, searchParams } = new URL(request.url)
    const [, , action = ''] = pathname.split('/')
    const held = searchParams.get('gate')
    if (held !== null) {
      gate(held).arrived.give()
      await gate(held).released.given
    }
    act(action, session, searchParams)
    if (action === 'fill') await fill(session, sessions)
    const view = viewOf(session, request)
    const response = searchParams.has('page') ? page(greeting(view)) : Response.json(view)
    const cache = searchParams.get('cache')
    if (cache !== null) response.headers.set('Cache-Control', cache)
    return response
  })
}

function act(action: string, session: Session<Data>, query: URLSearchParams): void {
  if (action === 'count') session.set('visits', session.get('visits', 0) + 1)
  if (action === 'logout') session.destroy()
  if (action === 'touch') session.touch()
  if (action === 'remember') session.regenerate({ keep: ['user'], lifetime: 'remembered' })
  if (action !== 'set') return
  const user = query.get('user') ?? 'ada'
  session.set('user', user)
  session.set('text', user.charAt(0).repeat(Number(query.get('length') ?? 10)))
}

/** Sets as much text as the limits allow, to the character. */
async function fill(session: Session<Data>, { measure }: Sessions<Data>): Promise<void> {
  session.set('user', 'ada')
  let most = 0
  for (let step = 32_768; step >= 1; step /= 2) {
    session.set('text', 'a'.repeat(most + step))
    const { level } = await measure(session)
    if (level !== 'over') most += step
  }
  session.set('text', 'a'.repeat(most))
}

function viewOf(session: Session<Data>, request: Request): View {
  const user = session.get('user', '')
  const text = session.get('text', '')
  const names = (request.headers.get('cookie') ?? '').split('; ').map(nameOf)
  return {
    user,
    visits: session.get('visits', 0),
    length: text.length,
    whole: text === user.charAt(0).repeat(text.length),
    rejection: session.rejection?.reason ?? null,
    names: names.filter((name) => name !== '').toSorted(),
  }
}

function nameOf(pair: string): string {
  return pair.split('=', 1).join()
}

function page(body: string): Response {
  // Without an icon, the browser would send one more request.
  const html = `<!doctype html><link rel="icon" href="data:,"><body>${body}`
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}

/** Returns a page that sends `view` to the page around it, if it is in a frame. */
function greeting(view: View): string {
  const tell = `parent.postMessage(${JSON.stringify(view)}, '*')`
  return `<p>Hello ${view.user || 'you'}</p><script>${tell}</script>`
}

/** Returns a page with a frame. Its variable `heard` resolves to the message of the framed page. */
function frameOf(url: string): string {
  const hear = `var heard = new Promise((resolve) => {
    addEventListener('message', ({ data }) => resolve(data), { once: true })
  })`
  return `<script>${hear}</script><iframe src="${url}"></iframe>`
}

function script(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/javascript' } })
}

function setting(lines: readonly string[]): Response {
  const response = page('')
  for (const line of lines) response.headers.append('Set-Cookie', line)
  return response
}

/** Creates a certificate for this run. */
function makeCertificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const hosts = ['localhost', 'app.localhost', 'sub.app.localhost', 'one.localhost']
  const names = [...hosts, 'two.localhost'].map((host) => `DNS:${host}`).join()
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${names}`]
  const files = ['-keyout', key, '-out', cert, '-days', '2']
  try {
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, ...subject], { stdio: 'pipe' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

function signal(): Signal {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return { given, give }
}
