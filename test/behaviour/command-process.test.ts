// The command as an installed process: in a pipe, in a terminal, and its output in the places where
// secrets are stored. Few processes, because each takes a tenth of a second.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { pairsOf } from '../support/cookie-jar.ts'

const COMMAND = new URL('../../dist/bin/sealed-session.js', import.meta.url).pathname
const A = 'ykEEgLv87-23LH9XC8_hfO9IS_GmemoBS1XItcafkI0'

/** Escape sequences of a terminal: colours. */
const ESCAPE = '\u001b['

const folder = mkdtempSync(join(tmpdir(), 'command-'))

let cookie: string

beforeAll(async () => {
  const sessions = createSessions({ secrets: A, limits: 'node' })
  const session = await sessions.open(null)
  session.set('user', 'ada')
  session.set('note', 'x'.repeat(5000))
  cookie = pairsOf(await sessions.setCookies(session))
})

afterAll(() => rmSync(folder, { recursive: true }))

function run(
  program: string,
  args: readonly string[],
  input = '',
  env: object = { SESSION_SECRETS: A },
) {
  return spawnSync(program, args, {
    input,
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  })
}

describe('in a pipe', () => {
  test('prints no colour, keeps the plan and the value apart, and exits with 0, 1 or 2', () => {
    const inspected = run(process.execPath, [COMMAND, 'inspect', '--idle-timeout', '1d'], cookie)
    expect([inspected.status, inspected.stderr]).toEqual([0, ''])
    expect(inspected.stdout).not.toContain(ESCAPE)
    const refused = run(process.execPath, [COMMAND, 'inspect'], cookie.slice(0, 4000))
    expect(refused.status).toBe(1)
    const wrong = run(process.execPath, [COMMAND, 'rotat'])
    expect([wrong.status, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toBe('sealed-session: no such command; did you mean rotate?\n')
  })
})

describe('standard output', () => {
  test('that its reader has closed is no failure, as behind head', async () => {
    const env = { PATH: process.env['PATH'], SESSION_SECRETS: A }
    const child = spawn(process.execPath, [COMMAND, '--help'], { cwd: folder, env })
    child.stdout.destroy()
    const [[status], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)])
    expect([status, stderr]).toEqual([0, ''])
  })

  test.runIf(process.platform === 'linux')('that is full is an error in one line', () => {
    const { status, stderr } = run('sh', ['-c', `${process.execPath} ${COMMAND} secret >/dev/full`])
    expect([status, stderr]).toEqual([2, 'sealed-session: the output cannot be written\n'])
    const all = run('sh', ['-c', `${process.execPath} ${COMMAND} secret >/dev/full 2>&1`])
    expect(all.status).toBe(2)
  })
})

describe.runIf(process.platform === 'linux')('in a terminal', () => {
  /**
   * Runs a line in a separate terminal (util-linux `script`), and types the input when the prompt
   * appears.
   */
  async function inTerminal(line: string, typed: string) {
    const env = { PATH: process.env['PATH'], SESSION_SECRETS: A, TERM: 'xterm' }
    const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: folder, env })
    let stdout = ''
    let isTyped = false
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      stdout += String(chunk)
      if (isTyped || !stdout.includes('Paste')) continue
      isTyped = true
      child.stdin.write(typed)
    }
    const [status]: unknown[] =
      child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    return { status, stdout }
  }

  test('says what to paste, accepts a line longer than 4 096 characters, and answers in colour', async () => {
    const line = `${process.execPath} ${COMMAND} inspect`
    const { status, stdout } = await inTerminal(line, `${cookie}\n\n`)
    expect(stdout).toContain(
      'Paste a Cookie header, Set-Cookie lines or a value, then an empty line',
    )
    expect(stdout).toContain(`${ESCAPE}32mtrue${ESCAPE}0m`)
    expect(stdout).toContain('"user": "ada"')
    expect(status).toBe(0)
  })

  test('answers without colour if NO_COLOR is set, and ends with Ctrl-D', async () => {
    const line = `NO_COLOR=1 ${process.execPath} ${COMMAND} measure`
    const { status, stdout } = await inTerminal(line, '{"user":"ada"}\n\u0004')
    expect(stdout).toContain('Paste the data of a session as JSON')
    expect(stdout).toMatch(/^ok: \d+ % of responseHeader/m)
    expect(stdout).not.toContain(`${ESCAPE}32m`)
    expect(status).toBe(0)
  })
})

describe('the output of rotate', () => {
  let value: string

  beforeAll(() => {
    value = run(process.execPath, [COMMAND, 'rotate', '--in', '0']).stdout.trimEnd()
    writeFileSync(join(folder, '.env'), `SESSION_SECRETS=${value}\n`)
  })

  const PRINT = 'process.stdout.write(process.env.SESSION_SECRETS)'

  test.each<[string, string, string[]]>([
    ['`. ./.env` in sh', 'sh', ['-c', 'set -a; . ./.env; node -e "$0"', PRINT]],
    ['`. ./.env` in bash', 'bash', ['--norc', '-c', 'set -a; . ./.env; node -e "$0"', PRINT]],
    ['`export $(cat .env)`', 'sh', ['-c', 'export $(cat .env); node -e "$0"', PRINT]],
    ['node --env-file', process.execPath, ['--env-file=.env', '-e', PRINT]],
  ])('is the same behind %s', (_, program, args) => {
    const { stdout, stderr } = run(program, args, '', {})
    expect([stdout, stderr]).toEqual([value, ''])
  })

  test('has no character that Docker’s --env-file, dotenv, YAML or a prompt treats specially', () => {
    expect(value).toMatch(/^[A-Za-z0-9_-]+$/)
  })

  test('opens earlier sessions, and so does its JSON', async () => {
    for (const secrets of [value, run(process.execPath, [COMMAND, 'rotate', '--json']).stdout]) {
      const session = await createSessions({ secrets }).open(cookie)
      expect(session.get('user')).toBe('ada')
    }
  })

  test('can be rotated again, and drops a secret that has leaked', async () => {
    const env = { SESSION_SECRETS: value }
    const again = run(process.execPath, [COMMAND, 'rotate'], '', env)
    const [id = ''] = again.stderr.match(/^ {2}\S+(?= {2}seals no more)/m) ?? []
    const leaked = run(process.execPath, [COMMAND, 'leak', id.trim()], '', {
      SESSION_SECRETS: again.stdout,
    })
    expect(leaked.stderr).toContain(`without ${id.trim()}`)
    const session = await createSessions({ secrets: leaked.stdout }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'unknown-key' })
  })
})
