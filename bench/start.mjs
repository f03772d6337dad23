// (d) The cost of starting: from a new process to the first session, and the bytes of a bundle.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { EDGE } from './edge.mjs'

const here = new URL('.', import.meta.url).pathname

/** A program that imports a library and opens its first session, without a cookie. */
const PROGRAMS = {
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

/** @returns program -> milliseconds of the whole process, by round */
export async function measureStarts(secret, { startRounds }) {
  const results = Object.fromEntries(Object.keys(PROGRAMS).map((name) => [name, []]))
  for (let round = 0; round < startRounds; round++) {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      // oxlint-disable-next-line no-await-in-loop
      results[name].push(await timeOf(program, secret))
    }
  }
  return results
}

async function timeOf(program, secret) {
  const begun = performance.now()
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: here,
    env: { ...process.env, BENCH_SECRET: secret },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error('a program did not start')
  return performance.now() - begun
}

/** @returns name -> { minified, gzip }, in bytes */
export async function measureBundles() {
  const sizes = {}
  for (const [name, contents] of Object.entries(BUNDLES)) {
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
