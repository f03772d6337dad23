// An application whose sessions are bound to a device, and a browser that has logged in to it.

import type { SessionEvent, SessionOptions, Sessions } from 'sealed-session'
import { createSessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import type { DeviceBoundOptions } from 'sealed-session/device'
import { ENDPOINT, findRegistration, createDeviceBrowser, deviceRequest } from './device-browser.ts'
import type { DeviceBrowser } from './device-browser.ts'
import { SECRET, START } from './mint.ts'
import type { Data } from './set-up.ts'

/** Seconds for which a proof is good, and for which a clock may be ahead, unless a test says otherwise. */
export const INTERVAL = 600
export const TOLERANCE = 5

/** The session as a handler read it. */
export interface SessionView {
  readonly user: unknown
  readonly device: 'none' | 'unproven' | 'proven'
  readonly reason: string | undefined
}

/** The view of a proven, of a newly bound and of a rejected session. */
export const PROVEN: SessionView = { user: 'ada', device: 'proven', reason: undefined }
export const NEWLY_BOUND: SessionView = { ...PROVEN, device: 'unproven' }
export const UNPROVEN: SessionView = { user: undefined, device: 'none', reason: 'unproven' }

export interface DeviceScene {
  readonly time: { now: number }
  readonly events: SessionEvent[]
  readonly sessions: Sessions<Data>
  readonly browser: DeviceBrowser
  /** Answers a request: `/login`, `/again`, `/plain`, `/write`, `/touch`, `/regenerate`, `/logout`, or any other. */
  readonly app: (request: Request) => Promise<Response>
  /** Sends a request of the browser, stores the answer, and returns what the handler read. */
  visit(path: string): Promise<SessionView>
  /** Sends a request with these cookies from another client. */
  copy(cookies: string, path?: string): Promise<SessionView>
  /** Logs in. Returns the response, and the challenge that it asks for a key with. */
  login(): Promise<{ readonly login: Response; readonly challenge: string }>
  /** Sends a proof with the browser's cookies: one of a session, or a registration. */
  sendProof(proof: string, id?: string): Promise<Response>
  /** Logs in, and registers the browser's device. Returns the binding. */
  enrol(): Promise<string>
  /** Creates the application again, with other options: another instance. */
  again(more: Partial<SessionOptions<Data>>): (request: Request) => Promise<Response>
}

export function deviceScene(
  options: Partial<SessionOptions<Data>> = {},
  device: DeviceBoundOptions = {},
): DeviceScene {
  const time = { now: START }
  const events: SessionEvent[] = []
  const sights: SessionView[] = []
  const browser = createDeviceBrowser()

  function make(more: Partial<SessionOptions<Data>>): Sessions<Data> {
    return createSessions<Data>({
      secrets: SECRET,
      clock: () => time.now * 1000,
      observe: (event) => void events.push(event),
      device: deviceBound(device),
      ...options,
      ...more,
    })
  }

  function serve(sessions: Sessions<Data>): (request: Request) => Promise<Response> {
    return sessions.wrap((request, session) => {
      const { pathname } = new URL(request.url)
      const isLogin = pathname === '/login' || pathname === '/plain'
      if (isLogin || pathname === '/regenerate') session.regenerate({ keep: ['count'] })
      if (isLogin || pathname === '/regenerate') session.set('user', 'ada')
      if (pathname === '/login' || pathname === '/again') session.bindToDevice()
      if (pathname === '/write') session.set('count', Number(session.get('count') ?? 0) + 1)
      if (pathname === '/touch') session.touch()
      if (pathname === '/renew') session.renewId()
      if (pathname === '/logout') session.destroy()
      const user = session.get('user')
      sights.push({ user, device: session.device, reason: session.rejection?.reason })
      return new Response('seen')
    })
  }

  const sessions = make({})
  const app = serve(sessions)

  async function see(request: Request): Promise<[SessionView, Response]> {
    const response = await app(request)
    const sight = sights.at(-1)
    if (sight === undefined) throw new Error('the handler was not called')
    return [sight, response]
  }

  async function login() {
    const response = await app(browser.request('/login'))
    browser.store(response)
    return { login: response, challenge: findRegistration(response)?.challenge ?? '' }
  }

  return {
    time,
    events,
    sessions,
    browser,
    app,
    async visit(path) {
      const [sight, response] = await see(browser.request(path))
      browser.store(response)
      return sight
    },
    async copy(cookies, path = '/') {
      const headers = { cookie: cookies }
      const [sight] = await see(new Request(`https://example.test${path}`, { headers }))
      return sight
    },
    login,
    sendProof: (proof, id) =>
      app(deviceRequest(browser.header(ENDPOINT), { proof, ...(id === undefined ? {} : { id }) })),
    async enrol() {
      const response = await login()
      const answer = await browser.register(response.login, app)
      const id = [...browser.known.keys()].at(-1)
      if (answer?.status !== 200 || id === undefined) throw new Error('not registered')
      return id
    },
    again: (more) => serve(make(more)),
  }
}
