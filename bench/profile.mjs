// (g) Where the time goes: a profile behind each ratio of time, by what the time is spent on.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { login } from './payloads.mjs'
import { PROGRAMS, run } from './start.mjs'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../', import.meta.url))

/** What is profiled when all its code is compiled. */
const OPERATIONS = {
  'a login changed': `async (turn) => {
    const session = await sessions.open(cookie)
    session.set('lastSeen', turn)
    return sessions.setCookies(session)
  }`,
  'a login read, with its Request and Response': `() =>
    handle(new Request('https://shop.example/cart', { headers: { cookie } }))`,
}

/** Which engine runs -> what makes the library choose it. */
const ENGINES = { '': '', '; WebCrypto': 'process.getBuiltinModule = undefined' }

/** Whose start is profiled, and what is subtracted. */
const STARTED = ['sealed-session', 'iron-session']
const EMPTY = 'an empty program'

/** Milliseconds of one profile. */
const SPAN = 3000

/** Microseconds between two samples. */
const STEADY_INTERVAL = 200
const START_INTERVAL = 60

/**
 * @returns `steady`: operation -> part -> its share of the time; `starts`: library -> part -> milliseconds
 * of a first session, those of an empty program subtracted
 */
export async function measureProfiles(secret, { startRounds }) {
  // Beside the packages, so that jose and cookie are found.
  const folder = await mkdtemp(join(root, 'node_modules/.profile-'))
  try {
    return {
      steady: await measureSteady(secret, folder),
      starts: await measureStarts(secret, 2 * startRounds, folder),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measureSteady(secret, folder) {
  const partAt = await bundleInto(join(folder, 'sessions.mjs'))
  const program = join(folder, 'program.mjs')
  const env = { ...process.env, BENCH_SECRET: secret }
  const results = {}
  for (const [engine, preparation] of Object.entries(ENGINES)) {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      // oxlint-disable-next-line no-await-in-loop
      await writeFile(program, steadyProgram(operation, preparation))
      // oxlint-disable-next-line no-await-in-loop
      const { stdout } = await execute(process.execPath, [program], { env, maxBuffer: 2 ** 28 })
      results[name + engine] = shares(timesByPart(JSON.parse(stdout), partAt))
    }
  }
  return results
}

async function measureStarts(secret, rounds, folder) {
  const flags = ['--cpu-prof', `--cpu-prof-interval=${START_INTERVAL}`]
  for (let round = 0; round < rounds; round++) {
    for (const name of [EMPTY, ...STARTED]) {
      // oxlint-disable-next-line no-await-in-loop
      await run(PROGRAMS[name], secret, [...flags, `--cpu-prof-dir=${join(folder, name)}`])
    }
  }
  const empty = await meanOf(join(folder, EMPTY))
  const results = {}
  for (const name of STARTED) {
    // oxlint-disable-next-line no-await-in-loop
    results[name] = difference(await meanOf(join(folder, name)), empty)
  }
  return results
}

/** Returns part -> milliseconds, the mean of the profiles of a folder. */
async function meanOf(folder) {
  const files = await readdir(folder)
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return mean(texts.map((text) => timesByPart(JSON.parse(text))))
}

/** Warms an operation up, and prints a profile of the same. */
function steadyProgram(operation, preparation) {
  return `import { createSessions } from './sessions.mjs'
import { Session } from 'node:inspector/promises'
${preparation}
const sessions = createSessions({ secrets: process.env.BENCH_SECRET, limits: 'node' })
const first = await sessions.open('')
for (const [key, value] of Object.entries(${JSON.stringify(login)})) first.set(key, value)
const cookie = (await sessions.setCookies(first)).map((line) => line.split(';')[0]).join('; ')
const handle = sessions.wrap((_, session) => new Response(session.get('userId')))
const operation = ${operation}
async function repeat(span) {
  for (const begun = performance.now(); performance.now() - begun < span;) {
    for (let turn = 0; turn < 50; turn++) await operation(turn)
    await new Promise(setImmediate)
  }
}
await repeat(${SPAN / 3})
const profiler = new Session()
profiler.connect()
await profiler.post('Profiler.enable')
await profiler.post('Profiler.setSamplingInterval', { interval: ${STEADY_INTERVAL} })
await profiler.post('Profiler.start')
await repeat(${SPAN})
const { profile } = await profiler.post('Profiler.stop')
process.stdout.write(JSON.stringify(profile))`
}

/**
 * Bundles the sources into one file.
 *
 * @returns the part of the library that a line of that file belongs to
 */
async function bundleInto(outfile) {
  await build({
    entryPoints: [join(root, 'src/index.ts')],
    absWorkingDir: root,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    external: ['jose', 'cookie'],
    logLevel: 'error',
  })
  const lines = (await readFile(outfile, 'utf8')).split('\n')
  let part = OWN[OWN.length - 1][0]
  const parts = lines.map((line) => {
    // esbuild writes where each module begins.
    const path = /^\/\/ src\/(\S+)\.ts$/.exec(line)?.[1]
    if (path !== undefined) part = OWN.find(([, pattern]) => pattern.test(path))[0]
    return part
  })
  return (line) => parts[line] ?? part
}

/** The library's own parts, by the paths of their sources. A cold start has them in one. */
const OWN = [
  ['tokens, claims, keys, and JSON that is read', /^(?:token\/|pipeline\/decrypt)/],
  ['cookies in and out', /^cookies\//],
  ['the size guard', /^(?:size\/|pipeline\/session-size)/],
  ['what a session holds, its JSON and its check', /^(?:session\/|data\/)/],
  ['header fields of the response', /^http\//],
  ['opening and writing, in order', /./],
]

/** Parts of Node and the packages, by the URLs of their code. */
const OTHERS = [
  ['jose', /\/node_modules\/jose\//],
  ['cookie', /\/node_modules\/cookie\//],
  ['the library itself', /\/dist\/(?:index|chunks)|\/iron-webcrypto\//],
  ['AES, HKDF, random bytes', /^node:(?:internal\/)?crypto/],
  [
    'Request, Response and Headers',
    /^node:internal\/(?:deps\/undici|webstreams|streams|url|webidl|abort|event_target|blob|fetch|worker)|^node:(?:url|stream|events)/,
  ],
  ['text and base64', /^node:(?:buffer|internal\/(?:buffer|encoding))/],
  [
    'finding and loading modules',
    /^node:internal\/(?:modules|vm|process\/esm|deps\/cjs-module-lexer|bootstrap)/,
  ],
  ['the rest of Node', /^node:/],
]

const MARKERS = {
  '(garbage collector)': 'the garbage collector',
  '(idle)': 'waiting',
  '(program)': 'native code outside of any function',
}

/** Returns part -> milliseconds. A native function counts for its caller. */
function timesByPart({ nodes, samples, timeDeltas }, partAt) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])))
  const partOf = (id) => {
    const { callFrame } = byId.get(id)
    const { functionName, url, lineNumber } = callFrame
    if (Object.hasOwn(MARKERS, functionName)) return MARKERS[functionName]
    if (url.endsWith('/sessions.mjs')) return partAt(lineNumber)
    const other = OTHERS.find(([, pattern]) => pattern.test(url))
    if (other !== undefined) return other[0]
    const parent = parents.get(id)
    return parent === undefined ? 'the program' : partOf(parent)
  }
  const times = {}
  for (const [at, id] of samples.entries()) {
    const part = partOf(id)
    times[part] = (times[part] ?? 0) + timeDeltas[at] / 1000
  }
  return times
}

function shares(times) {
  const whole = Object.values(times).reduce((sum, time) => sum + time, 0)
  return Object.fromEntries(Object.entries(times).map(([part, time]) => [part, time / whole]))
}

function mean(all) {
  const parts = new Set(all.flatMap(Object.keys))
  return Object.fromEntries(
    [...parts].map((part) => [
      part,
      all.reduce((sum, times) => sum + (times[part] ?? 0), 0) / all.length,
    ]),
  )
}

function difference(one, other) {
  const parts = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...parts].map((part) => [part, (one[part] ?? 0) - (other[part] ?? 0)]))
}
