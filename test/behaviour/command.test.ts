// The command: what it prints to which stream, and its exit codes. It reads the real clock, so that
// expected times are read from its output or have minutes to spare. As a process:
// command-process.test.ts.

import * as devalue from 'devalue'
import { describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import type { SecretSet, SecretsOption, SessionOptions } from 'sealed-session'
import { runCommand as run } from '../support/command.ts'
import type { Surroundings } from '../support/command.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { START, base64url, secretId } from '../support/mint.ts'
import { setAll } from '../support/set-up.ts'

const A = 'ykEEgLv87-23LH9XC8_hfO9IS_GmemoBS1XItcafkI0'
const B = 'zpD3PDaEy65MTtcpjPNGqawR6t7ZtbPFLR710f5erhE'
const C = '9x-wkjgGhO89HrD9l7z6VDZ7BZBkGYAjudh0uUtBwAI'
const WEEK = 7 * 86_400

const now = () => Math.floor(Date.now() / 1000)
const dateOf = (seconds: number) => new Date(seconds * 1000).toISOString()

/** Decodes the output of `rotate`. */
function parse(stdout: string): SecretSet {
  expect(stdout).toMatch(/^[\w-]+\n$/)
  return JSON.parse(Buffer.from(stdout, 'base64url').toString())
}

const COMMANDS = ['secret', 'rotate', 'leak', 'inspect', 'measure']

const ERROR_LINE = /^sealed-session: [^\n]+\n$/

/** Characters that act on a terminal: ESC, C1, line feeds, and those that reverse text. */
const HOSTILE = 'a\u001b]0;b\u0007\u009b2J\u007f\r\n\u202e\u2066\u061c\u200f\u2028c'

/** All of them except the line feeds that the command prints itself. */
const UNPRINTABLE = /[^\P{Cc}\n]|[\p{Bidi_Control}\u2028\u2029]/u

/** Returns the cookies of a session that was sealed at a moment. */
async function cookiesAt(
  seconds: number,
  secrets: SecretsOption,
  options: Partial<SessionOptions> = {},
  data: object = { user: 'ada' },
): Promise<string[]> {
  const sessions = createSessions({ secrets, clock: () => seconds * 1000, ...options })
  const session = await sessions.open(null)
  setAll(session, data)
  return sessions.setCookies(session)
}

/**
 * Returns the result of these secrets for a cookie at a moment, and the secret that they seal with.
 */
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
  test('explains itself', async () => {
    const { code, stdout, stderr } = await run(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    for (const name of COMMANDS) expect(stdout).toContain(name)
    expect(await run([])).toEqual({ code: 2, stdout: '', stderr: stdout })
  })

  test.each(COMMANDS)('explains %s without an environment, with its exit codes', async (name) => {
    for (const args of [
      [name, '--help'],
      [name, '-h'],
      ['help', name],
    ]) {
      const { code, stdout, stderr } = await run(args)
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(new RegExp(`^Usage: sealed-session ${name} `))
      expect(stdout).toMatch(/^Exit codes: 0 .*2 wrong use/m)
    }
  })

  test('prints its version', async () => {
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })

  test.each<[string, string[], Surroundings]>([
    ['an unknown command', ['rotete'], {}],
    ['a secret in place of a command', [A], {}],
    ['an unknown option', ['secret', '--base64'], {}],
    ['a secret among the arguments', ['rotate', A], { secrets: B }],
    ['a secret behind an unknown option', ['rotate', `--secrets=${A}`], { secrets: B }],
    ['a secret as the name of a variable', ['rotate', '--variable', A], { secrets: B }],
    ['an option without its value', ['rotate', '--in'], { secrets: A }],
    ['an invalid time', ['rotate', '--in', '1y'], { secrets: A }],
    ['a time that is too long', ['rotate', '--in', '999999999w'], { secrets: A }],
    ['leak without an id', ['leak'], { secrets: A }],
    ['[S11] leak with a secret for an id', ['leak', A], { secrets: A }],
    ['[S11] inspect with a cookie for a file', ['inspect', `a=${B}`], { secrets: A }],
    [
      'inspect with a moment that is none',
      ['inspect', '--at', 'noon'],
      { secrets: A, input: 'a=b' },
    ],
    [
      'inspect with a configuration that is not there',
      ['inspect', '--config', './none.js'],
      { secrets: A, input: 'a=b' },
    ],
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
    ['measure of invalid JSON', ['measure'], { input: `{"token":"${A}"` }],
    ['measure of an array', ['measure'], { input: `["${A}"]` }],
    ['measure against an unknown preset', ['measure', '--limits', 'moon'], { input: '{}' }],
    ['[S11] measure against a secret', ['measure', '--limits', A], { input: '{}' }],
    [
      '[S11] measure against a secret that is repeated',
      ['measure', `--limits=${A}`],
      { input: '{}' },
    ],
    [
      '[S11] measure against a secret beside a preset',
      ['measure', '--limits', 'node', '--limits', B],
      { input: '{}' },
    ],
    ['[S11] measure with a secret as a name', ['measure', '--name', `${A}=`], { input: '{}' }],
    [
      '[S11] inspect with a secret as a name',
      ['inspect', '--name', `${B}=`],
      { secrets: A, input: 'a=b' },
    ],
    [
      '[S11] inspect with a secret as a lifetime',
      ['inspect', '--lifetime', B],
      { secrets: A, input: 'a=b' },
    ],
    [
      'inspect with a lifetime without times',
      ['inspect', '--lifetime', 'remembered'],
      { secrets: A, input: 'a=b' },
    ],
    [
      'inspect with a lifetime of no length',
      ['inspect', '--lifetime', 'remembered=0,60'],
      { secrets: A, input: 'a=b' },
    ],
    ['measure of a value that cannot be stored', ['measure'], { input: '{"a":-0}' }],
    [
      'measure of an unprintable key',
      ['measure'],
      { input: JSON.stringify({ [HOSTILE]: 1 }).replace('1}', '-0}') },
    ],
  ])('rejects %s in one line, with exit code 2 and no standard output', async (_, args, rest) => {
    const { code, stdout, stderr } = await run(args, rest)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(ERROR_LINE)
    expect(stderr).not.toMatch(UNPRINTABLE)
  })

  test('[S11] names the argument and its valid values, without the given one', async () => {
    const { stderr } = await run(['measure', '--limits', 'hunter2"x'], { input: '{}' })
    expect(stderr).toMatch(/^sealed-session: --limits names .*: write portable, browsers, /)
    expect(stderr).not.toContain('hunter2')
    const name = await run(['measure', '--name', 'hunter2"x'], { input: '{}' })
    expect(name.stderr).toMatch(/^sealed-session: --name is .* must be 1 to 64 letters/)
    expect(name.stderr).not.toContain('hunter2')
  })
})

describe('a misspelled word', () => {
  test.each<[string, string[], string]>([
    ['command', ['rotat'], 'no such command; did you mean rotate?'],
    ['command, with two letters swapped', ['inpsect'], 'did you mean inspect?'],
    ['option', ['rotate', '--max-ag', '7d'], 'no such option; did you mean --max-age?'],
    ['preset', ['measure', '--limits', 'node,cloudfare'], 'no preset: did you mean cloudflare?'],
  ])('%s gets the closest known one', async (_, args, expected) => {
    const { code, stderr } = await run(args, { secrets: A, input: '{}' })
    expect([code, stderr]).toEqual([2, expect.stringContaining(expected)])
  })

  test.each([
    [['zzz'], 'see sealed-session --help'],
    [['rotate', '--zzzzzz'], 'see --help'],
  ])('that is close to none, as in %j, gets the help', async (args, expected) => {
    expect((await run(args, { secrets: A })).stderr).toContain(expected)
  })
})

describe('secret', () => {
  test('prints 32 random bytes in base64url, different ones each time', async () => {
    const [one, other] = [(await run(['secret'])).stdout, (await run(['secret'])).stdout]
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}\n$/)
    expect(other).not.toBe(one)
    expect(() => createSessions({ secrets: one })).not.toThrow()
  })

  test('prints a JWK Set whose kid is the id it seals under', async () => {
    const { stdout } = await run(['secret', '--jwk'])
    const { keys }: SecretSet = JSON.parse(stdout)
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

/** Returns a value as if it had been created so much earlier. */
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
    ['a string', A, secretId(A)],
    ['several strings', ` ${B}, ${A}\n`, secretId(B)],
    [
      'a JWK Set',
      JSON.stringify({
        keys: [
          { kty: 'oct', kid: 'spring', k: base64url(B) },
          { kty: 'oct', k: base64url(A) },
        ],
      }),
      'spring',
    ],
  ])(
    'of %s prints a value that opens earlier sessions and seals with the old secret until activeFrom',
    async (_, secrets, id) => {
      const { code, stdout } = await run(['rotate'], { secrets })
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

  test('keeps present secrets unchanged: names, starts, and other members', async () => {
    const old = { kty: 'oct', kid: 'old', k: base64url(A), use: 'enc', activeFrom: now() - 60 }
    const first = { kty: 'oct', kid: 'first', k: base64url(B) }
    const { stdout } = await run(['rotate'], { secrets: JSON.stringify({ keys: [old, first] }) })
    expect(parse(stdout).keys.slice(1)).toEqual([old, first])
    const texts = await run(['rotate'], { secrets: `${B} ,\n${A}` })
    expect(parse(texts.stdout).keys.slice(1)).toEqual([
      { kty: 'oct', k: base64url(B) },
      { kty: 'oct', k: base64url(A) },
    ])
  })

  test('prints to standard error, by id, until when each secret seals and opens', async () => {
    const { stdout, stderr } = await run(['rotate', '--in', '600'], { secrets: `${B},${A}` })
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

  test('drops secrets that stopped sealing longer ago than a session lives, and says so', async () => {
    const keyOf = (secret: string, activeFrom?: number) => ({
      kty: 'oct',
      k: base64url(secret),
      activeFrom,
    })
    const kept = async (age: number, ...args: string[]) => {
      const secrets = JSON.stringify({ keys: [keyOf(C, now() - age), keyOf(B), keyOf(A)] })
      const { stdout, stderr } = await run(['rotate', ...args], { secrets })
      const [, ...rest] = parse(stdout).keys.map((key) => key.k)
      return { rest, dropped: stderr.match(/\S+(?= {2}dropped)/g) ?? [] }
    }
    const both = { rest: [base64url(C)], dropped: [secretId(B), secretId(A)] }
    const none = { rest: [base64url(C), base64url(B), base64url(A)], dropped: [] }
    // Two minutes for differences between clocks.
    expect(await kept(WEEK + 60)).toEqual(none)
    expect(await kept(WEEK + 180)).toEqual(both)
    expect(await kept(3600 + 180)).toEqual(none)
    expect(await kept(3600 + 180, '--max-age', '3600')).toEqual(both)
  })

  test('keeps the secret of each session for as long as it can live, if run every three days', async () => {
    let value = A
    const lengths = []
    for (let rotation = 0; rotation < 5; rotation++) {
      const cookie = pairsOf(await cookiesAt(now(), value))
      value = (await run(['rotate', '--in', '0'], { secrets: value })).stdout
      expect((await visitAt(now(), value, cookie)).user).toBe('ada')
      lengths.push(parse(value).keys.length)
      value = aged(value, 3 * 86_400)
    }
    // The first one is dropped after its successor is older than a week.
    expect(lengths).toEqual([2, 3, 4, 4, 4])
  })

  test('keeps a secret if it has no known time after which it stopped sealing', async () => {
    const { stdout } = await run(['rotate', '--max-age', '1'], { secrets: `${C},${B},${A}` })
    expect(parse(stdout).keys).toHaveLength(4)
  })

  test('reads another variable', async () => {
    const { code, stdout, stderr } = await run(['rotate', '--variable', 'KEYS'], {
      secrets: A,
      variable: 'KEYS',
    })
    expect([code, parse(stdout).keys[1]]).toEqual([0, { kty: 'oct', k: base64url(A) }])
    expect(stderr).toContain('KEYS')
  })
})

describe('leak', () => {
  const idsOf = (stdout: string) => parse(stdout).keys.map(({ kid }) => kid)

  test('of the sealing secret replaces it by a new one, and says what to do', async () => {
    const { code, stdout, stderr } = await run(['leak', secretId(B)], { secrets: `${B},${A}` })
    expect(code).toBe(0)
    const [added, ...rest] = parse(stdout).keys
    expect(added?.activeFrom).toBeUndefined()
    expect(rest).toEqual([{ kty: 'oct', k: base64url(A) }])
    expect(stderr).toContain(
      `without ${secretId(B)}. A new secret, ${added?.kid}, seals from now on.`,
    )
    for (const step of ['1. Set it', '2. Sessions', '3. Treat', '4. Look', '5. Find']) {
      expect(stderr).toContain(step)
    }
    const cookie = pairsOf(await cookiesAt(now(), B))
    const { user, sealedBy } = await visitAt(now(), stdout, cookie)
    expect([user, sealedBy]).toEqual([undefined, added?.kid])
  })

  test('of another secret removes only that, and keeps the sealing one', async () => {
    const { stdout, stderr } = await run(['leak', secretId(A), '--json'], { secrets: `${B},${A}` })
    expect(JSON.parse(stdout)).toEqual({ keys: [{ kty: 'oct', k: base64url(B) }] })
    expect(stderr).toContain('The one that seals stays.')
  })

  test('of a staged secret, and of one with a name of its own', async () => {
    const staged = (await run(['rotate'], { secrets: A })).stdout
    const [id = ''] = idsOf(staged)
    const after = await run(['leak', id], { secrets: staged })
    expect(parse(after.stdout).keys).toEqual([{ kty: 'oct', k: base64url(A) }])
  })
})

describe('inspect', () => {
  const json = async (input: string, ...args: string[]) => {
    const { code, stdout } = await run(['inspect', '--json', ...args], {
      secrets: `${B},${A}`,
      input,
    })
    return { code, ...JSON.parse(stdout) }
  }

  test('shows the session of Set-Cookie lines, of a Cookie header, and of the output of curl -v', async () => {
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
      expiresAt: dateOf(began + WEEK),
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
    for (const input of inputs) expect(await json(input)).toMatchObject(expected)
  })

  test('shows that a session is bound to a device, and its tickets', async () => {
    const device = deviceBound()
    const sessions = createSessions({ secrets: A, device, clock: () => now() * 1000 })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.bindToDevice()
    const pairs = pairsOf(await sessions.setCookies(session))
    const [, binding = ''] = /\.d\.([\w-]{8})=/.exec(pairs) ?? []
    const bound = { binding, device: 'unproven', deviceTickets: [binding], cookies: 2 }
    expect(await json(pairs)).toMatchObject({ code: 0, accepted: true, ...bound })
    const alone = await json(pairs.split('; ')[0] ?? '')
    expect(alone).toMatchObject({ code: 1, reason: 'unproven', binding })
  })

  test('prints it for a reader, and accepts another name than the default', async () => {
    const lines = await cookiesAt(now(), A, { cookie: { name: 'sid' } })
    const { code, stdout } = await run(['inspect', '--name', 'sid', '--variable', 'KEYS'], {
      secrets: A,
      variable: 'KEYS',
      input: lines.join('\n'),
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^accepted +true\n/)
    expect(stdout).toMatch(new RegExp(`^secretId +${secretId(A)}$`, 'm'))
    expect(stdout).toContain('"user": "ada"')
  })

  test('counts a ticket and a logout stamp, and uses the time of the ticket', async () => {
    const sealedAt = now() - 2 * 3600
    const clock = { now: sealedAt }
    const sessions = createSessions({ secrets: A, clock: () => clock.now * 1000 })
    const session = await sessions.open('__Host-session.x=abcd')
    session.set('user', 'ada')
    const written = pairsOf(await sessions.setCookies(session))
    clock.now += 3600
    const used = await sessions.open(`${written}; __Host-session.x=abcd`)
    used.touch()
    const ticket = pairsOf(await sessions.setCookies(used))
    expect(ticket).toMatch(/^__Host-session\.t=/)
    const stamp = '__Host-session.x=abcd'
    expect(await json([written, ticket, stamp].join('; '), '--idle-timeout', '1d')).toMatchObject({
      code: 0,
      startedAt: dateOf(sealedAt),
      expiresAt: dateOf(sealedAt + 3600 + 86_400),
      cookies: 3,
      bytes: written.length + ticket.length + stamp.length,
    })
    expect(await json(`${ticket}; ${stamp}`)).toMatchObject({
      code: 1,
      reason: 'absent',
      cookies: 2,
    })
    expect(await json(`${written}; __Host-session.x=wxyz`)).toMatchObject({ reason: 'destroyed' })
  })

  test('[S11] escapes ESC, C1 and bidi characters of the data, in JSON and for a reader', async () => {
    const data = { [HOSTILE]: HOSTILE, inner: [{ [HOSTILE]: HOSTILE }] }
    const lines = await cookiesAt(now(), A, {}, data)
    for (const args of [['--json'], []]) {
      const { code, stdout } = await run(['inspect', ...args], {
        secrets: A,
        input: lines.join('\n'),
      })
      expect(code).toBe(0)
      expect(stdout).not.toMatch(UNPRINTABLE)
      expect(stdout).toContain('a\\u001b]0;b\\u0007\\u009b2J\\u007f\\r\\n\\u202e\\u2066')
    }
    expect((await json(lines.join('\n'))).data).toEqual(data)
  })

  test('[S11] escapes the output of an unknown serializer', async () => {
    const serializer = {
      stringify: (value: object) => HOSTILE + JSON.stringify(value),
      parse: (text: string): unknown => JSON.parse(text.slice(HOSTILE.length)),
    }
    const input = (await cookiesAt(now(), A, { serializer })).join('\n')
    const { code, stdout } = await run(['inspect'], { secrets: A, input })
    expect(code).toBe(0)
    expect(stdout).not.toMatch(UNPRINTABLE)
    expect(stdout).toMatch(/^data +a\\u001b.*\\u000a.*\{"user":"ada"\}$/m)
    expect((await json(input)).data).toBe(`${HOSTILE}{"user":"ada"}`)
  })

  test('shows the raw data of a session with an unknown serializer', async () => {
    const lines = await cookiesAt(now(), A, { serializer: devalue }, { tags: new Set(['new']) })
    expect((await json(lines.join('\n'))).data).toBe(devalue.stringify({ tags: new Set(['new']) }))
  })

  test.each([
    ['scopes', true, false],
    ['messages', false, true],
    ['scopes and messages', true, true],
  ])('accepts such a session with %s beside its data', async (_, hasScopes, hasMessages) => {
    const sessions = createSessions({ secrets: A, serializer: devalue })
    const session = await sessions.open(null)
    session.set('tags', new Set(['new']))
    if (hasScopes) session.scope('cart').set('at', new Date(0))
    if (hasMessages) session.flash('notice', 'saved')
    const { accepted, data } = await json((await sessions.setCookies(session)).join('\n'))
    expect([accepted, data]).toEqual([true, devalue.stringify({ tags: new Set(['new']) })])
  })

  test('says why a session is rejected, with exit code 1', async () => {
    const [line = ''] = await cookiesAt(now(), A)
    const [stale = ''] = await cookiesAt(now() - 2 * 86_400, A)
    const [old = ''] = await cookiesAt(now() - WEEK - 60, A, { idleTimeout: false, maxAge: WEEK })
    const [foreign = ''] = await cookiesAt(now(), C)
    const [other = ''] = await cookiesAt(now(), A, { cookie: { name: 'sid' } })
    const refused = async (input: string, ...args: string[]) => {
      const { code, accepted, reason } = await json(input, ...args)
      return [code, accepted, reason]
    }
    expect(await refused('theme=dark')).toEqual([1, false, 'absent'])
    expect(await refused(other, '--name', '__Host-session')).toEqual([1, false, 'absent'])
    expect(await refused(line.replace('.', '..'))).toEqual([1, false, 'malformed'])
    expect(await refused(other.replace('sid', '__Host-session'))).toEqual([
      1,
      false,
      'undecryptable',
    ])
    expect(await refused(foreign)).toEqual([1, false, 'unknown-key'])
    expect(await refused(line.replace('=', '=2.'))).toEqual([1, false, 'incomplete'])
    expect(await refused(stale, '--idle-timeout', '1d')).toEqual([1, false, 'idle'])
    expect(await refused(old)).toEqual([1, false, 'expired'])
    const { code, stdout } = await run(['inspect', '--idle-timeout', '1d'], {
      secrets: A,
      input: stale,
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^reason +idle$/m)
  })

  test('checks a session against the times of the arguments', async () => {
    const options = { idleTimeout: false, maxAge: 30 * 86_400 } as const
    const [line = ''] = await cookiesAt(now() - 2 * WEEK, A, options)
    const verdict = async (...args: string[]) => (await json(line, ...args)).reason
    expect(await verdict()).toBeUndefined()
    expect(await verdict('--max-age', '7d')).toBe('expired')
    expect(await verdict('--idle-timeout', '1d')).toBe('idle')
    expect(await verdict('--idle-timeout', '0', '--max-age', '30d')).toBeUndefined()
    expect((await json(line, '--idle-timeout', '1209000', '--max-age', '2592000')).reason).toBe(
      'idle',
    )
  })
})

describe('inspect of a session with a named lifetime', () => {
  const remembered = { maxAge: 30 * 86_400, idleTimeout: false } as const

  test('checks it against the times given for that name', async () => {
    const began = now() - 8 * 86_400
    const sessions = createSessions({
      secrets: A,
      lifetimes: { remembered },
      clock: () => began * 1000,
    })
    const session = await sessions.open(null)
    session.regenerate({ lifetime: 'remembered' })
    session.set('user', 'ada')
    const input = (await sessions.setCookies(session)).join('\n')
    const inspect = async (...args: string[]) => {
      const { stdout } = await run(['inspect', '--json', ...args], { secrets: A, input })
      return JSON.parse(stdout)
    }
    expect(await inspect('--lifetime', 'remembered=2592000,0')).toMatchObject({
      data: { user: 'ada' },
      expiresAt: dateOf(began + 30 * 86_400),
    })
    expect(
      await inspect('--lifetime', 'other=60,60', '--lifetime', 'remembered=2592000,0'),
    ).toMatchObject({
      accepted: true,
    })
    expect(await inspect('--lifetime', 'remembered=2592000,86400')).toMatchObject({
      reason: 'idle',
    })
    expect(await inspect('--lifetime', 'remembered=86400,0')).toMatchObject({ reason: 'expired' })
    // A lifetime without given times is not checked against those of others.
    expect(await inspect('--lifetime', 'other=60,0')).toMatchObject({ accepted: true })
    expect(await inspect('--max-age', '7d')).toMatchObject({ accepted: true })
  })
})

describe('measure', () => {
  test('prints the sizes that sessions.measure returns', async () => {
    const data = { user: 'ada', cart: ['tea', 'milk'] }
    const { code, stdout } = await run(['measure', '--json'], { input: JSON.stringify(data) })
    // Late in the day, because earlier seconds have fewer digits.
    const sessions = createSessions<typeof data>({ secrets: A, clock: () => START * 1000 })
    const session = await sessions.open(null)
    session.set('user', data.user)
    session.set('cart', data.cart)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(await sessions.measure(session))
  })

  test('prints the same in every second', async () => {
    const input = '{"user":"ada"}'
    const { stdout } = await run(['measure', '--json'], { input })
    // The first seconds of a day, and a clock that advances by 1 000 seconds at every call.
    const midnight = Date.UTC(2031, 1, 2)
    let hurried = midnight
    for (const clock of [() => midnight, () => (hurried += 1_000_000)]) {
      vi.spyOn(Date, 'now').mockImplementation(clock)
      expect((await run(['measure', '--json'], { input })).stdout).toBe(stdout)
    }
  })

  test('[S11] escapes ESC, C1 and bidi characters in the names of keys', async () => {
    const input = JSON.stringify({ [HOSTILE]: 'x'.repeat(5000) })
    for (const args of [['--json'], []]) {
      const { code, stdout } = await run(['measure', ...args], { input })
      expect(code).toBe(1)
      expect(stdout).not.toMatch(UNPRINTABLE)
      expect(stdout).toContain('a\\u001b]0;b')
    }
    expect(JSON.parse((await run(['measure', '--json'], { input })).stdout).move).toEqual([HOSTILE])
  })

  test('exits with 1 if a session does not fit, and names the keys that must move', async () => {
    const input = JSON.stringify({ user: 'ada', cart: 'x'.repeat(5000) })
    const { code, stdout } = await run(['measure'], { input })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^over: \d+ % of responseHeader, by portable\n/)
    expect(stdout).toContain('move to a server: "cart"\n')
    expect((await run(['measure', '--limits', 'node'], { input })).code).toBe(0)
    expect((await run(['measure', '--limits', 'node', '--limits', 'nginx'], { input })).code).toBe(
      1,
    )
  })

  test('counts the name of the cookie', async () => {
    const bytes = async (...args: string[]) =>
      JSON.parse((await run(['measure', '--json', ...args], { input: '{"user":"ada"}' })).stdout)
        .bytes
    const [usual, short] = [await bytes(), await bytes('--name', 'sid')]
    const longer = '__Host-session'.length - 'sid'.length
    expect(usual.responseHeader - short.responseHeader).toBe(longer)
    // The names of the token, the ticket and the stamp.
    expect(usual.requestHeader - short.requestHeader).toBe(3 * longer)
  })

  test('exits with 0 for a session that just fits', async () => {
    const { code, stdout } = await run(['measure'], {
      input: JSON.stringify({ text: 'x'.repeat(1700) }),
    })
    expect([code, stdout.split(':', 1)]).toEqual([0, ['warn']])
  })
})
