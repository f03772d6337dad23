// `npm run bench`: measures this library beside others, prints which of its claims hold, and writes
// RESULTS.md. `--runtimes` measures the other runtimes instead, `--store` the calls of Redis,
// `--bytes` the bytes of bundles and of cookies, `--device` sessions that are bound to a device;
// `--quick` takes a tenth of the time.

import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { format, resolveConfig } from 'prettier'
import { measureBound } from './bound.mjs'
import { measureBytes, measureRenewals } from './bytes.mjs'
import { measureCapacity } from './capacity.mjs'
import { draw } from './chart.mjs'
import { judge, judgeRuntime } from './claims.mjs'
import { titleOf } from './contenders/index.mjs'
import { sealedSession } from './contenders/sealed-session.mjs'
import { growWithCookies, growWithData, growWithSecrets } from './growth.mjs'
import { measureIsolates } from './isolates.mjs'
import { measureLoad } from './load.mjs'
import { measureMemory } from './memory.mjs'
import { measureProfiles } from './profile.mjs'
import { report } from './report.mjs'
import { measureAdded, measureRequests } from './requests.mjs'
import { measureRuntimes } from './runtimes.mjs'
import { measureFormats, measureScenarios, measureSessions } from './sealing.mjs'
import { measureBundles, measureFiles, measureStarts } from './start.mjs'
import { measureStore } from './store.mjs'
import { summary } from './timing.mjs'
import { weighFeatures } from './weights.mjs'

const file = (name) => new URL(name, import.meta.url)
const secret = randomBytes(32).toString('base64url')
const quick = process.argv.includes('--quick')
const effort = quick
  ? { rounds: 5, time: 10, loadRounds: 1, loadSeconds: 1, startRounds: 3 }
  : { rounds: 21, time: 40, loadRounds: 3, loadSeconds: 3, startRounds: 11 }

const results = await readResults()
if (process.argv.includes('--runtimes')) {
  results.runtimes = {
    machine: machine(),
    measured: await measureRuntimes(secret, effort),
    isolates: await measureIsolates(secret, effort),
  }
  for (const [name, { results: bySize }] of Object.entries(results.runtimes.measured)) {
    for (const [size, times] of Object.entries(bySize)) console.log(name, size, judgeRuntime(times))
  }
} else if (process.argv.includes('--store')) {
  results.store = await measureStore(secret)
} else if (process.argv.includes('--device')) {
  results.device = { machine: machine(), measured: await measureBound(secret, effort) }
} else if (process.argv.includes('--bytes')) {
  Object.assign(results.node, await measureBytesOfAll())
} else {
  results.node = await measureNode()
  for (const { claim, bound, value, holds } of judge(results.node)) {
    const number = Number.isInteger(value) ? value : value.toFixed(2)
    console.log(`${holds ? 'holds        ' : 'DOES NOT HOLD'}  ${claim}: ${number} (${bound})`)
  }
  await writeFile(file('chart.svg'), await draw(barsOf(results.node), 'A login session changed'))
}
await writeFormatted('results.json', JSON.stringify(rounded(results)))
await writeFormatted('RESULTS.md', report(results))
// A library's pool or timer must not keep the process alive.
process.exit()

async function measureNode() {
  const step = (title, measure) => {
    console.log(title)
    return measure()
  }
  return {
    machine: machine(),
    bytes: await step('bytes', () => measureBytes(secret)),
    renewals: await step('renewals', () => measureRenewals(secret)),
    ...(await step('bundles', measureBytesOfAll)),
    sessions: await step('sessions', () => measureSessions(secret, effort)),
    formats: await step('formats', () => measureFormats(secret, effort)),
    scenarios: await step('whole requests', () => measureScenarios(secret, effort)),
    ...(await step('requests', () => measureRequests(secret, effort))),
    added: await step('what a request adds', () => measureAdded(secret, effort)),
    growth: {
      data: await step('growth with data', () => growWithData(secret, effort)),
      secrets: await step('growth with secrets', () => growWithSecrets(secret, effort)),
      cookies: await step('growth with cookies', () => growWithCookies(secret, effort)),
    },
    memory: await step('memory', () => measureMemory(secret)),
    starts: await step('starts', () => measureStarts(secret, effort)),
    profiles: await step('profiles', () => measureProfiles(secret, effort)),
    load: await step('load', () => measureLoad(secret, effort)),
  }
}

/** What no clock is needed for. */
async function measureBytesOfAll() {
  return {
    bundles: await measureBundles(),
    files: await measureFiles(secret),
    weights: await weighFeatures(),
    capacity: await measureCapacity(secret),
  }
}

async function writeFormatted(name, text) {
  const path = file(name).pathname
  const style = { ...(await resolveConfig(path)), filepath: path }
  await writeFile(path, await format(text, style))
}

function machine() {
  const [{ model }] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const when = new Date().toISOString().slice(0, 10)
  const rounds = `${effort.rounds} rounds of ${effort.time} ms`
  return {
    text: `Node ${process.versions.node} on Linux ${release()}, ${cpus().length} × ${model.trim()}, ${memory} GiB; ${rounds} each, ${when}.`,
  }
}

function barsOf({ sessions }) {
  return Object.entries(sessions.login)
    .map(([name, times]) => {
      const { median, low, high } = summary(times)
      const label = `${median < 100 ? median.toFixed(1) : Math.round(median)} µs`
      return { name, median, low, high, label, own: name === titleOf(sealedSession) }
    })
    .toSorted((a, b) => a.median - b.median)
}

async function readResults() {
  try {
    return JSON.parse(await readFile(file('results.json'), 'utf8'))
  } catch {
    return {}
  }
}

/** Rounds to nanoseconds. */
function rounded(value) {
  return JSON.parse(
    JSON.stringify(value, (_, inner) =>
      typeof inner === 'number' ? Math.round(inner * 1000) / 1000 : inner,
    ),
  )
}
