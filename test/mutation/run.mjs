// `npm run mutate`: changes `src/` in thousands of small ways and asks the tests whether they notice.
// Fails if they notice fewer than nine in ten, or if one gets away, in the files on which the promise
// hangs, that survivors.json has no reason for. `-- --gate` takes these files alone; `-- src/x.ts …`
// takes those.

import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

const here = new URL('.', import.meta.url).pathname
const root = new URL('../../', import.meta.url).pathname

/** What stands between a client's bytes and a session. */
const GATE = ['seal', 'seal-node', 'keys', 'claims', 'chunks', 'cookies'].map(
  (name) => `src/${name}.ts`,
)

/** Percent of all mutants that must be noticed. */
const LEAST = 90

const given = process.argv.slice(2)
const files = given.includes('--gate') ? GATE : given

if (timeOf(`${here}node_modules/.package-lock.json`) < timeOf(`${here}package-lock.json`)) {
  run('npm', ['ci'], here)
}
const stryker = `${here}node_modules/@stryker-mutator/core/bin/stryker.js`
const chosen = files.length === 0 ? [] : ['--mutate', files.join(',')]
// Stryker needs a later Node than the library does.
run(`${here}node_modules/n22/bin/node`, [stryker, 'run', `${here}stryker.config.json`, ...chosen])

const mutants = mutantsOf(JSON.parse(readFileSync(`${here}report.json`, 'utf8')))
const reasons = JSON.parse(readFileSync(`${here}survivors.json`, 'utf8'))
const alive = mutants.filter(({ noticed }) => !noticed)
const unknown = alive.filter(({ name }) => !reasons.some((reason) => covers(reason, name)))
const strangers = unknown.filter(({ file }) => GATE.includes(file))

for (const file of new Set(mutants.map((mutant) => mutant.file))) {
  console.log(`${file}: ${percent(mutants.filter((mutant) => mutant.file === file))} % noticed`)
}
console.log(`all: ${mutants.length - alive.length} of ${mutants.length}, ${percent(mutants)} %`)
for (const { name, place } of unknown) console.log(`got away, line ${place}: ${name}`)
for (const { name } of strangers)
  console.log(`needs a test, or a reason in survivors.json: ${name}`)
process.exit(Number(percent(mutants)) < LEAST || strangers.length > 0 ? 1 : 0)

/** Every mutant that ran, by what it changed: a name that holds while lines move. */
function mutantsOf({ files: reports }) {
  return Object.entries(reports).flatMap(([file, { source, mutants: all }]) =>
    all
      .filter(({ status }) => status !== 'Ignored' && !status.endsWith('Error'))
      .map(({ location, replacement, status }) => ({
        file,
        name: `${file}: ${shown(textAt(source, location))} -> ${shown(replacement)}`,
        place: location.start.line,
        noticed: status === 'Killed' || status === 'Timeout',
      })),
  )
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

/** On one line, and no longer than it takes to tell one from another. */
function shown(text) {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

/** A reason names its mutants, or what their names look like. */
function covers({ mutants: names = [], like }, name) {
  return names.includes(name) || (like !== undefined && new RegExp(like).test(name))
}

function percent(all) {
  return ((100 * all.filter(({ noticed }) => noticed).length) / all.length).toFixed(1)
}

function run(command, values, cwd = root) {
  const { status } = spawnSync(command, values, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
