// WebKitGTK with its WebDriver, over plain HTTP, on a virtual display. Each visitor has a separate
// driver and begins without cookies, because the driver supports no persistent profile.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../servers/programs.ts'
import type { Browser, Kept, Product, Tab, Visitor } from './browser.ts'

interface NativeCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly expiry?: number
  readonly sameSite?: string
}

interface Driver {
  readonly command: Command
  /** Ends the driver, and its browser. */
  readonly stop: () => Promise<void>
}

type Command = <T>(method: string, path: string, body?: object, deadline?: number) => Promise<T>

const DRIVER = '/usr/bin/WebKitWebDriver'
const DISPLAY = '/usr/bin/Xvfb'
const START_DEADLINE = 120_000
const COMMAND_DEADLINE = 120_000

/** Milliseconds for a driver to reach the browser that it starts, at each attempt: some never do. */
const ATTEMPTS = [10_000, 40_000, 120_000]

const miniBrowser = findMiniBrowser()

export const WEBKIT_PRODUCT: Product = {
  name: 'WebKitGTK',
  packages: 'webkit2gtk-driver xvfb',
  isInstalled: miniBrowser !== undefined && existsSync(DRIVER) && existsSync(DISPLAY),
  launch,
  lacks: [
    'Secure on http://localhost',
    '__Host-',
    'eviction',
    'large responses',
    'sessions in frames',
    'no-store over HTTP',
  ],
  launchFrom: undefined,
}

async function launch(): Promise<Browser> {
  const display = spawn(DISPLAY, ['-displayfd', '3', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  // An interrupted run leaves no process.
  const kill = () => display.kill()
  process.once('exit', kill)
  const number = await firstLine(display)
  const { version, visitor } = await visit(number)
  let last = visitor
  return {
    version,
    // One at a time.
    async visit() {
      await last.leave()
      last = (await visit(number)).visitor
      return last
    },
    async close() {
      await last.leave()
      await end(display)
      process.off('exit', kill)
    },
  }
}

/** Starts a driver. If one does not reach the browser that it has started, starts another. */
async function visit(
  display: string,
  [deadline = COMMAND_DEADLINE, ...others] = ATTEMPTS,
): Promise<{ version: string; visitor: Visitor }> {
  const driver = await startDriver(display)
  try {
    return await begin(driver, deadline)
  } catch (error) {
    await driver.stop()
    if (others.length === 0) throw error
    return visit(display, others)
  }
}

async function startDriver(display: string): Promise<Driver> {
  const port = await freePort()
  const child = spawn(DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
    env: { ...process.env, DISPLAY: `:${display}` },
    stdio: 'ignore',
    // Driver and browser are a process group of their own, so that both end together.
    detached: true,
  })
  const kill = () => {
    if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid)
  }
  process.once('exit', kill)
  const command = commandTo(`http://127.0.0.1:${port}`)
  await untilReady(command, Date.now() + START_DEADLINE)
  return {
    command,
    async stop() {
      process.off('exit', kill)
      const ended = isRunning(child) ? once(child, 'exit') : undefined
      kill()
      await ended
    },
  }
}

async function begin(
  { command, stop }: Driver,
  deadline: number,
): Promise<{ version: string; visitor: Visitor }> {
  const browser = { binary: miniBrowser, args: ['--automation'] }
  const alwaysMatch = { acceptInsecureCerts: true, 'webkitgtk:browserOptions': browser }
  const { sessionId, capabilities } = await command<{
    sessionId: string
    capabilities: { browserVersion: string }
  }>('POST', '/session', { capabilities: { alwaysMatch } }, deadline)
  const within: Command = (method, path, body) =>
    command(method, `/session/${sessionId}${path}`, body)
  let first: string | undefined = await within<string>('GET', '/window')
  let isHere = true
  const visitor = {
    async tab() {
      const handle = first ?? (await within<{ handle: string }>('POST', '/window/new', {})).handle
      first = undefined
      return tabOf(within, handle)
    },
    async leave() {
      if (!isHere) return
      isHere = false
      await within('DELETE', '')
      await stop()
    },
  }
  return { version: capabilities.browserVersion, visitor }
}

function tabOf(command: Command, handle: string): Tab {
  const select = () => command('POST', '/window', { handle })
  return {
    async go(url) {
      await select()
      await command('POST', '/url', { url })
    },
    async back() {
      await select()
      await command('POST', '/back', {})
    },
    async run<T>(expression: string): Promise<T> {
      await select()
      // The expression is a part of the script, because a page can forbid `eval`.
      const script = `
        const [done] = arguments
        Promise.resolve()
          .then(() => (${expression}))
          .then((value) => done({ value: value ?? null }), (error) => done({ error: String(error) }))`
      const result = await command<{ value: T } | { error: string }>('POST', '/execute/async', {
        script,
        args: [],
      })
      if ('error' in result) throw new Error(result.error)
      return result.value
    },
    async cookies() {
      await select()
      return (await command<NativeCookie[]>('GET', '/cookie')).map(keptOf)
    },
  }
}

function keptOf({ expiry, sameSite, ...cookie }: NativeCookie): Kept {
  return { ...cookie, sameSite, expires: expiry }
}

function commandTo(driver: string): Command {
  return async <T>(method: string, path: string, body?: object, deadline = COMMAND_DEADLINE) => {
    const response = await fetch(driver + path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(deadline),
    }).catch((cause: unknown) => {
      throw new Error(`${method} ${path} ${JSON.stringify(body)}`, { cause })
    })
    const { value } = (await response.json()) as { value: T }
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`)
    return value
  }
}

async function untilReady(command: Command, deadline: number): Promise<void> {
  try {
    await command('GET', '/status')
  } catch (error) {
    if (Date.now() > deadline) throw error
    await pause(30)
    await untilReady(command, deadline)
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [text] = (await Promise.race([
    once(child.stdio[3] as NodeJS.ReadableStream, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('there is no display'))),
  ])) as [Buffer]
  return text.toString().trim()
}

async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

/** Finds the MiniBrowser, which Debian installs in a folder named after the architecture. */
function findMiniBrowser(): string | undefined {
  const libraries = '/usr/lib'
  if (!existsSync(libraries)) return undefined
  return readdirSync(libraries)
    .map((machine) => `${libraries}/${machine}/webkit2gtk-4.1/MiniBrowser`)
    .find((file) => existsSync(file))
}
