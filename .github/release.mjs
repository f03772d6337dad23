// Checks that a tag may become a release: it is `v` and the version of package.json, and CHANGELOG.md has
// a section of that version that is not empty.
//   node .github/release.mjs v1.2.3

import { readFileSync } from 'node:fs'

const root = process.argv[3] ?? new URL('..', import.meta.url).pathname
const tag = process.argv[2] ?? ''
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const changes = readFileSync(`${root}/CHANGELOG.md`, 'utf8')

const problems = []
if (tag !== `v${version}`) problems.push(`the tag is ${tag}, the version ${version}`)
if (!sectionOf(version)) problems.push(`CHANGELOG.md has nothing under "## ${version}"`)

for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

/** Returns the text under a version's heading, with or without a date in it. */
function sectionOf(name) {
  const [, ...sections] = changes.split(/^## /m)
  const section = sections.find((text) => text.split(/\s/, 1)[0] === name)
  return section?.split('\n').slice(1).join('\n').trim()
}
