// The rights of the workflows, and that everything they call exists.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly permissions?: unknown
  readonly container?: { readonly image: string }
  readonly environment?: string
  readonly needs?: string
  readonly 'timeout-minutes'?: number
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: unknown
  readonly concurrency: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const root = new URL('../..', import.meta.url)
const folder = new URL('.github/workflows/', root)
const texts = new Map(readdirSync(folder).map((name) => [name, read(`.github/workflows/${name}`)]))
const workflows = [...texts].map(([name, text]) => {
  const workflow: Workflow = parse(text, { strict: true, uniqueKeys: true })
  return { name, text, workflow }
})

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

function jobsOf(workflow: Workflow): [string, Job][] {
  return Object.entries(workflow.jobs)
}

function stepsOf(workflow: Workflow): Step[] {
  return jobsOf(workflow).flatMap(([, { steps }]) => steps)
}

test('the workflows are exactly these', () => {
  expect([...texts.keys()].toSorted()).toEqual(['ci.yml', 'night.yml', 'release.yml'])
})

describe.each(workflows)('$name', ({ name, text, workflow }) => {
  test('may only read the repository, except for the job that publishes', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    for (const [job, { permissions }] of jobsOf(workflow)) {
      const publishes = name === 'release.yml' && job === 'publish'
      const expected = publishes ? { contents: 'read', 'id-token': 'write' } : undefined
      expect(permissions, job).toEqual(expected)
    }
  })

  test('uses no secret, and runs no code of a pull request with more rights', () => {
    expect(text).not.toMatch(/secrets\.|secrets\[|_TOKEN|pull_request_target|workflow_run/)
    // A name that an outsider chose, of a branch for example, is never part of a script.
    for (const { run = '' } of stepsOf(workflow)) expect(run).not.toContain('${{')
  })

  test('fixes every action by a commit and every image by a digest, with the version beside it', () => {
    const uses = [...text.matchAll(/\buses: (.*)/g)].map(([, use]) => use)
    expect(uses.length).toBe(stepsOf(workflow).filter((step) => step.uses !== undefined).length)
    for (const use of uses) {
      expect(use).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
    for (const [job, { container }] of jobsOf(workflow)) {
      if (container === undefined) continue
      expect(container.image, job).toMatch(/^node:2\d-bookworm@sha256:[0-9a-f]{64}$/)
    }
  })

  test('persists no credentials, and no job runs for ever or concurrently with itself', () => {
    expect(workflow.concurrency).toMatchObject({ group: expect.stringMatching(/^[a-z]+/) })
    for (const [job, { steps, ...settings }] of jobsOf(workflow)) {
      expect(settings['timeout-minutes'], job).toBeLessThanOrEqual(300)
      expect(steps[0]?.uses, job).toMatch(/^actions\/checkout@/)
      const checkouts = steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'))
      for (const step of checkouts) expect(step.with).toEqual({ 'persist-credentials': false })
    }
  })

  test('calls existing scripts and files', () => {
    const { scripts } = JSON.parse(read('package.json'))
    for (const { run = '' } of stepsOf(workflow)) {
      for (const [, script = ''] of run.matchAll(/\bnpm run ([\w:-]+)/g)) {
        expect(Object.keys(scripts)).toContain(script)
      }
      for (const [path] of run.matchAll(/(?:\.ci|\.github|test)\/[\w./-]+/g)) {
        expect(existsSync(new URL(path, root)), path).toBe(true)
      }
    }
  })

  test('names no host', () => {
    expect(text).not.toMatch(/https?:|registry-url/)
  })
})

test('every push and pull request gets the full check of a release, and a quick one beside it', () => {
  const { 'ci.yml': ci, 'release.yml': release } = Object.fromEntries(
    workflows.map(({ name, workflow }) => [name, workflow]),
  )
  expect(Object.keys(ci?.on ?? {})).toEqual(['push', 'pull_request'])
  expect(ci?.jobs['full']?.steps.at(-1)?.run).toBe('bash .ci/run')
  const quick = ci?.jobs['quick']
  expect(quick?.steps.flatMap(({ run = [] }) => run)).toEqual([
    'npm ci',
    'npm run types',
    'npm run lint',
    'npx prettier --check .',
    'npm run test:quick',
  ])
  expect([quick?.needs, quick?.['timeout-minutes']]).toEqual([undefined, 10])
  expect(release?.on).toEqual({ push: { tags: ['v*'] } })
  expect(release?.jobs['check']?.steps.at(-1)?.run).toBe('bash .ci/run')
  expect(release?.jobs['check']?.container).toEqual(ci?.jobs['full']?.container)
  const publish = release?.jobs['publish']
  expect([publish?.needs, publish?.environment]).toEqual(['check', 'npm'])
  const commands = publish?.steps.flatMap(({ run = [] }) => run)
  expect(commands).toEqual(['npm ci --ignore-scripts', 'npm publish --provenance --access public'])
})

test('updates are proposed for every folder with packages, except the lowest versions', () => {
  const { version, updates } = parse(read('.github/dependabot.yml'), { strict: true })
  expect(version).toBe(2)
  const [npm, actions] = updates
  const below = ['examples', 'test'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root)).map((name) => `${folder}/${name}`),
  )
  const folders = ['bench', 'docs', ...below].filter((name) =>
    existsSync(new URL(`${name}/package.json`, root)),
  )
  const expected = ['/', ...folders.map((name) => `/${name}`)].filter(
    (name) => !/lowest/.test(name),
  )
  expect(npm.directories.toSorted()).toEqual(expected.toSorted())
  expect(actions).toMatchObject({ 'package-ecosystem': 'github-actions', directory: '/' })
  for (const { schedule } of updates) expect(schedule).toEqual({ interval: 'weekly' })
})

describe('a tag becomes a release', () => {
  const place = mkdtempSync(join(tmpdir(), 'release-'))
  afterAll(() => rmSync(place, { recursive: true }))

  function check(tag: string, version: string, changes: string) {
    writeFileSync(join(place, 'package.json'), JSON.stringify({ version }))
    writeFileSync(join(place, 'CHANGELOG.md'), changes)
    const script = new URL('.github/release.mjs', root).pathname
    const { status, stderr } = spawnSync(process.execPath, [script, tag, place], {
      encoding: 'utf8',
    })
    return { status, problems: stderr.split('\n').filter((line) => line !== '').length }
  }

  test.each(['## 1.2.3\n\n- New.\n', '# All\n\n## 1.2.3 (2026-11-21)\n\n- New.\n\n## 1.2.2\n'])(
    'if it is the version and has a section of changes: %j',
    (changes) => {
      expect(check('v1.2.3', '1.2.3', changes)).toEqual({ status: 0, problems: 0 })
    },
  )

  test.each([
    ['v1.2.4', '1.2.3', '## 1.2.3\n\n- New.\n', 1],
    ['1.2.3', '1.2.3', '## 1.2.3\n\n- New.\n', 1],
    ['v1.2.3', '1.2.3', '## Unreleased\n\n- New.\n', 1],
    ['v1.2.3', '1.2.3', '## 1.2.3\n\n## 1.2.2\n\n- Old.\n', 1],
    ['v1.2.3', '1.2.3', '## 1.2.30\n\n- Other.\n', 1],
    ['', '1.2.3', '', 2],
  ])('and %s with the version %s and %j does not', (tag, version, changes, problems) => {
    expect(check(tag, version, changes)).toEqual({ status: 1, problems })
  })
})
