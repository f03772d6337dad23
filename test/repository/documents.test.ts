// The documents: their code is run as it is printed, their links lead to existing sections, and
// their tables match the code. A block is a module; every console.log in it has a comment with its
// output.

import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { LimitsPreset } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { resolveOptions } from '../../src/options.ts'
import { Session } from '../../src/session/session.ts'
import { resolveLimits } from '../../src/size/limits.ts'
import { PRESET_NAMES } from '../../src/size/presets.ts'
import {
  expectedOutput,
  findAnchors,
  findCodeBlocks,
  findDeadLinks,
  isCheckedWithTypes,
  isFileOfExample,
  isTemplate,
  listDocuments,
  moduleName,
  readDocument,
} from '../support/documents.ts'
import type { CodeBlock } from '../support/documents.ts'
import { handlersOf } from '../support/handlers.ts'
import { startPlayground } from '../support/playground-server.ts'

const folder = new URL('../blocks/', import.meta.url)

/** The time of every block. */
const NOON = Date.UTC(2026, 0, 15, 12)

const documents = listDocuments()
// CONTRIBUTING.md has only commands and drawings.
const blocks = documents
  .filter((file) => file !== 'CONTRIBUTING.md')
  .flatMap((file) => findCodeBlocks(file))
  .filter((block) => !isCheckedWithTypes(block) && !isFileOfExample(block) && !isTemplate(block))
const modules = blocks.filter(({ language }) => language === 'ts')
const commands = blocks.filter(({ language }) => language === 'sh')

/**
 * Blocks that need a package which only the documentation site installs, where `test/docs` runs them. Those
 * of `docs/migrating.md` are files of `test/migration`, which runs them there.
 */
const isOfFramework = ({ file, code }: CodeBlock) =>
  file === 'docs/migrating.md' || /from '(?:express|fastify)'/.test(code)
const isRun = (block: CodeBlock) => !block.flags.includes('no-run') && !isOfFramework(block)

/** `docs/format.md` has code and data of its own: `vectors.test.ts` runs them. */
const FORMAT_LANGUAGES = new Set(['js', 'json', 'abnf'])

beforeAll(() => {
  for (const name of ['SESSION_SECRETS', 'NEW_SECRET', 'OLD_SECRET']) {
    vi.stubEnv(name, randomBytes(32).toString('base64url'))
  }
  mkdirSync(folder, { recursive: true })
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

test('every block is code that is run or type-checked here, or a drawing', () => {
  const known = new Set(['ts', 'sh', 'text'])
  const others = blocks.filter(
    ({ file, language }) =>
      !known.has(language) && !(file === 'docs/format.md' && FORMAT_LANGUAGES.has(language)),
  )
  expect(others).toEqual([])
  expect(modules.filter(isRun).length).toBeGreaterThanOrEqual(30)
  for (const { flags } of blocks) expect(['', 'no-run']).toContain(flags.join(' '))
})

describe.each(modules.filter(isRun))('$file, line $line', (block) => {
  test('prints the output in its comments, and its handlers answer', async () => {
    const path = new URL(moduleName(block), folder)
    writeFileSync(path, block.code)
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const printed = () => log.mock.calls.map((values) => format(...values))
    // The clock stands still, because a printed Max-Age or length depends on the second.
    vi.useFakeTimers({ toFake: ['Date'], now: NOON })
    try {
      const exported: unknown = await import(path.href)
      expect(printed()).toEqual(expectedOutput(block.code))
      for (const handler of handlersOf(exported)) {
        const response = await handler(new Request('https://example.com/'))
        expect(response.status).toBeLessThan(400)
      }
    } finally {
      vi.useRealTimers()
      log.mockRestore()
    }
  })
})

test('the blocks have no type errors', () => {
  mkdirSync(folder, { recursive: true })
  const checked = modules.filter((block) => !isOfFramework(block))
  for (const block of checked) writeFileSync(new URL(moduleName(block), folder), block.code)
  const config = {
    extends: '../../tsconfig.json',
    // Handlers in the documentation have arguments that they do not use.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['.', '../../examples/runtimes.d.ts'],
    exclude: [],
  }
  writeFileSync(new URL('tsconfig.json', folder), JSON.stringify(config))
  const tsc = new URL('../../node_modules/.bin/tsc', import.meta.url).pathname
  const { stdout } = spawnSync(tsc, ['-p', folder.pathname], { encoding: 'utf8' })
  expect(stdout).toBe('')
})

describe('links', () => {
  test('lead to files and sections that exist', () => {
    expect(documents.flatMap((file) => findDeadLinks(file))).toEqual([])
  })

  test('are checked: a dead link is found, and one in code is ignored', () => {
    const text =
      '# Here\n[a](#here) [b](#there) [c](none.md)\n`[d](#code)` [e](SECURITY.md#nowhere)'
    expect(findDeadLinks('README.md', text).map(({ href }) => href)).toEqual([
      '#there',
      'none.md',
      'SECURITY.md#nowhere',
    ])
    expect(findDeadLinks('README.md', '[a](SECURITY.md#time-of-check)')).toEqual([])
  })

  test('may use the anchors that GitHub generates for headings', () => {
    const text = '# What is `a_b`?\n## Same\n## Same\n```ts\n# no heading\n```\n'
    expect([...findAnchors(text)]).toEqual(['what-is-a_b', 'same', 'same-1'])
  })
})

describe('README.md', () => {
  test('has the commands to install, start and test on lines of their own', () => {
    const lines = commands.flatMap(({ code }) => code.split('\n'))
    expect(lines).toContain('npm ci && npm start')
    expect(lines).toContain('npm ci && npm test')
  })

  test('logs in with curl, and a write that is too large loses nothing', async () => {
    const { code = '' } = commands.find((block) => block.code.includes('curl')) ?? {}
    const cwd = mkdtempSync(join(tmpdir(), 'readme-'))
    const { url, stop } = await startPlayground({ PORT: '0' })
    try {
      const script = code
        .replaceAll('http://127.0.0.1:3000', url)
        .replaceAll('curl', 'echo; curl -sS')
      const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd })
      expect(stdout.match(/"user":"Ada"/g)).toHaveLength(2)
      expect(stdout).toContain('limits.responseHeader')
    } finally {
      await stop()
      rmSync(cwd, { recursive: true })
    }
  })

  test('has a runnable round trip by line 20', () => {
    const first = modules.find(({ file }) => file === 'README.md')
    expect(first?.line).toBeLessThan(10)
    const end = (first?.line ?? 0) + (first?.code.split('\n').length ?? 99)
    expect(end).toBeLessThanOrEqual(21)
  })

  test('is shorter than 300 lines, and SECURITY.md than 25 kB', () => {
    expect(readDocument('README.md').split('\n').length).toBeLessThan(300)
    expect(Buffer.byteLength(readDocument('SECURITY.md'))).toBeLessThan(25_000)
  })

  test('names every member of sessions and of a session', async () => {
    const sessions = createSessions({ secrets: process.env['SESSION_SECRETS'] })
    const session = await sessions.open(null)
    const prototypes = [Object.getPrototypeOf(session), Object.getPrototypeOf(Session.prototype)]
    const members = [sessions, ...prototypes].flatMap((object) =>
      Object.getOwnPropertyNames(object),
    )
    const text = readDocument('README.md')
    const isNamed = (name: string) => new RegExp(`\`${name}(?:\\(|\`)`).test(text)
    expect(members.length).toBeGreaterThan(30)
    expect(members.filter((name) => name !== 'constructor' && !isNamed(name))).toEqual([])
  })

  test('names every option, and no other', () => {
    const [, table = ''] = readDocument('README.md').split('\n## Options\n')
    const printed = Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, name = '']) => name)
    const source = readDocument('src/options.ts')
    const [, list = ''] = /OPTION_NAMES = \[([^\]]*)\]/.exec(source) ?? []
    const names = Array.from(list.matchAll(/'(\w+)'/g), ([, name = '']) => name)
    expect(names.length).toBeGreaterThan(10)
    expect(printed.toSorted()).toEqual(names.toSorted())
  })
})

describe('the defaults that tables print', () => {
  /** Returns the last cell of each row that begins with an option, by that option. */
  function defaultsOf(path: string, heading: string): Map<string, string> {
    const [, section = ''] = readDocument(path).split(`\n## ${heading}\n`)
    const [own = ''] = section.split('\n## ', 1)
    const rows = own.matchAll(/^\| `(\w+)` .*\| *([^|]*?) *\|$/gm)
    return new Map(Array.from(rows, ([, name = '', last = '']) => [name, last]))
  }

  test('in README.md are those of createSessions', () => {
    const printed = defaultsOf('README.md', 'Options')
    const seconds = (name: string) => {
      const [digits = ''] = /^[\d ]+/.exec(printed.get(name) ?? '') ?? []
      return Number(digits.replaceAll(' ', ''))
    }
    const options = resolveOptions({ secrets: process.env['SESSION_SECRETS'] })
    const { secretsRefresh, secretsGrace, cookie, lifetimes, limits } = options
    const { maxAge, idleTimeout, touchInterval, persistent } = lifetimes.default
    expect({
      secretsRefresh: seconds('secretsRefresh'),
      secretsGrace: seconds('secretsGrace'),
      maxAge: seconds('maxAge'),
      idleTimeout: seconds('idleTimeout'),
      clockTolerance: seconds('clockTolerance'),
    }).toEqual({
      secretsRefresh,
      secretsGrace,
      maxAge,
      idleTimeout,
      clockTolerance: lifetimes.clockTolerance,
    })
    expect(printed.get('touchInterval')).toBe('a tenth of `idleTimeout`')
    expect(touchInterval).toBe(idleTimeout / 10)
    const { name, path, domain, secure, sameSite, partitioned, priority } = cookie
    expect([domain, priority]).toEqual([undefined, undefined])
    expect(printed.get('cookie')).toBe(
      `\`${name}\`, \`${path}\`, this host, \`${secure}\`, \`${sameSite}\`, \`${partitioned}\`, none, \`${persistent}\``,
    )
    expect(printed.get('limits')).toBe("`'portable'`")
    expect(limits).toEqual(resolveLimits('portable', false))
  })

  test('in docs/device-bound-sessions.md are those of deviceBound', () => {
    const printed = defaultsOf('docs/device-bound-sessions.md', 'Options')
    const { path, interval } = deviceBound()
    expect(printed.get('path')).toBe(`\`${path}\``)
    expect(printed.get('interval')).toBe(String(interval))
  })
})

describe('docs/size-and-limits.md', () => {
  const text = readDocument('docs/size-and-limits.md')
  const number = (digits = '') => Number(digits.replaceAll(' ', ''))

  test('has every preset with the limits it has in the code', () => {
    const rows = text.matchAll(/^\| `([\w-]+)`\s*\|\s*([\d ]+?)\s*\|\s*([\d ]+?)\s*\|$/gm)
    const printed = Array.from(rows, ([, name = '', request, response]) => [
      name,
      [number(request), number(response)],
    ])
    const actual = PRESET_NAMES.map((name) => {
      const { requestHeader, responseHeader } = resolveLimits(name, false)
      return [name, [requestHeader, responseHeader]]
    })
    expect(printed).toEqual(actual)
  })

  test('says how much data fits, within a tenth', async () => {
    const rows = [...text.matchAll(/^\| `'([\w-]+)'`\s*\|\s*([\d ]+?)\s*\|\s*(\d+)\s*\|$/gm)]
    expect(rows).toHaveLength(4)
    for (const [, preset = '', bytes, cookies] of rows) {
      const { most, count } = await largestSession(preset as LimitsPreset)
      expect(Math.abs(number(bytes) / most - 1), `${preset}: ${most}`).toBeLessThan(0.1)
      expect(count, preset).toBe(Number(cookies))
    }
  })

  async function largestSession(limits: LimitsPreset): Promise<{ most: number; count: number }> {
    const sessions = createSessions<{ text: string }>({
      secrets: process.env['SESSION_SECRETS'],
      limits,
      clock: () => NOON,
    })
    const session = await sessions.open(null)
    let [fits, tooMuch, count] = [0, 70_000, 0]
    while (tooMuch - fits > 1) {
      const length = (fits + tooMuch) >> 1
      session.set('text', 'x'.repeat(length))
      const report = await sessions.measure(session)
      if (report.level === 'over') tooMuch = length
      else [fits, count] = [length, report.cookies]
    }
    return { most: fits + '{"text":""}'.length, count }
  }
})

describe('docs/troubleshooting.md', () => {
  const text = readDocument('docs/troubleshooting.md')
  const types = readDocument('src/errors.ts') + readDocument('src/events.ts')

  function sectionOf(heading: string): string {
    const [, section = ''] = text.split(`\n## ${heading}\n`)
    return section.split('\n## ', 1)[0] ?? ''
  }

  /** Returns the members of a union of strings. */
  function membersOf(type: string): string[] {
    const [, union = ''] = new RegExp(`type ${type} =((?:\\s*\\|? ?'[\\w-]+')+)`).exec(types) ?? []
    return Array.from(union.matchAll(/'([\w-]+)'/g), ([, name = '']) => name)
  }

  test.each([
    ['Warnings', 'WarningCause'],
    ['Rejections', 'RejectionReason'],
    ['Errors', 'SessionErrorCode'],
  ])('explains under "%s" every member of %s, in its order', (heading, type) => {
    const explained = Array.from(
      sectionOf(heading).matchAll(/^### `([\w-]+)`$/gm),
      ([, name = '']) => name,
    )
    expect(explained.length).toBeGreaterThan(4)
    expect(explained).toEqual(membersOf(type))
  })

  test.each([
    ['Warnings', 5, ['Symptom', 'Cause', 'Cure']],
    ['Rejections', 5, ['Cause', 'Cure']], // their symptom is the same, and stated once
    ['Errors', 5, ['Symptom', 'Cause', 'Cure']],
    ['From the field', 20, ['See it', 'Cause', 'Cure']],
  ])('has under "%s" the cause and the cure of each', (heading, least, labels) => {
    const [, ...entries] = sectionOf(heading).split('\n### ')
    expect(entries.length).toBeGreaterThanOrEqual(least)
    for (const entry of entries) {
      const title = entry.split('\n', 1)
      const found = Array.from(entry.matchAll(/^- \*\*(.+?)\*\*: /gm), ([, label]) => label)
      expect([title, found]).toEqual([title, labels])
    }
  })

  test('has the cause and the cure of each refusal of a device', () => {
    const rows = sectionOf('Refused devices').matchAll(/^\| `([\w-]+)` *\|([^|]*)\|([^|]*)\|$/gm)
    const explained = Array.from(rows, ([, name, cause = '', cure = '']) => {
      expect([cause.trim(), cure.trim()], name).not.toContain('')
      return name
    })
    expect(explained).toEqual(membersOf('DeviceRefusal'))
  })

  test('has every event of the library in its table, with all of its members, and no other', () => {
    const rows = Array.from(sectionOf('Events').matchAll(/^\| `(\w+)`.*$/gm), ([row, name]) => ({
      name,
      names: Array.from(row.matchAll(/`(\w+)`/g), ([, member]) => member),
    }))
    const [, union = ''] = readDocument('src/events.ts').split('type SessionEvent =')
    const [events = ''] = union.split('\n\n', 1)
    const [, ...known] = events.split(/readonly type: /)
    expect(rows.map(({ name }) => `'${name}'`)).toEqual(
      known.map((event) => /^'\w+'/.exec(event)?.[0]),
    )
    for (const [index, event] of known.entries()) {
      const members = Array.from(event.matchAll(/readonly (\w+)\??:/g), ([, member]) => member)
      expect(rows[index]?.names).toEqual(expect.arrayContaining(members))
    }
  })
})
