// The other runtimes, each as the program that npm installs for test/everywhere.

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
  'Node 24': ['n24/bin/node', []],
  Bun: ['@oven/bun-linux-x64/bin/bun', ['run']],
  Deno: ['@deno/linux-x64-glibc/deno', ['run', '--allow-read', '--allow-env', '--no-lock']],
}
const WORKERD = join(installed, '@cloudflare/workerd-linux-64/bin/workerd')

/** @returns runtime -> { version, results: size -> name -> microseconds by round } */
export async function measureRuntimes(secret, effort) {
  if (!existsSync(WORKERD)) throw new Error('run first: npm ci --prefix test/everywhere')
  const runtimes = {
    Node: { version: process.versions.node, program: process.execPath, args: ['--import', 'tsx'] },
  }
  for (const [name, [path, args]] of Object.entries(PROGRAMS)) {
    const program = join(installed, path)
    // oxlint-disable-next-line no-await-in-loop
    runtimes[name] = { version: await printed(program, ['--version']), program, args }
  }
  const measured = {}
  for (const [name, { version, program, args }] of Object.entries(runtimes)) {
    console.log(`  ${name} ${version}`)
    const given = JSON.stringify({ secret, effort })
    // oxlint-disable-next-line no-await-in-loop
    const text = await printed(program, [...args, 'runtime.mjs', given])
    measured[name] = { version: versionIn(version), results: JSON.parse(text) }
  }
  const version = versionIn(await printed(WORKERD, ['--version']))
  for (const compatibility of ['no_nodejs_compat', 'nodejs_compat']) {
    console.log(`  workerd ${version}, ${compatibility}`)
    // oxlint-disable-next-line no-await-in-loop
    const results = await measureWorkerd(secret, effort, compatibility)
    measured[`workerd, ${compatibility}`] = { version, results }
  }
  return measured
}

function versionIn(text) {
  return /\d[\d.-]*/.exec(text)?.[0] ?? text
}

async function printed(program, args) {
  const child = spawn(program, args, { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return text.trim()
}

async function measureWorkerd(secret, { rounds, time }, compatibility) {
  const folder = await mkdtemp(join(tmpdir(), 'sealed-session-bench-'))
  const worker = await startWorker(folder, secret, compatibility)
  try {
    return await measureAt(worker.origin, rounds, time)
  } finally {
    const closed = once(worker.child, 'close')
    worker.child.kill('SIGTERM')
    await closed
    await rm(folder, { recursive: true })
  }
}

async function startWorker(folder, secret, compatibility) {
  await build({
    entryPoints: [join(here, 'worker.mjs')],
    outfile: join(folder, 'worker.mjs'),
    ...EDGE,
  })
  await writeFile(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "worker.mjs")],
    compatibilityDate = "2026-08-01",
    compatibilityFlags = ["${compatibility}"],
    bindings = [(name = "BENCH_SECRET", text = ${JSON.stringify(secret)})]
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`,
  )
  const args = ['serve', 'config.capnp', '--control-fd=1']
  const child = spawn(WORKERD, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, port } = JSON.parse(line)
    if (event === 'listen') return { child, origin: `http://127.0.0.1:${port}` }
  }
  throw new Error('workerd did not listen')
}

async function measureAt(origin, rounds, time) {
  const timeOf = async (size, name, count) => {
    const begun = performance.now()
    const response = await fetch(`${origin}/${size}/${encodeURIComponent(name)}/${count}`)
    if (response.status !== 200) throw new Error(`workerd: ${await response.text()}`)
    await response.text()
    return performance.now() - begun
  }
  const results = {}
  for (const [size, names] of Object.entries(await (await fetch(origin)).json())) {
    results[size] = Object.fromEntries(names.map((name) => [name, []]))
    const counts = {}
    for (const name of names) {
      // oxlint-disable-next-line no-await-in-loop
      await timeOf(size, name, 200)
      // oxlint-disable-next-line no-await-in-loop
      counts[name] = Math.ceil((time / (await timeOf(size, name, 200))) * 200)
    }
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        // oxlint-disable-next-line no-await-in-loop
        const nothing = await timeOf(size, name, 0)
        // oxlint-disable-next-line no-await-in-loop
        const taken = await timeOf(size, name, counts[name])
        results[size][name].push(((taken - nothing) * 1000) / counts[name])
      }
    }
  }
  return results
}
