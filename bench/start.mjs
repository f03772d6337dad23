// (d) The cost of starting: from a new process to the first session, and the bytes of a bundle.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { EDGE } from './edge.mjs'
import { inRounds } from './timing.mjs'

const here = new URL('.', import.meta.url).pathname

/** A program that imports a library and opens its first session, without a cookie. */
export const PROGRAMS = {
  'an empty program': '',
  'sealed-session': `
    const { createSessions } = await import('../dist/index.js')
    const sessions = createSessions({ secrets: process.env.BENCH_SECRET })
    const session = await sessions.open('')
    session.set('userId', 'ada')
    const [line] = await sessions.setCookies(session)
    await sessions.open(line.split(';')[0])`,
  'iron-session': `
    const { sealData, unsealData } = await import('iron-session')
    const options = { password: process.env.BENCH_SECRET }
    await unsealData(await sealData({ userId: 'ada' }, options), options)`,
  '@auth/core/jwt': `
    const { encode, decode } = await import('@auth/core/jwt')
    const options = { secret: process.env.BENCH_SECRET, salt: 'session' }
    await decode({ ...options, token: await encode({ ...options, token: { userId: 'ada' } }) })`,
}

/** Exactly what an application imports for its session. */
const BUNDLES = {
  'sealed-session': `export { createSessions } from '../dist/index.js'`,
  'iron-session': `export { getIronSession } from 'iron-session'`,
  h3: `export { useSession, getSession } from 'h3'`,
  '@auth/core/jwt': `export { encode, decode, getToken } from '@auth/core/jwt'`,
  'react-router': `export { createCookieSessionStorage } from 'react-router'`,
  'better-auth/crypto': `export { symmetricEncodeJWT, symmetricDecodeJWT } from 'better-auth/crypto'`,
}

/** @returns program -> milliseconds of the whole process, by round: one after the other in each */
export async function measureStarts(secret, { startRounds }) {
  const names = Object.keys(PROGRAMS)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < startRounds; round++) {
    for (const name of names) {
      const begun = performance.now()
      // oxlint-disable-next-line no-await-in-loop
      await run(PROGRAMS[name], secret)
      results[name].push(performance.now() - begun)
    }
  }
  return results
}

/** Prints the milliseconds of processor time at the end: other processes have little effect on them. */
const TIMING = `
  process.once('exit', () => {
    const { user, system } = process.cpuUsage()
    process.stdout.write(String((user + system) / 1000))
  });`

/** @returns program -> milliseconds of processor time of the whole process, by round */
export function measureProcessorTimes(secret, rounds, names) {
  const measures = names.map((name) => [
    name,
    async () => Number(await run(TIMING + PROGRAMS[name], secret)),
  ])
  return inRounds(Object.fromEntries(measures), rounds)
}

/** @returns program -> how many JavaScript files its process opens */
export async function measureFiles(secret) {
  const counts = {}
  for (const [name, program] of Object.entries(PROGRAMS)) {
    // oxlint-disable-next-line no-await-in-loop
    counts[name] = Number(await run(program, secret, ['--import', COUNTING]))
  }
  return counts
}

/**
 * Prints the number of files at the end. The loader runs in a thread of its own and sends the URL of each
 * module in order, so all others have arrived when that of the last one does.
 */
const COUNTING = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module'
  import { MessageChannel } from 'node:worker_threads'
  const { port1, port2 } = new MessageChannel()
  const LAST = 'data:text/javascript,'
  let count = 0
  port1.on('message', (url) => {
    if (url !== LAST) return count++
    process.stdout.write(String(count))
    port1.close()
  }).unref()
  const hooks = 'let port; export const initialize = (given) => { port = given }; ' +
    'export async function load(url, context, next) { ' +
    'if (url.startsWith("file:") || url === "' + LAST + '") port.postMessage(url); ' +
    'return next(url, context) }'
  register('data:text/javascript,' + encodeURIComponent(hooks), {
    data: port2, transferList: [port2],
  })
  process.once('beforeExit', () => {
    port1.ref()
    import(LAST)
  })
`)}`

/** Runs a program in a process of its own, and returns what it prints. */
export async function run(program, secret, options = []) {
  const child = spawn(process.execPath, [...options, '--input-type=module', '--eval', program], {
    cwd: here,
    env: { ...process.env, BENCH_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error('a program did not start')
  return text
}

/** @returns name -> { minified, gzip }, in bytes */
export async function measureBundles(names = Object.keys(BUNDLES)) {
  const sizes = {}
  for (const [name, contents] of Object.entries(BUNDLES)) {
    if (!names.includes(name)) continue
    // oxlint-disable-next-line no-await-in-loop
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: here },
      ...EDGE,
      minify: true,
      write: false,
    })
    const [{ contents: bytes }] = outputFiles
    sizes[name] = { minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }
  }
  return sizes
}
