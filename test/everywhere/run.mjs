// Runs everything in this folder: `node test/everywhere/run.mjs`. With the path of a packed tarball, it
// tests that one instead of a new one.

import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

const here = new URL('.', import.meta.url).pathname
const root = new URL('../../', import.meta.url).pathname
const [tarball] = process.argv.slice(2)

// npm records what it has installed in a lock file of its own.
const installed = timeOf(`${here}node_modules/.package-lock.json`)
if (installed < timeOf(`${here}package-lock.json`)) run('npm', ['ci'], here)
if (tarball === undefined) run('npm', ['run', '--silent', 'build'], root)
run(`${root}node_modules/.bin/tsx`, [`${here}main.ts`, ...process.argv.slice(2)], process.cwd())

function run(command, values, cwd) {
  const { status } = spawnSync(command, values, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
