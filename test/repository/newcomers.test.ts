// The pages for newcomers, without a download: test/newcomers follows them to the letter each night.

import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readDocument } from '../support/documents.ts'
import { PAGES, readNewcomerPath } from '../support/newcomer-path.ts'

const EXTENSIONS = ['', '.ts', '.tsx', '/index.ts']

/** Finds the relative imports that no file of the page answers. None needs what a tool has made. */
function findMissing(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) =>
    Array.from(text.matchAll(/\bfrom '(\.[^']*)'/g), ([, from = '']) => from)
      .map((from) => posix.join(posix.dirname(file), from.replace(/\.js$/, '')))
      .filter((path) => !EXTENSIONS.some((extension) => files.has(path + extension)))
      .map((path) => `${file} -> ${path}`),
  )
}

describe.each(PAGES)('the page on %s', (page) => {
  const { setUp, build, serve, files } = readNewcomerPath(page)

  test('begins with the path from an empty folder', () => {
    const [, first] = /^## (.*)$/m.exec(readDocument(`docs/frameworks/${page}.md`)) ?? []
    expect(first).toBe('From an empty folder')
  })

  test('makes an application, installs the library and makes a secret without a question', () => {
    const lines = setUp.trim().split('\n')
    expect(lines).toContain('cd shop')
    expect(lines.filter((line) => /^npm install\b.* sealed-session\b/.test(line))).toHaveLength(1)
    expect(lines.at(-1)).toMatch(/^echo "SESSION_SECRETS=\$\(npx sealed-session secret\)" > \.env/)
    for (const line of lines.filter((line) => /^npx |^npm init\b/.test(line))) {
      expect(line).toMatch(/ --yes\b/)
    }
    // A tool that asks would wait for an answer for ever.
    expect(build + serve).not.toMatch(/npx (?!nuxt |tsx )/)
    expect(serve).not.toBe('')
  })

  test('prints every file that its files import', () => {
    expect(files.size).toBeGreaterThan(3)
    expect(findMissing(files)).toEqual([])
  })

  test('prints what answers the forms that it prints', () => {
    const texts = [...files].map(([file, text]) => `${file}\n${text}`).join('\n')
    const actions = new Set(
      Array.from(texts.matchAll(/action="\??\/(\w+)"/g), ([, action = '']) => action),
    )
    const answers = (action: string) =>
      new RegExp(
        `post\\('/${action}'|/${action}(?:\\.post\\.ts|/route\\.ts)\\n|^ {2}(?:async )?${action}\\(`,
        'm',
      )
    expect([...actions].filter((action) => !answers(action).test(texts))).toEqual([])
  })
})

test('an import that no file answers is found', () => {
  const files = new Map([
    ['src/app.ts', "import { a } from './pages.js'\nimport b from 'express'\n"],
  ])
  expect(findMissing(files)).toEqual(['src/app.ts -> src/pages'])
  files.set('src/pages.ts', '')
  expect(findMissing(files)).toEqual([])
})

test('the page on secrets says with what each row is tried', () => {
  const rows = [...readDocument('docs/recipes/secrets.md').matchAll(/^\| (.+?) +\|(.*)\|(.*)\|$/gm)]
  const [, , ...all] = rows.map(([, name, , tried = '']) => [name, tried.trim()])
  const tests = readDocument('test/newcomers/secrets.test.ts')
  expect(all.length).toBeGreaterThan(9)
  for (const [name = '', tried] of all) {
    expect(tried, name).not.toBe('')
    expect(tests).toContain(`describe('${name.replace(/ \d.*/, '')}'`)
  }
})
