// Asks every question about every library, prints the table, and fails if RESULTS.md, or the table
// in docs/comparison.md, differs. With `--write`, writes RESULTS.md instead.

import { readFile, writeFile } from 'node:fs/promises'
import { rows } from './checks.js'
import { inTurn } from './clock.js'
import { authCore } from './libraries/auth-core.js'
import { cookieSession } from './libraries/cookie-session.js'
import { fastifySecureSession } from './libraries/fastify-secure-session.js'
import { h3 } from './libraries/h3.js'
import { ironSession } from './libraries/iron-session.js'
import { reactRouter } from './libraries/react-router.js'
import { sealedSession } from './libraries/sealed-session.js'
import { differences, format } from './table.js'

const libraries = [
  sealedSession,
  ironSession,
  authCore,
  h3,
  fastifySecureSession,
  reactRouter,
  cookieSession,
]

const results = new URL('RESULTS.md', import.meta.url)
const comparison = new URL('../../docs/comparison.md', import.meta.url)

const table = [
  ['', ...(await Promise.all(libraries.map(columnTitle)))],
  ...(await inTurn(rows, async ({ title, check }) => [title, ...(await inTurn(libraries, check))])),
]
const numbers = rows.filter((row) => row.numbers).map(({ title }) => title)

process.stdout.write(format(table))

if (process.argv.includes('--write')) {
  const before = await readFile(results, 'utf8')
  await writeFile(
    results,
    before.replace(/^\|.*\n(\|.*\n)*/m, () => format(table)),
  )
} else {
  const wrong = [
    ...differences('RESULTS.md', await readFile(results, 'utf8'), table, numbers, true),
    ...differences('docs/comparison.md', await readFile(comparison, 'utf8'), table, numbers, false),
  ]
  for (const line of wrong) console.error(line)
  console.log(wrong.length === 0 ? '\nAs documented.' : `\n${wrong.length} differ.`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}

/** Returns a title with the installed version; ours is the one in this repository. */
async function columnTitle({ title, manifest }) {
  if (manifest === undefined) return title
  const { version } = JSON.parse(await readFile(new URL(manifest, import.meta.url), 'utf8'))
  return `${title} ${version}`
}
