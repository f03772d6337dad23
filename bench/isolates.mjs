// A fresh isolate of every other runtime: from its start to the first answer. A bundle for an edge runtime
// that seals and opens one session, beside the same program without a library.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { EDGE } from './edge.mjs'

const here = new URL('.', import.meta.url).pathname
const installed = new URL('../test/everywhere/node_modules/', import.meta.url).pathname

const PROGRAMS = {
  Bun: ['@oven/bun-linux-x64/bin/bun', ['run']],
  Deno: ['@deno/linux-x64-glibc/deno', ['run', '--allow-env', '--no-lock']],
}
const WORKERD = join(installed, '@cloudflare/workerd-linux-64/bin/workerd')

/** What answers the first request: `answer(secret)`. */
const LIBRARIES = {
  nothing: `export const answer = async () => 'done'`,
  'sealed-session, import alone': `
    import { createSessions } from '../dist/index.js'
    export const answer = async () => (typeof createSessions === 'function' ? 'done' : '')`,
  'sealed-session, createSessions': `
    import { createSessions } from '../dist/index.js'
    export const answer = async (secrets) => (createSessions({ secrets }) ? 'done' : '')`,
  'sealed-session': `
    import { createSessions } from '../dist/index.js'
    export async function answer(secrets) {
      const sessions = createSessions({ secrets })
      const session = await sessions.open('')
      session.set('userId', 'ada')
      const [line] = await sessions.setCookies(session)
      return (await sessions.open(line.split(';')[0])).get('userId')
    }`,
  'iron-session': `
    import { sealData, unsealData } from 'iron-session'
    export async function answer(password) {
      const sealed = await sealData({ userId: 'ada' }, { password })
      return (await unsealData(sealed, { password })).userId
    }`,
}

const PROCESS = `import { answer } from 'answer'
console.log(await answer(globalThis.process.env.BENCH_SECRET))`

const WORKER = `import { answer } from 'answer'
export default { fetch: async (_, { BENCH_SECRET }) => new Response(await answer(BENCH_SECRET)) }`

/** @returns runtime -> library -> milliseconds from the start to the answer, by round */
export async function measureIsolates(secret, { startRounds }) {
  if (!existsSync(WORKERD)) throw new Error('run first: npm ci --prefix test/everywhere')
  const folder = await mkdtemp(join(tmpdir(), 'sealed-session-bench-'))
  try {
    const tasks = await prepare(folder, secret)
    const results = {}
    for (let round = 0; round < startRounds; round++) {
      for (const { runtime, library, run } of tasks) {
        // oxlint-disable-next-line no-await-in-loop
        const time = await run()
        results[runtime] ??= {}
        results[runtime][library] ??= []
        results[runtime][library].push(time)
      }
    }
    return results
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function prepare(folder, secret) {
  const tasks = []
  for (const [index, [library, contents]] of Object.entries(LIBRARIES).entries()) {
    const program = join(folder, `process-${index}.mjs`)
    const worker = `worker-${index}.mjs`
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all([
      bundle(PROCESS, contents, program),
      bundle(WORKER, contents, join(folder, worker)),
    ])
    for (const [runtime, [path, args]] of Object.entries(PROGRAMS)) {
      const run = () => timeOfProcess(join(installed, path), [...args, program], secret)
      tasks.push({ runtime, library, run })
    }
    for (const flag of ['no_nodejs_compat', 'nodejs_compat']) {
      const config = join(folder, `${flag}-${index}.capnp`)
      // oxlint-disable-next-line no-await-in-loop
      await writeFile(config, configOf(worker, flag, secret))
      tasks.push({ runtime: `workerd, ${flag}`, library, run: () => timeOfWorker(folder, config) })
    }
  }
  return tasks
}

async function bundle(contents, answer, outfile) {
  const load = ({ onResolve, onLoad }) => {
    onResolve({ filter: /^answer$/ }, () => ({ path: 'answer', namespace: 'answer' }))
    onLoad({ filter: /./, namespace: 'answer' }, () => ({ contents: answer, resolveDir: here }))
  }
  const stdin = { contents, resolveDir: here }
  await build({ stdin, ...EDGE, outfile, minify: true, plugins: [{ name: 'answer', setup: load }] })
}

async function timeOfProcess(program, args, secret) {
  const begun = performance.now()
  const env = { ...process.env, BENCH_SECRET: secret }
  const child = spawn(program, args, { cwd: here, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(child.stdout, 'data')
  const time = performance.now() - begun
  await once(child, 'close')
  if (!/ada|done/.test(String(text))) throw new Error(`${program} answered ${text}`)
  return time
}

async function timeOfWorker(folder, config) {
  const begun = performance.now()
  const args = ['serve', config, '--control-fd=1']
  const child = spawn(WORKERD, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  try {
    const response = await fetch(`http://127.0.0.1:${await portOf(child)}`)
    if (!/ada|done/.test(await response.text())) throw new Error('workerd did not answer')
    return performance.now() - begun
  } finally {
    child.kill('SIGTERM')
    await closed
  }
}

async function portOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, port } = JSON.parse(line)
    if (event === 'listen') return port
  }
  throw new Error('workerd did not listen')
}

function configOf(worker, flag, secret) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "${worker}")],
    compatibilityDate = "2026-08-01",
    compatibilityFlags = ["${flag}"],
    bindings = [(name = "BENCH_SECRET", text = ${JSON.stringify(secret)})]
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`
}
