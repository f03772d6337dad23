// The command as a process, as it is installed: what it prints where, and how it exits.

import { spawnSync } from 'node:child_process'
import * as devalue from 'devalue'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SecretSet, SecretsOption, SessionOptions } from 'sealed-session'
import { pairsOf } from '../support/cookie-jar.ts'
import { secretId } from '../support/mint.ts'

const A = 'ykEEgLv87-23LH9XC8_hfO9IS_GmemoBS1XItcafkI0'
const B = 'zpD3PDaEy65MTtcpjPNGqawR6t7ZtbPFLR710f5erhE'
const C = '9x-wkjgGhO89HrD9l7z6VDZ7BZBkGYAjudh0uUtBwAI'
const WEEK = 7 * 86_400

const COMMAND = new URL('../../dist/bin/sealed-session.js', import.meta.url).pathname

const now = () => Math.floor(Date.now() / 1000)
const k = (secret: string) => Buffer.from(secret).toString('base64url')
const dateOf = (seconds: number) => new Date(seconds * 1000).toISOString()

interface Surroundings {
  readonly secrets?: string
  readonly variable?: string
  readonly input?: string
}

/** The command's output, checked for what none may ever print: a secret on standard error, a stack. */
function run(
  args: string[],
  { secrets, variable = 'SESSION_SECRETS', input = '' }: Surroundings = {},
) {
  const env = {
    PATH: process.env['PATH'],
    ...(secrets === undefined ? {} : { [variable]: secrets }),
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    env,
    input,
    encoding: 'utf8',
  })
  const spoken = [...secretsIn(secrets ?? ''), ...secretsIn(stdout), A, B, C]
  for (const secret of spoken) expect(stderr).not.toContain(secret)
  expect(stderr).not.toMatch(/^\s+at /m)
  return { code: status, stdout, stderr }
}

/** Everything that could be a secret: whatever is long and random. */
function secretsIn(text: string): string[] {
  return text.match(/[A-Za-z0-9_-]{32,}/g) ?? []
}

function parse(stdout: string): SecretSet {
  expect(stdout.trimEnd()).not.toContain('\n')
  return JSON.parse(stdout)
}

const ERROR_LINE = /^sealed-session: [^\n]+\n$/

/** Cookies of a session, sealed at a moment. */
async function cookiesAt(
  seconds: number,
  secrets: SecretsOption,
  options: Partial<SessionOptions> = {},
  data: object = { user: 'ada' },
): Promise<string[]> {
  const sessions = createSessions({ secrets, clock: () => seconds * 1000, ...options })
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  return sessions.setCookies(session)
}

/** What these secrets make of a cookie at a moment, and the secret they seal with. */
async function visitAt(seconds: number, secrets: string, cookie: string) {
  let sealedBy = ''
  const sessions = createSessions({
    secrets,
    idleTimeout: false,
    clock: () => seconds * 1000,
    observe: (event) => {
      if (event.type === 'sealed') sealedBy = event.secretId
    },
  })
  const session = await sessions.open(cookie)
  session.set('visited', true)
  await sessions.setCookies(session)
  return { user: session.get('user'), id: session.id, sealedBy }
}

describe('sealed-session', () => {
  test('explains itself', () => {
    const { code, stdout, stderr } = run(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['secret', 'rotate', 'inspect', 'measure']) expect(stdout).toContain(name)
    expect(run([])).toEqual({ code: 2, stdout: '', stderr: stdout })
  })

  test.each(['secret', 'rotate', 'inspect', 'measure'])('explains %s, with nothing set', (name) => {
    for (const flag of ['--help', '-h']) {
      const { code, stdout, stderr } = run([name, flag])
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(new RegExp(`^Usage: sealed-session ${name} `))
    }
  })

  test('says its version', () => {
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })

  test.each<[string, string[], Surroundings]>([
    ['an unknown command', ['rotete'], {}],
    ['a secret in place of a command', [A], {}],
    ['an unknown option', ['secret', '--base64'], {}],
    ['a secret among the arguments', ['rotate', A], { secrets: B }],
    ['a secret behind an unknown option', ['rotate', `--secrets=${A}`], { secrets: B }],
    ['a secret as the name of a variable', ['rotate', '--variable', A], { secrets: B }],
    ['an option without its value', ['rotate', '--in'], { secrets: A }],
    ['a time that is none', ['rotate', '--in', '1h'], { secrets: A }],
    ['a negative time', ['rotate', '--max-age=-1'], { secrets: A }],
    ['rotate without secrets', ['rotate'], {}],
    ['rotate with an empty variable', ['rotate'], { secrets: ' \n' }],
    ['rotate with a short secret', ['rotate'], { secrets: A.slice(0, 31) }],
    ['rotate with quotes around the secrets', ['rotate'], { secrets: `"${A},${B}"` }],
    ['rotate with a broken JWK Set', ['rotate'], { secrets: `{"keys":[{"k":"${A}"` }],
    ['rotate with a JWK Set that has no keys', ['rotate'], { secrets: '{"keys":[]}' }],
    ['rotate with a public key', ['rotate'], { secrets: `{"keys":[{"kty":"EC","x":"${A}"}]}` }],
    ['inspect without secrets', ['inspect'], { input: 'a=b' }],
    ['inspect without input', ['inspect'], { secrets: A }],
    [
      'inspect with a name no cookie can have',
      ['inspect', '--name', 'a b'],
      { secrets: A, input: 'a=b' },
    ],
    ['measure without input', ['measure'], {}],
    ['measure of no JSON', ['measure'], { input: `{"token":"${A}"` }],
    ['measure of a list', ['measure'], { input: `["${A}"]` }],
    ['measure against an unknown place', ['measure', '--limits', 'moon'], { input: '{}' }],
  ])('refuses %s in one line, with exit code 2 and nothing on standard output', (_, args, rest) => {
    const { code, stdout, stderr } = run(args, rest)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(ERROR_LINE)
  })
})

describe('secret', () => {
  test('prints 32 random bytes in base64url, others each time', () => {
    const [one, other] = [run(['secret']).stdout, run(['secret']).stdout]
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}\n$/)
    expect(other).not.toBe(one)
    expect(() => createSessions({ secrets: one })).not.toThrow()
  })

  test('prints a JWK Set whose kid is the id it seals under', async () => {
    const { stdout } = run(['secret', '--jwk'])
    const { keys } = parse(stdout)
    expect(keys).toEqual([
      { kty: 'oct', kid: expect.any(String), k: expect.stringMatching(/^[\w-]{43}$/) },
    ])
    const { sealedBy } = await visitAt(now(), stdout, '')
    expect(sealedBy).toBe(keys[0]?.kid)
    const { sealedBy: derived } = await visitAt(
      now(),
      JSON.stringify({ keys: [{ ...keys[0], kid: undefined }] }),
      '',
    )
    expect(derived).toBe(sealedBy)
  })
})

/** A value as it would be if it had been made so much earlier. */
function aged(value: string, seconds: number): string {
  const keys = parse(value).keys.map(({ kty, k, activeFrom }) => ({
    kty,
    k,
    activeFrom: activeFrom === undefined ? undefined : secondsOf(activeFrom) - seconds,
  }))
  return JSON.stringify({ keys })
}

function secondsOf(moment: Date | string | number): number {
  return typeof moment === 'number' ? moment : new Date(moment).getTime() / 1000
}

describe('rotate', () => {
  test.each<[string, string, string]>([
    ['a text', A, secretId(A)],
    ['texts', ` ${B}, ${A}\n`, secretId(B)],
    [
      'a JWK Set',
      JSON.stringify({
        keys: [
          { kty: 'oct', kid: 'spring', k: k(B) },
          { kty: 'oct', k: k(A) },
        ],
      }),
      'spring',
    ],
  ])(
    'of %s gives a value that opens what was sealed and seals with the old until activeFrom',
    async (_, secrets, id) => {
      const { code, stdout } = run(['rotate'], { secrets })
      expect(code).toBe(0)
      const [added] = parse(stdout).keys
      const from = Date.parse(String(added?.activeFrom)) / 1000
      expect(from - now()).toBeGreaterThan(3600 - 60)
      expect(from - now()).toBeLessThanOrEqual(3600)

      const cookie = pairsOf(await cookiesAt(now(), secrets))
      const under = async (moment: number) => (await visitAt(moment, stdout, cookie)).sealedBy
      expect((await visitAt(from, stdout, cookie)).user).toBe('ada')
      expect([await under(from - 1), await under(from)]).toEqual([id, added?.kid])
    },
  )

  test('keeps present secrets to the letter: names, beginnings, and what else is said of them', () => {
    const old = { kty: 'oct', kid: 'old', k: k(A), use: 'enc', activeFrom: now() - 60 }
    const first = { kty: 'oct', kid: 'first', k: k(B) }
    const { stdout } = run(['rotate'], { secrets: JSON.stringify({ keys: [old, first] }) })
    expect(parse(stdout).keys.slice(1)).toEqual([old, first])
    const texts = run(['rotate'], { secrets: `${B} ,\n${A}` })
    expect(parse(texts.stdout).keys.slice(1)).toEqual([
      { kty: 'oct', k: k(B) },
      { kty: 'oct', k: k(A) },
    ])
  })

  test('says on standard error, by id, which secret seals and opens until when', () => {
    const { stdout, stderr } = run(['rotate', '--in', '600'], { secrets: `${B},${A}` })
    const [added] = parse(stdout).keys
    const from = Date.parse(String(added?.activeFrom)) / 1000
    const until = dateOf(from + WEEK + 120).replace('.000', '')
    const start = dateOf(from).replace('.000', '')
    const lines = stderr.split('\n')
    expect(lines[1]).toBe(`  ${added?.kid}  new: opens at once, seals from ${start}`)
    expect(lines[2]).toBe(`  ${secretId(B)}  seals until ${start}, opens until ${until}`)
    expect(lines[3]).toBe(`  ${secretId(A)}  seals no more, opens until ${until}`)
    expect(lines[4]).toContain(`before ${start}, in any order`)
  })

  test('drops what stopped sealing longer ago than a session lives, and says so', () => {
    const keyOf = (secret: string, activeFrom?: number) => ({
      kty: 'oct',
      k: k(secret),
      activeFrom,
    })
    const kept = (age: number, ...args: string[]) => {
      const secrets = JSON.stringify({ keys: [keyOf(C, now() - age), keyOf(B), keyOf(A)] })
      const { stdout, stderr } = run(['rotate', ...args], { secrets })
      const [, ...rest] = parse(stdout).keys.map((key) => key.k)
      return { rest, dropped: stderr.match(/\S+(?= {2}dropped)/g) ?? [] }
    }
    const both = { rest: [k(C)], dropped: [secretId(B), secretId(A)] }
    const none = { rest: [k(C), k(B), k(A)], dropped: [] }
    // Two minutes for clocks that differ.
    expect(kept(WEEK + 60)).toEqual(none)
    expect(kept(WEEK + 180)).toEqual(both)
    expect(kept(3600 + 180)).toEqual(none)
    expect(kept(3600 + 180, '--max-age', '3600')).toEqual(both)
  })

  test('every three days keeps for each session, as long as it can live, the secret it is under', async () => {
    let value = A
    const lengths = []
    for (let rotation = 0; rotation < 5; rotation++) {
      const cookie = pairsOf(await cookiesAt(now(), value))
      value = run(['rotate', '--in', '0'], { secrets: value }).stdout
      expect((await visitAt(now(), value, cookie)).user).toBe('ada')
      lengths.push(parse(value).keys.length)
      value = aged(value, 3 * 86_400)
    }
    // The first one is gone once its successor is older than a week.
    expect(lengths).toEqual([2, 3, 4, 4, 4])
  })

  test('keeps a secret of which nobody knows when it stopped', () => {
    const { stdout } = run(['rotate', '--max-age', '1'], { secrets: `${C},${B},${A}` })
    expect(parse(stdout).keys).toHaveLength(4)
  })

  test('reads another variable', () => {
    const { code, stdout, stderr } = run(['rotate', '--variable', 'KEYS'], {
      secrets: A,
      variable: 'KEYS',
    })
    expect([code, parse(stdout).keys[1]]).toEqual([0, { kty: 'oct', k: k(A) }])
    expect(stderr).toContain('KEYS')
  })
})

describe('inspect', () => {
  const json = (input: string, ...args: string[]) => {
    const { code, stdout } = run(['inspect', '--json', ...args], { secrets: `${B},${A}`, input })
    return { code, ...JSON.parse(stdout) }
  }

  test('shows the session of Set-Cookie lines, of a Cookie header, and of what curl -v prints', async () => {
    const began = now() - 60
    const data = { user: 'ada', note: 'x'.repeat(4000) }
    const lines = await cookiesAt(began, A, { limits: 'node' }, data)
    expect(lines).toHaveLength(2)
    const pairs = pairsOf(lines)
    const expected = {
      code: 0,
      accepted: true,
      id: expect.stringMatching(/^[\w-]{22}$/),
      startedAt: dateOf(began),
      expiresAt: dateOf(began + 86_400),
      secretId: secretId(A),
      cookies: 2,
      bytes: pairs.length - 2,
      data,
    }
    const inputs = [
      lines.join('\n'),
      lines.map((line) => `Set-Cookie: ${line}\r\n`).join(''),
      lines.map((line) => `< set-cookie: ${line}`).join('\n'),
      pairs,
      `Cookie: theme=dark; ${pairs}; other=1\n`,
      `> Cookie: ${pairs}\n> Accept: */*\n`,
      pairs
        .split('; ')
        .map((pair) => `cookie: ${pair}\n`)
        .join(''),
      ['__Host-session.5=; Max-Age=0; Path=/; HttpOnly; Secure', ...lines].join('\n'),
    ]
    for (const input of inputs) expect(json(input)).toEqual(expected)
  })

  test('shows it readably, and takes names other than the usual', async () => {
    const lines = await cookiesAt(now(), A, { cookie: { name: 'sid' } })
    const { code, stdout } = run(['inspect', '--name', 'sid', '--variable', 'KEYS'], {
      secrets: A,
      variable: 'KEYS',
      input: lines.join('\n'),
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^accepted +true\n/)
    expect(stdout).toMatch(new RegExp(`^secretId +${secretId(A)}$`, 'm'))
    expect(stdout).toContain('"user": "ada"')
  })

  test('shows the text of a session whose serializer it does not know', async () => {
    const lines = await cookiesAt(now(), A, { serializer: devalue }, { tags: new Set(['new']) })
    expect(json(lines.join('\n')).data).toBe(devalue.stringify({ tags: new Set(['new']) }))
  })

  test('accepts such a session with messages and scopes beside its data', async () => {
    const sessions = createSessions({ secrets: A, serializer: devalue })
    const session = await sessions.open(null)
    session.set('tags', new Set(['new']))
    session.scope('cart').set('at', new Date(0))
    session.flash('notice', 'saved')
    const { accepted, data } = json((await sessions.setCookies(session)).join('\n'))
    expect([accepted, data]).toEqual([true, devalue.stringify({ tags: new Set(['new']) })])
  })

  test('says why a session is not accepted, with exit code 1', async () => {
    const [line = ''] = await cookiesAt(now(), A)
    const [stale = ''] = await cookiesAt(now() - 2 * 86_400, A)
    const [old = ''] = await cookiesAt(now() - WEEK - 60, A, { idleTimeout: false, maxAge: WEEK })
    const [foreign = ''] = await cookiesAt(now(), C)
    const [other = ''] = await cookiesAt(now(), A, { cookie: { name: 'sid' } })
    const refused = (input: string, ...args: string[]) => {
      const { code, accepted, reason } = json(input, ...args)
      return [code, accepted, reason]
    }
    expect(refused('theme=dark')).toEqual([1, false, 'absent'])
    expect(refused(other)).toEqual([1, false, 'absent'])
    expect(refused(line.replace('eyJ', 'eyX'))).toEqual([1, false, 'malformed'])
    expect(refused(other.replace('sid', '__Host-session'))).toEqual([1, false, 'undecryptable'])
    expect(refused(foreign)).toEqual([1, false, 'unknown-key'])
    expect(refused(`2.${line}`.replace(/^2\.(.*?)=/, '$1=2.'))).toEqual([1, false, 'incomplete'])
    expect(refused(stale)).toEqual([1, false, 'idle'])
    expect(refused(old, '--idle-timeout', '0')).toEqual([1, false, 'expired'])
    const { code, stdout } = run(['inspect'], { secrets: A, input: stale })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^reason +idle$/m)
  })

  test('holds a session to the lifetimes it is told', async () => {
    const options = { idleTimeout: false, maxAge: 30 * 86_400 } as const
    const [line = ''] = await cookiesAt(now() - 2 * WEEK, A, options)
    expect(json(line, '--idle-timeout', '0').reason).toBe('expired')
    expect(json(line, '--max-age', '2592000').reason).toBe('idle')
    expect(json(line, '--idle-timeout', '0', '--max-age', '2592000').data).toEqual({ user: 'ada' })
    expect(json(line, '--idle-timeout', '1209000', '--max-age', '2592000').reason).toBe('idle')
  })
})

describe('measure', () => {
  test('says what a session takes, as sessions.measure does', async () => {
    const data = { user: 'ada', cart: ['tea', 'milk'] }
    const { code, stdout } = run(['measure', '--json'], { input: JSON.stringify(data) })
    const sessions = createSessions<typeof data>({ secrets: A })
    const session = await sessions.open(null)
    session.set('user', data.user)
    session.set('cart', data.cart)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(await sessions.measure(session))
  })

  test('exits with 1 if it does not fit, and names what has to move', () => {
    const input = JSON.stringify({ user: 'ada', cart: 'x'.repeat(5000) })
    const { code, stdout } = run(['measure'], { input })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^over: \d+ % of responseHeader\n/)
    expect(stdout).toContain('move to a server: "cart"\n')
    expect(run(['measure', '--limits', 'node'], { input }).code).toBe(0)
    expect(run(['measure', '--limits', 'node', '--limits', 'nginx'], { input }).code).toBe(1)
  })

  test('counts the name of the cookie', () => {
    const bytes = (...args: string[]) =>
      JSON.parse(run(['measure', '--json', ...args], { input: '{"user":"ada"}' }).stdout).bytes
    const [usual, short] = [bytes(), bytes('--name', 'sid')]
    expect(usual.requestHeader - short.requestHeader).toBe('__Host-session'.length - 'sid'.length)
  })

  test('exits with 0 for a session that fits narrowly', () => {
    const { code, stdout } = run(['measure'], { input: JSON.stringify({ text: 'x'.repeat(1700) }) })
    expect([code, stdout.split(':', 1)]).toEqual([0, ['warn']])
  })
})
