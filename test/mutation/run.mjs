// `npm run mutate`: changes `src/` in thousands of small ways and checks whether the tests notice.
// Fails if they notice fewer than nine in ten, or if survivors.json has no reason for one that
// survives. `-- --gate` uses only the files that the promise depends on; `-- src/token/x.ts …` uses
// those.
//
// A file's own tests run first: they notice most mutants, in a fraction of a second each. All other
// tests run on the survivors without a reason.
//
// A mutant that only ran out of time counts as not noticed, because on a busy machine any mutant may.
// One that never ends is named in survivors.json.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'

const here = new URL('.', import.meta.url).pathname
const root = new URL('../../', import.meta.url).pathname

/** The files between a client's bytes and a session. */
const GATE = [
  'token/jwe',
  'token/jwe-jose',
  'token/jwe-node',
  'token/key-ring',
  'token/claims',
  'token/payload',
  'token/ticket',
  'cookies/chunks',
  'cookies/request-cookies',
  'device/proof',
  'device/challenge',
  'device/key-cookie',
  'device/endpoint',
  'overflow/parcel',
  'overflow/revocations',
].map((path) => `src/${path}.ts`)

/** Percent of all mutants that must be noticed. */
const LEAST = 90

/**
 * Further suites that notice most mutants of a file, beside its own in `test/unit/`. Paths below
 * `test/`.
 */
const NEAR = {
  'adapters/deferred-head': ['unit/adapters/node'],
  commit: ['unit/pipeline/recheck', 'unit/pipeline/end-session', 'behaviour/device'],
  'device/bound-tickets': ['behaviour/device', 'security/device'],
  'device/endpoint': ['security/device', 'behaviour/device'],
  'cookies/set-cookie': ['repository/cookie-package', 'behaviour/size-guard'],
  'pipeline/end-session': ['behaviour/device'],
  'pipeline/session-size': ['unit/pipeline/writable'],
  'pipeline/tickets': ['unit/open'],
  'token/jwe-jose': ['unit/token/jwe-node'],
  'token/jwe-node': ['unit/token/jwe'],
}

const given = process.argv.slice(2)
const files = filesOf(given)

if (timeOf(`${here}node_modules/.package-lock.json`) < timeOf(`${here}package-lock.json`)) {
  run('npm', ['ci'], here)
}
const reasons = JSON.parse(readFileSync(`${here}survivors.json`, 'utf8'))
const mutants = new Map(files.flatMap((file) => mutantsOf([file], suitesOf(file))))
const left = withoutReason()
if (left.length > 0) {
  for (const { name } of left) console.log(`not noticed by the file's own tests: ${name}`)
  // Some of all tests read the built package.
  run('npm', ['run', '--silent', 'build'])
  for (const [id, mutant] of mutantsOf([...new Set(left.map(placeOf))])) {
    if (!isAlive(mutant)) mutants.set(id, mutant)
  }
}

const all = [...mutants.values()]
const away = withoutReason()
for (const file of files) {
  const own = all.filter((mutant) => mutant.file === file)
  if (own.length > 0) console.log(`${file}: ${share(own)}`)
}
console.log(`all: ${share(all)}`)
for (const { location, name, end } of away) {
  const what = end === 'late' ? ' (ran out of time)' : ''
  console.log(
    `line ${location.start.line} needs a test, or a reason in survivors.json: ${name}${what}`,
  )
}
for (const name of unneeded()) console.log(`survivors.json need not list: ${name}`)
process.exit(away.length > 0 || percent(all) < LEAST ? 1 : 0)

function filesOf(names) {
  if (names.includes('--gate')) return GATE
  if (names.length > 0) return names
  return readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path}`)
}

/** The suites that are run first for a file, or `undefined` if it has none. */
function suitesOf(file) {
  const path = file.slice('src/'.length, -'.ts'.length)
  const suites = [`unit/${path}`, ...(NEAR[path] ?? [])]
  const found = suites.filter((suite) => existsSync(`${root}test/${suite}.test.ts`))
  return found.length === 0 ? undefined : found
}

/**
 * Runs these mutants against these suites.
 *
 * @param places files, or parts of them
 * @param suites all where there are none
 * @returns the change and the result of each, by place and change
 */
function mutantsOf(places, suites) {
  // Stryker needs a later Node than the library does.
  const node = `${here}node_modules/n22/bin/node`
  const stryker = `${here}node_modules/@stryker-mutator/core/bin/stryker.js`
  const values = [stryker, 'run', `${here}stryker.config.json`, '--mutate', places.join(',')]
  // All tests of a mutant take longer, and a mutant that was only slow is here once more.
  if (suites === undefined) run(node, [...values, '--timeoutMS', '60000'], root)
  else run(node, values, root, { SUITES: suites.join(',') })
  const { files: reports } = JSON.parse(readFileSync(`${here}report.json`, 'utf8'))
  return Object.entries(reports).flatMap(([file, { source, mutants: found }]) =>
    found
      .filter(({ status }) => status !== 'Ignored' && !status.endsWith('Error'))
      .map((mutant) => {
        const { location, replacement } = mutant
        const name = `${file}: ${shown(textAt(source, location))} -> ${shown(replacement)}`
        const id = `${file} ${JSON.stringify(location)} ${replacement}`
        return [id, { file, name, location, end: endOf(mutant) }]
      }),
  )
}

/** The changes in Stryker's form: its columns begin with 0 there, and with 1 in its report. */
function placeOf({ file, location: { start, end } }) {
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`
}

/**
 * Returns how a mutant ended: `noticed` by a test, or by Stryker's count of loops; `late` by a clock,
 * Stryker's or Vitest's; `passed` by no test.
 */
function endOf({ status, statusReason = '' }) {
  if (status === 'Killed') return /timed out in \d+ms/.test(statusReason) ? 'late' : 'noticed'
  if (status === 'Timeout') return statusReason.startsWith('Hit limit') ? 'noticed' : 'late'
  return 'passed'
}

function withoutReason() {
  return [...mutants.values()].filter((mutant) => isAlive(mutant) && !hasReason(mutant))
}

function isAlive({ end }) {
  return end !== 'noticed'
}

/**
 * A reason lists its mutants, or a pattern of their names. Names do not change when lines move.
 * Mutants of one name are listed as often as they survive, so that one more is noticed.
 */
function hasReason({ name, end }) {
  // One that never ends ran out of time: it did not pass.
  const given = reasons.filter(({ endless = false }) => !endless || end === 'late')
  const isNamed = ({ name: other }) => other === name
  const away = [...mutants.values()].filter(isAlive).filter(isNamed).length
  const named = given.flatMap(({ mutants: names = [] }) => names.filter((known) => known === name))
  const isLike = ({ like }) => like !== undefined && new RegExp(like).test(name)
  return away <= named.length || given.some(isLike)
}

/** Returns names that are listed more often than mutants of that name survive, or never end. */
function unneeded() {
  const alive = [...mutants.values()].filter(isAlive).map(({ name }) => name)
  return reasons
    .filter(({ endless = false }) => !endless)
    .flatMap(({ mutants: names = [] }) => names)
    .filter((name) => files.includes(name.split(': ', 1)[0]))
    .filter((name) => {
      const at = alive.indexOf(name)
      if (at !== -1) alive.splice(at, 1)
      return at === -1
    })
}

function textAt(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  return lines
    .map((line, at) =>
      line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined),
    )
    .join('\n')
}

/** Formats a change in one line, only as long as is needed to distinguish it. */
function shown(text) {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

function share(some) {
  const alive = some.filter(isAlive)
  const explained = alive.filter(hasReason)
  const noticed = `${some.length - alive.length} of ${some.length} noticed, ${percent(some).toFixed(1)} %`
  return `${noticed}; ${explained.length} have a reason`
}

function percent(some) {
  return (100 * some.filter((mutant) => !isAlive(mutant)).length) / some.length
}

function run(command, values, cwd = root, env = {}) {
  const options = { cwd, stdio: 'inherit', env: { ...process.env, ...env } }
  const { status } = spawnSync(command, values, options)
  if (status !== 0) process.exit(status ?? 1)
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
