// Prints v1.json. Written from docs/format.md with `node:crypto` alone; nothing here is shared with the
// library or with the other tests. Each IV is derived from the title of its vector, so that the output is
// the same each time. Vectors are only added, at the end of their list.

import { createCipheriv, createHash, hkdfSync } from 'node:crypto'

const NAME = '__Host-session'
const DAY = 86_400
const WEEK = 7 * DAY
/** 2026-01-15 12:00 UTC. */
const NOW = 1_768_478_400
const TODAY = Math.floor(NOW / DAY)
const NOON = NOW % DAY
const ID = 'AAECAwQFBgcICQoLDA0ODw'
const OTHER_ID = 'EBESExQVFhcYGRobHB0eHw'

const NEWEST = 'LI2AKRU3MXxKUJPHL8OGRo9_mZjgpXjJYa0c9iWsTY8'
const OLDER = '6ihpjzkcL9evMVM-e8hJpUF4tyWMPvvHVJrDP9ggIdY'
const UNKNOWN = '4j3xnhyMAkerCvpixQPLWuorpKn4_XIFe9nTfTngsgs'
const DIGIT = { secret: 'Yk3mZx0rC1bTqVw8uHsJdE5nLgPaF7oI2iKzM4vBxQw', id: '2' }
const DIGITS = { secret: 'pR7sVn2XcQ0kJmWz5tYbH9dLgEaU3fOiC8vKx1ZrTqM', id: '20468' }
const NAMED = {
  secret: 'wZ1qLk8NfVb3xTcRm6GyJpH0sDaE9uKoI4tXvC7nBhU',
  id: 'the_longest-id_of_32_characters.'.replace('.', '_'),
}

const config = {
  format: 'sealed-session/1',
  name: NAME,
  secrets: [NEWEST, OLDER, DIGIT, DIGITS, NAMED],
  now: NOW,
  clockTolerance: 5,
  validAfter: NOW - 20 * DAY,
  lifetimes: {
    default: { maxAge: WEEK, idleTimeout: DAY },
    named: {
      remembered: { maxAge: 30 * DAY, idleTimeout: 14 * DAY },
      bank: { maxAge: 3600, idleTimeout: 600 },
    },
  },
}

// Sealing.

let title = ''
let seals = 0

function ivFor(purpose) {
  seals++
  return createHash('sha256').update(`${title}\n${seals}\n${purpose}`).digest().subarray(0, 12)
}

function derive(secret, context, length) {
  return Buffer.from(hkdfSync('sha256', secret, '', `sealed-session/1 ${context}`, length))
}

function base64url(bytes) {
  return Buffer.from(bytes).toString('base64url')
}

function kidOf({ secret = NEWEST, id, day = TODAY, kid }) {
  return kid ?? `${id ?? base64url(derive(secret, 'id', 3))}.${day}`
}

/** The JWE of a plaintext. `header` is authenticated unchanged. */
function jwe(plaintext, binding = {}) {
  const { secret = NEWEST, purpose = 'cookie', day = TODAY, name = NAME } = binding
  const header = binding.header ?? `{"alg":"dir","enc":"A256GCM","kid":"${kidOf(binding)}"}`
  const [kind, ...text] = purpose.split(' ')
  const key = derive(secret, [kind, day, name, ...text].join(' '), 32)
  const iv = (binding.iv ?? ivFor)(purpose)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const aad = base64url(header)
  cipher.setAAD(Buffer.from(aad))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return [aad, '', base64url(iv), base64url(ciphertext), base64url(cipher.getAuthTag())].join('.')
}

/** The value of a cookie. */
function value(plaintext = payload(), binding = {}) {
  const [, , ...sealed] = jwe(plaintext, binding).split('.')
  return [kidOf(binding), ...sealed].join('.')
}

function token(plaintext = payload(), binding = {}) {
  return jwe(plaintext, { purpose: 'token', ...binding })
}

function payload(changes = {}) {
  const { id, sealed, life, age, data, more } = {
    id: ID,
    sealed: NOON,
    life: WEEK,
    age: 0,
    data: { user: 'ada' },
    ...changes,
  }
  return JSON.stringify([id, sealed, life, age, data, ...(more === undefined ? [] : [more])])
}

/** A payload of which one element is given as JSON. */
function raw(element, text) {
  const all = { id: `"${ID}"`, sealed: NOON, life: WEEK, age: 0, data: '{"user":"ada"}', more: '' }
  const { more, ...others } = { ...all, [element]: text }
  return `[${[...Object.values(others), ...(more === '' ? [] : [more])].join(',')}]`
}

/** The value of a session that began and was sealed these seconds ago. */
function aged(started, sealed, changes = {}, binding = {}) {
  const at = NOW - sealed
  const times = { sealed: at % DAY, age: started - sealed, ...changes }
  return value(payload(times), { day: Math.floor(at / DAY), ...binding })
}

/** The value of a ticket that was sealed `ago` seconds before now. */
function ticket(ago, { session = ID, ...binding } = {}) {
  const at = NOW - ago
  const text = binding.text ?? JSON.stringify([session.slice(0, 8), at % DAY])
  return value(text, { purpose: 'ticket', day: Math.floor(at / DAY), ...binding })
}

// Cookies.

function cut(whole, count) {
  const size = Math.ceil(whole.length / count)
  const parts = Array.from({ length: count }, (_, at) => whole.slice(at * size, (at + 1) * size))
  return parts.with(0, `${count}.${parts[0]}`)
}

function pairs(parts) {
  return parts.map((part, at) => `${NAME}${at === 0 ? '' : `.${at}`}=${part}`)
}

function cookies(...parts) {
  return pairs(parts).join('; ')
}

function withTicket(session, ...tickets) {
  return [cookies(session), ...tickets.map((each) => `${NAME}.t=${each}`)].join('; ')
}

function withStamp(session, ...stamps) {
  return [cookies(session), ...stamps.map((each) => `${NAME}.x=${each}`)].join('; ')
}

function nested(levels) {
  return `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
}

function scopes(levels) {
  return levels === 0 ? {} : { inner: [{ a: 1 }, scopes(levels - 1)] }
}

function filler(characters) {
  let text = ''
  for (let number = 1; text.length < characters; number++) text += `${(number * 7919) % 100_003} `
  return text.slice(0, characters)
}

const LONG = { text: filler(2000) }
const SECRET_OF_CSRF = base64url(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'))
const MASK = Buffer.from('f0e0d0c0b0a090807060504030201000', 'hex')
const CSRF_TOKEN = base64url(Buffer.concat([MASK, MASK.map((byte, at) => byte ^ at)]))

// The vectors.

const valid = []
const invalid = []

function opens(name, make, expected = {}) {
  title = name
  seals = 0
  const usual = { id: ID, startedAt: NOW, expiresAt: NOW + DAY, data: { user: 'ada' } }
  valid.push({ title: name, ...make(), ...usual, ...expected })
}

function refused(about, reason, name, make) {
  title = name
  seals = 0
  invalid.push({ title: name, about, reason, ...make() })
}

const inCookie = (make) => () => ({ cookie: make() })
const bare =
  (make, more = {}) =>
  () => ({ token: make(), ...more })

// Cookies that open.

opens(
  'one cookie',
  inCookie(() => cookies(value())),
)
opens(
  'one cookie among others',
  inCookie(() => `theme=dark; ${cookies(value())}; lang=en`),
)
opens(
  'two cookies',
  inCookie(() => cookies(...cut(value(payload({ data: LONG })), 2))),
  { data: LONG },
)
opens(
  'ten cookies in another order, among others',
  inCookie(() => {
    const all = pairs(cut(value(payload({ data: LONG })), 10))
    return ['a=1', ...all.slice(3), 'b=2', ...all.slice(0, 3).toReversed()].join('; ')
  }),
  { data: LONG },
)
opens(
  'sixteen cookies',
  inCookie(() => cookies(...cut(value(payload({ data: LONG })), 16))),
  {
    data: LONG,
  },
)
opens(
  'a part that is left over from a longer session',
  inCookie(() => cookies(value(), 'x', 'y')),
)
opens(
  'under the older secret',
  inCookie(() => cookies(value(payload(), { secret: OLDER }))),
)
opens(
  'under a secret whose id is a digit',
  inCookie(() => cookies(value(payload(), DIGIT))),
)
opens(
  'under a secret whose id is digits',
  inCookie(() => cookies(value(payload(), DIGITS))),
)
opens(
  'under a secret whose id is a digit, in two cookies',
  inCookie(() => cookies(...cut(value(payload(), DIGIT), 2))),
)
opens(
  'under a secret whose id is digits, in three cookies',
  inCookie(() => cookies(...cut(value(payload({ data: LONG }), DIGITS), 3))),
  { data: LONG },
)
opens(
  'under a secret whose id has 32 characters',
  inCookie(() => cookies(value(payload(), NAMED))),
)
opens(
  'no data',
  inCookie(() => cookies(value(payload({ data: {} })))),
  { data: {} },
)
opens(
  'strings beyond ASCII, and every kind of value',
  inCookie(() => {
    const data = { grüße: '日本語 🍪', all: [0, -1.5, 1e21, true, false, null, '', [], {}] }
    return cookies(value(payload({ data })))
  }),
  { data: { grüße: '日本語 🍪', all: [0, -1.5, 1e21, true, false, null, '', [], {}] } },
)
opens(
  'names like those of a prototype',
  inCookie(() => cookies(value(raw('data', '{"__proto__":{"admin":true},"constructor":1}')))),
  { data: JSON.parse('{"__proto__":{"admin":true},"constructor":1}') },
)
opens(
  'data that nests 100 levels',
  inCookie(() => cookies(value(raw('data', nested(100))))),
  {
    data: JSON.parse(nested(100)),
  },
)
opens(
  'sealed again two hours after the start',
  inCookie(() => cookies(aged(7200, 0))),
  { startedAt: NOW - 7200 },
)
opens(
  'sealed the day before',
  inCookie(() => cookies(aged(86_000, 80_000))),
  { startedAt: NOW - 86_000, expiresAt: NOW - 80_000 + DAY },
)
opens(
  'in the last second of the tolerance after its idle timeout',
  inCookie(() => cookies(aged(DAY + 4, DAY + 4))),
  { startedAt: NOW - DAY - 4, expiresAt: NOW - 4 },
)
opens(
  'in the last second of the tolerance after its absolute end',
  inCookie(() => cookies(aged(WEEK + 4, 60))),
  { startedAt: NOW - WEEK - 4, expiresAt: NOW - 4 },
)
opens(
  'sealed in the future, within the tolerance',
  inCookie(() => cookies(aged(-5, -5))),
  { startedAt: NOW + 5, expiresAt: NOW + 5 + DAY },
)
opens(
  'sealed at its very end',
  inCookie(() => cookies(aged(1000, 0, { life: 1000 }))),
  { startedAt: NOW - 1000, expiresAt: NOW },
)
opens(
  'with a shorter life of its own',
  inCookie(() => cookies(value(payload({ life: 300 })))),
  { expiresAt: NOW + 300 },
)
opens(
  'with a longer life than is configured now',
  inCookie(() => cookies(aged(6.5 * DAY, 0, { life: 400 * DAY }))),
  { startedAt: NOW - 6.5 * DAY, expiresAt: NOW + DAY / 2 },
)
opens(
  'of a named lifetime, idle for days',
  inCookie(() => cookies(aged(12 * DAY, 10 * DAY, { life: 30 * DAY, more: { l: 'remembered' } }))),
  { startedAt: NOW - 12 * DAY, expiresAt: NOW + 4 * DAY },
)
opens(
  'of a named lifetime that is shorter than the default one',
  inCookie(() => cookies(value(payload({ life: 3600, more: { l: 'bank' } })))),
  { expiresAt: NOW + 600 },
)
opens(
  'of a named lifetime that is not configured any more',
  inCookie(() => cookies(value(payload({ life: 30 * DAY, more: { l: 'gone' } })))),
)
opens(
  'scopes, one in another',
  inCookie(() => {
    const s = { shop: [{ coupon: 'TEA' }, { checkout: [{ step: 2 }, {}] }], empty: [{}, {}] }
    return cookies(value(payload({ more: { s } })))
  }),
  { scopes: { shop: [{ coupon: 'TEA' }, { checkout: [{ step: 2 }, {}] }], empty: [{}, {}] } },
)
opens(
  'sixteen scopes in one another',
  inCookie(() => cookies(value(payload({ more: { s: scopes(16) } })))),
  {
    scopes: scopes(16),
  },
)
opens(
  'messages in the order in which they were left',
  inCookie(() => {
    const f = [
      ['notice', 'Saved.'],
      ['error', { code: 7 }],
      ['notice', 'Sent.'],
    ]
    return cookies(value(payload({ data: {}, more: { f } })))
  }),
  {
    data: {},
    messages: [
      ['notice', 'Saved.'],
      ['error', { code: 7 }],
      ['notice', 'Sent.'],
    ],
  },
)
opens(
  'a CSRF secret',
  inCookie(() => cookies(value(payload({ more: { c: SECRET_OF_CSRF } })))),
  { csrf: SECRET_OF_CSRF, csrfToken: CSRF_TOKEN },
)
opens(
  'the test cookie',
  inCookie(() => cookies(value(payload({ data: {}, more: { t: 1 } })))),
  { data: {}, test: true },
)
opens(
  'every member of the sixth element',
  inCookie(() => {
    const more = {
      s: { a: [{ b: 1 }, {}] },
      f: [['k', 1]],
      c: SECRET_OF_CSRF,
      t: 1,
      o: 'aB-_',
      l: 'bank',
    }
    return withStamp(value(payload({ life: 3600, more })), 'aB-_')
  }),
  {
    expiresAt: NOW + 600,
    scopes: { a: [{ b: 1 }, {}] },
    messages: [['k', 1]],
    csrf: SECRET_OF_CSRF,
    test: true,
  },
)
opens(
  'another spelling of the same JSON: whitespace, escapes, other numbers, a member twice',
  inCookie(() =>
    cookies(
      value(
        ` [ "\\u0041AECAwQFBgcICQoLDA0ODw" ,\n 4.32e4, 604800.0,\t0, {"user":"eve","user":"ad\\u0061"}, {"t":1 , "l":"x","l":"bank"} ] `,
      ),
    ),
  ),
  { expiresAt: NOW + 600, test: true },
)
opens(
  'a stamp that the session knows',
  inCookie(() => withStamp(value(payload({ more: { o: 'aaaa' } })), 'aaaa')),
)
opens(
  'the last of five stamps that the session knows',
  inCookie(() =>
    withStamp(value(payload({ more: { o: 'aaaabbbbccccddddeeee' } })), 'eeee', 'bbbb'),
  ),
)
opens(
  'stamps of another form',
  inCookie(() => withStamp(value(), '', 'abc', 'abcde', 'ab.c', 'abc=')),
)
opens(
  'a fifth stamp, which is not looked at',
  inCookie(() =>
    withStamp(
      value(payload({ more: { o: 'aaaabbbbccccdddd' } })),
      'aaaa',
      'aaaa',
      'bbbb',
      'cccc',
      'dddd',
      'eeee',
    ),
  ),
)
opens(
  'known stamps that the browser has lost',
  inCookie(() => cookies(value(payload({ more: { o: 'aaaabbbb' } })))),
)
opens(
  'text of a serializer',
  () => ({
    cookie: cookies(
      value(
        payload({
          data: '{"user":"ada"}',
          more: { s: '{"a":[{"b":1},{}]}', f: '[["notice","Saved."]]' },
        }),
      ),
    ),
    serializer: 'JSON',
  }),
  { scopes: { a: [{ b: 1 }, {}] }, messages: [['notice', 'Saved.']] },
)
opens('an object from before there was a serializer', () => ({
  cookie: cookies(value()),
  serializer: 'JSON',
}))

// Tickets.

opens(
  'a ticket of the last use',
  inCookie(() => withTicket(aged(50_000, 50_000), ticket(600))),
  { startedAt: NOW - 50_000, expiresAt: NOW - 600 + DAY },
)
opens(
  'a ticket of a session that would be idle without it',
  inCookie(() => withTicket(aged(3 * DAY, 3 * DAY), ticket(DAY + 4))),
  { startedAt: NOW - 3 * DAY, expiresAt: NOW - 4 },
)
opens(
  'a ticket does not move the absolute end',
  inCookie(() => withTicket(aged(6.5 * DAY, 5 * DAY), ticket(60))),
  { startedAt: NOW - 6.5 * DAY, expiresAt: NOW + DAY / 2 },
)
opens(
  'a ticket under another secret than the session',
  inCookie(() => withTicket(aged(50_000, 50_000, {}, { secret: OLDER }), ticket(600, DIGITS))),
  { startedAt: NOW - 50_000, expiresAt: NOW - 600 + DAY },
)
opens(
  'a ticket within the tolerance in the future',
  inCookie(() => withTicket(value(), ticket(-5))),
  { expiresAt: NOW + 5 + DAY },
)
opens(
  'the latest of four tickets',
  inCookie(() => withTicket(aged(50_000, 50_000), ticket(900), ticket(600), 'x', ticket(700))),
  { startedAt: NOW - 50_000, expiresAt: NOW - 600 + DAY },
)
opens(
  'a fifth ticket, which is not looked at',
  inCookie(() => withTicket(aged(50_000, 50_000), 'a', 'b', 'c', 'd', ticket(600))),
  { startedAt: NOW - 50_000, expiresAt: NOW - 50_000 + DAY },
)
opens(
  'a ticket in another spelling of JSON',
  inCookie(() => withTicket(value(), ticket(-3, { text: ' [ "\\u0041AECAwQF", 43203.0 ] ' }))),
  { expiresAt: NOW + 3 + DAY },
)
const ignored = {
  'a ticket from before the seal': () => ticket(60),
  'a ticket of another session': () => ticket(-3, { session: OTHER_ID }),
  'a ticket beyond the tolerance in the future': () => ticket(-6),
  'a ticket with one bit of its tag flipped': () => flipped(ticket(-3), 4, 0),
  'a ticket whose tag is cut to 4 bytes': () => shortened(ticket(-3), 4, 4),
  'a ticket whose tag is cut to 15 bytes': () => shortened(ticket(-3), 4, 15),
  'a session in the place of a ticket': () => value(payload({ sealed: NOON + 3 })),
  'a ticket under the key of a cookie': () => ticket(-3, { purpose: 'cookie' }),
  'a ticket under the key of a bare token': () => ticket(-3, { purpose: 'token' }),
  'a ticket for another cookie': () => ticket(-3, { name: 'session' }),
  'a ticket under an unknown secret': () => ticket(-3, { secret: UNKNOWN }),
  'a ticket that names another day than its key': () => {
    const [id, , ...sealed] = ticket(-3).split('.')
    return [id, TODAY - 1, ...sealed].join('.')
  },
  'a ticket as a full JWE': () => jwe(`["AAECAwQF",${NOON + 3}]`, { purpose: 'ticket' }),
  'a ticket that is not JSON': () => ticket(-3, { text: '["AAECAwQF",' }),
  'a ticket that is not an array': () => ticket(-3, { text: `{"0":"AAECAwQF","1":${NOON + 3}}` }),
  'a ticket of one element': () => ticket(-3, { text: '["AAECAwQF"]' }),
  'a ticket of three elements': () => ticket(-3, { text: `["AAECAwQF",${NOON + 3},0]` }),
  'a ticket with seven characters of the id': () => ticket(-3, { text: `["AAECAwQ",${NOON + 3}]` }),
  'a ticket with the whole id': () => ticket(-3, { text: `["${ID}",${NOON + 3}]` }),
  'a ticket with a moment that is a string': () =>
    ticket(-3, { text: `["AAECAwQF","${NOON + 3}"]` }),
  'a ticket with a moment of half seconds': () =>
    ticket(-3, { text: `["AAECAwQF",${NOON + 2.5}]` }),
  'a ticket with a moment beyond its day': () =>
    ticket(DAY, { text: `["AAECAwQF",${DAY + NOON + 3}]` }),
  'a ticket with a moment before its day': () => ticket(-3, { text: '["AAECAwQF",-1]' }),
  'an empty ticket': () => '',
}
for (const [name, make] of Object.entries(ignored)) {
  opens(
    `ignored: ${name}`,
    inCookie(() => withTicket(value(), make())),
  )
}

// The same name from several scopes.

opens(
  'junk before a valid session',
  inCookie(() => `${cookies('junk')}; ${cookies(value())}`),
)
opens(
  'of two sessions the one that was sealed last',
  inCookie(() => {
    const [older, newer] = [aged(60, 60, { id: OTHER_ID }), aged(30, 30)]
    return `${cookies(older)}; ${cookies(newer)}; ${cookies(older)}`
  }),
  { startedAt: NOW - 30, expiresAt: NOW - 30 + DAY },
)
opens(
  'of two sessions in parts the one that was sealed last',
  inCookie(() => {
    const older = cut(aged(60, 60, { id: OTHER_ID, data: LONG }), 2)
    const newer = cut(aged(30, 30, { data: LONG }), 3)
    return `${cookies(...older)}; ${cookies(...newer)}`
  }),
  { startedAt: NOW - 30, expiresAt: NOW - 30 + DAY, data: LONG },
)
opens(
  'several lines, joined with a comma',
  inCookie(() => `${NAME}.x=0,${pairs(cut(value(), 2)).join(', ')},theme=dark; a=1`),
)
opens(
  'spaces and tabs around the pairs',
  inCookie(() =>
    pairs(cut(value(), 2))
      .map((pair) => `\t ${pair} \t`)
      .join(';'),
  ),
)

// Bare tokens.

opens(
  'a bare token',
  bare(() => token()),
)
opens(
  'a bare token under the older secret',
  bare(() => token(payload(), { secret: OLDER })),
)
opens(
  'a bare token under a secret whose id is a digit',
  bare(() => token(payload(), DIGIT)),
)
opens(
  'a bare token with a purpose text',
  bare(() => token(payload(), { purpose: 'token password reset' }), { purpose: 'password reset' }),
)
opens(
  'a bare token with a purpose text beyond ASCII',
  bare(() => token(payload(), { purpose: 'token Einladung für Zoë' }), {
    purpose: 'Einladung für Zoë',
  }),
)
opens(
  'a bare token of a session that carries everything',
  bare(() => {
    const more = {
      s: { a: [{ b: 1 }, {}] },
      f: [['k', 1]],
      c: SECRET_OF_CSRF,
      t: 1,
      o: 'aB-_',
      l: 'bank',
    }
    return token(payload({ life: 3600, more }))
  }),
  {
    expiresAt: NOW + 600,
    scopes: { a: [{ b: 1 }, {}] },
    messages: [['k', 1]],
    csrf: SECRET_OF_CSRF,
    test: true,
  },
)

// Counts and parts.

const twoParts = () => cut(value(payload({ data: LONG })), 2)

for (const [count, reason] of Object.entries({
  0: 'malformed',
  1: 'malformed',
  '02': 'malformed',
  '0000000000000002': 'malformed',
  17: 'too-large',
  999999: 'too-large',
  999999999999999: 'too-large',
  '99999999999999999': 'malformed',
})) {
  refused(
    'count',
    reason,
    `a count of ${count}`,
    inCookie(() => cookies(`${count}.${value()}`, 'x')),
  )
}
refused(
  'count',
  'malformed',
  'a count with nothing behind it',
  inCookie(() => cookies('2.', value())),
)
refused(
  'count',
  'malformed',
  'a count before a full JWE',
  inCookie(() => cookies(...cut(jwe(payload()), 2))),
)
refused(
  'count',
  'malformed',
  'a first part that ends within the IV',
  inCookie(() => {
    const whole = value()
    return cookies(`2.${whole.slice(0, 20)}`, whole.slice(20))
  }),
)
refused(
  'count',
  'incomplete',
  'the second of two parts is missing',
  inCookie(() => cookies(twoParts()[0])),
)
refused(
  'count',
  'incomplete',
  'a part in the middle is missing',
  inCookie(() =>
    pairs(cut(value(payload({ data: LONG })), 4))
      .toSpliced(2, 1)
      .join('; '),
  ),
)
refused(
  'count',
  'incomplete',
  'the first part is missing',
  inCookie(() => pairs(twoParts()).slice(1).join('; ')),
)
refused(
  'count',
  'incomplete',
  'a count that is higher than there are parts',
  inCookie(() => cookies(...twoParts()).replace('=2.', '=3.')),
)
refused(
  'count',
  'malformed',
  'a count that is lower than there are parts',
  inCookie(() => cookies(...cut(value(payload({ data: LONG })), 3)).replace('=3.', '=2.')),
)
refused(
  'count',
  'malformed',
  'the last part is empty',
  inCookie(() => cookies(twoParts()[0], '')),
)
refused(
  'count',
  'undecryptable',
  'a part of another session',
  inCookie(() => {
    const [first] = twoParts()
    return cookies(first, twoParts()[1])
  }),
)
refused(
  'count',
  'undecryptable',
  'parts in each other’s places',
  inCookie(() => {
    const [first, second, third, fourth] = cut(value(payload({ data: LONG })), 4)
    return cookies(first, third, second, fourth)
  }),
)
refused(
  'count',
  'too-large',
  'a value of 4 097 characters',
  inCookie(() => cookies('A'.repeat(4097))),
)
refused(
  'count',
  'malformed',
  'a value of 4 096 characters',
  inCookie(() => cookies('A'.repeat(4096))),
)
refused(
  'count',
  'too-large',
  'a second part of 4 097 characters',
  inCookie(() => cookies(twoParts()[0], 'A'.repeat(4097))),
)
refused(
  'count',
  'too-large',
  'a bare token of 65 537 characters',
  bare(() => 'A'.repeat(65_537)),
)

// The form of a value.

const altered = (make) => inCookie(() => cookies(make(value().split('.'))))

refused(
  'form',
  'malformed',
  'an empty value',
  inCookie(() => cookies('')),
)
refused(
  'form',
  'malformed',
  'the full JWE as a cookie',
  inCookie(() => cookies(jwe(payload()))),
)
refused(
  'form',
  'malformed',
  'the header in the place of the id and the day',
  altered(([, , ...sealed]) =>
    [base64url(`{"alg":"dir","enc":"A256GCM","kid":"${kidOf({})}"}`), ...sealed].join('.'),
  ),
)
refused(
  'form',
  'malformed',
  'the value of a cookie as a bare token',
  bare(() => value(payload(), { purpose: 'token' })),
)
refused(
  'form',
  'malformed',
  'the first three parts',
  altered((parts) => parts.slice(0, 3).join('.')),
)
refused(
  'form',
  'malformed',
  'the first four parts',
  altered((parts) => parts.slice(0, 4).join('.')),
)
refused(
  'form',
  'malformed',
  'a sixth part',
  altered((parts) => [...parts, 'AA'].join('.')),
)
refused(
  'form',
  'malformed',
  'a dot at the end',
  altered((parts) => [...parts, ''].join('.')),
)
refused(
  'form',
  'malformed',
  'a dot at the beginning',
  altered((parts) => ['', ...parts].join('.')),
)
refused(
  'form',
  'malformed',
  'an empty encrypted key, as in a JWE',
  altered((parts) => parts.toSpliced(2, 0, '').join('.')),
)
refused(
  'form',
  'malformed',
  'an empty ciphertext',
  inCookie(() => cookies(value(''))),
)
refused(
  'form',
  'malformed',
  'padding behind the tag',
  altered((parts) => `${parts.join('.')}==`),
)
refused(
  'form',
  'malformed',
  'padding behind the IV',
  altered((parts) => parts.with(2, `${parts[2]}=`).join('.')),
)
refused(
  'form',
  'malformed',
  'a space in the ciphertext',
  altered((parts) => parts.with(3, `${parts[3].slice(0, 8)} ${parts[3].slice(8)}`).join('.')),
)
refused(
  'form',
  'malformed',
  'a no-break space at the end',
  altered((parts) => `${parts.join('.')}\u00a0`),
)
refused(
  'form',
  'malformed',
  'quotes around the value',
  altered((parts) => `"${parts.join('.')}"`),
)
refused(
  'form',
  'malformed',
  'percent-encoding',
  altered((parts) => parts.join('%2E')),
)
refused(
  'form',
  'malformed',
  'the alphabet of base64',
  inCookie(() => {
    let found = ''
    while (!/[-_][^.]*$/.test(found)) found = value()
    const parts = found.split('.')
    return cookies(parts.with(4, parts[4].replaceAll('-', '+').replaceAll('_', '/')).join('.'))
  }),
)
refused(
  'form',
  'malformed',
  'a letter beyond ASCII',
  altered((parts) => parts.with(2, `\u00e4${parts[2].slice(1)}`).join('.')),
)
for (const [index, part] of [
  [3, 'ciphertext'],
  [4, 'tag'],
]) {
  refused(
    'form',
    'malformed',
    `other trailing bits of the ${part}`,
    altered((parts) => parts.with(index, otherBits(parts[index])).join('.')),
  )
}
refused(
  'form',
  'malformed',
  'a ciphertext whose last character is no byte',
  altered((parts) => {
    const text = parts[3].slice(0, parts[3].length - (parts[3].length % 4))
    return parts.with(3, `${text}A`).join('.')
  }),
)
for (const bytes of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 32]) {
  refused(
    'form',
    'malformed',
    `a tag of ${bytes} bytes`,
    inCookie(() => cookies(shortened(value(), 4, bytes))),
  )
}
for (const bytes of [0, 1, 8, 11, 13, 16]) {
  refused(
    'form',
    'malformed',
    `an IV of ${bytes} bytes, authentic`,
    inCookie(() =>
      bytes === 0
        ? cookies(shortened(value(), 2, 0))
        : cookies(
            value(payload(), {
              iv: () => createHash('sha256').update(title).digest().subarray(0, bytes),
            }),
          ),
    ),
  )
}

// The header of a bare token.

const headed = (header, plaintext) => bare(() => token(plaintext, { header }))
const KID = `"kid":"${kidOf({})}"`

refused(
  'header',
  'malformed',
  'alg none, authentic',
  headed(`{"alg":"none","enc":"A256GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'alg A256KW, authentic',
  headed(`{"alg":"A256KW","enc":"A256GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'alg in upper case, authentic',
  headed(`{"alg":"DIR","enc":"A256GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'enc A128GCM, authentic',
  headed(`{"alg":"dir","enc":"A128GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'another order, authentic',
  headed(`{"enc":"A256GCM","alg":"dir",${KID}}`),
)
refused(
  'header',
  'malformed',
  'a space, authentic',
  headed(`{"alg":"dir", "enc":"A256GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'a line break at its end, authentic',
  headed(`{"alg":"dir","enc":"A256GCM",${KID}}\n`),
)
refused(
  'header',
  'malformed',
  'an escape, authentic',
  headed(`{"alg":"\\u0064ir","enc":"A256GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'a member twice, authentic',
  headed(`{"alg":"dir","enc":"A256GCM",${KID},${KID}}`),
)
refused(
  'header',
  'malformed',
  'typ, authentic',
  headed(`{"alg":"dir","enc":"A256GCM",${KID},"typ":"JWT"}`),
)
refused(
  'header',
  'malformed',
  'crit, authentic',
  headed(`{"alg":"dir","enc":"A256GCM",${KID},"crit":["x"],"x":1}`),
)
refused('header', 'malformed', 'no kid, authentic', headed('{"alg":"dir","enc":"A256GCM"}'))
refused('header', 'malformed', 'not JSON, authentic', headed('dir'))
refused(
  'header',
  'malformed',
  'a byte order mark, authentic',
  headed(`\ufeff{"alg":"dir","enc":"A256GCM",${KID}}`),
)
refused(
  'header',
  'malformed',
  'compressed, authentic',
  headed(`{"alg":"dir","enc":"A256GCM",${KID},"zip":"DEF"}`, stored(payload())),
)
refused(
  'header',
  'malformed',
  'a header with padding',
  bare(() => token().replace('..', '=..')),
)
refused(
  'header',
  'malformed',
  'an encrypted key',
  bare(() => token().replace('..', '.AAAA.')),
)
refused(
  'header',
  'malformed',
  'a signed token',
  bare(() => `${base64url('{"alg":"HS256"}')}.e30.${base64url(Buffer.alloc(32))}`),
)
refused(
  'header',
  'malformed',
  'an unsecured token',
  bare(() => `${base64url('{"alg":"none"}')}.e30.`),
)
refused(
  'header',
  'malformed',
  'the flattened JSON serialisation',
  bare(() => {
    const [head, , iv, ciphertext, tag] = token().split('.')
    return JSON.stringify({ protected: head, iv, ciphertext, tag })
  }),
)
refused(
  'header',
  'malformed',
  'no text at all',
  bare(() => 'x'),
)

// The secret and the day.

refused(
  'kid',
  'unknown-key',
  'an unknown secret',
  inCookie(() => cookies(value(payload(), { secret: UNKNOWN }))),
)
refused(
  'kid',
  'unknown-key',
  'the derived id of a secret that has an id of its own',
  inCookie(() => cookies(value(payload(), { secret: DIGIT.secret }))),
)
refused(
  'kid',
  'unknown-key',
  'an id in another case',
  altered((parts) => parts.with(0, parts[0].toUpperCase()).join('.')),
)
refused(
  'kid',
  'unknown-key',
  'a name of a prototype',
  altered((parts) => parts.with(0, '__proto__').join('.')),
)
refused(
  'kid',
  'undecryptable',
  'the id of another secret',
  altered((parts) => parts.with(0, kidOf({ secret: OLDER }).split('.')[0]).join('.')),
)
refused(
  'kid',
  'malformed',
  'an id of 33 characters, authentic',
  inCookie(() => cookies(value(payload(), { kid: `${'i'.repeat(33)}.${TODAY}` }))),
)
refused(
  'kid',
  'malformed',
  'no id, authentic',
  inCookie(() => cookies(value(payload(), { kid: `.${TODAY}` }))),
)
refused(
  'kid',
  'malformed',
  'an id with a plus, authentic',
  inCookie(() => cookies(value(payload(), { kid: `a+b.${TODAY}` }))),
)
for (const day of [`0${TODAY}`, '1000000', '-1', '', `${TODAY}.0`, '2e4']) {
  refused(
    'day',
    'malformed',
    `a day written as "${day}", authentic`,
    inCookie(() => cookies(value(payload(), { kid: kidOf({ day }) }))),
  )
}
refused(
  'day',
  'undecryptable',
  'the day before the day of its key',
  altered((parts) => parts.with(1, TODAY - 1).join('.')),
)
refused(
  'day',
  'expired',
  'a day before the longest lifetime, authentic',
  inCookie(() => cookies(aged(31 * DAY, 31 * DAY))),
)
refused(
  'day',
  'expired',
  'the first day of all, authentic',
  inCookie(() => cookies(value(payload(), { day: 0 }))),
)
refused(
  'day',
  'not-yet-valid',
  'tomorrow, authentic',
  inCookie(() => cookies(value(payload(), { day: TODAY + 1 }))),
)
refused(
  'day',
  'not-yet-valid',
  'the last day of all, authentic',
  inCookie(() => cookies(value(payload(), { day: 999_999 }))),
)
refused(
  'day',
  'not-yet-valid',
  'a bare token of tomorrow, authentic',
  bare(() => token(payload(), { day: TODAY + 1 })),
)

// Authentication.

for (const [index, part] of [
  [2, 'IV'],
  [3, 'ciphertext'],
  [4, 'tag'],
]) {
  refused(
    'AEAD',
    'undecryptable',
    `the first bit of the ${part} flipped`,
    inCookie(() => cookies(flipped(value(), index, 0))),
  )
}
refused(
  'AEAD',
  'undecryptable',
  'the last bit of the tag flipped',
  inCookie(() => cookies(flipped(value(), 4, 127))),
)
refused(
  'AEAD',
  'undecryptable',
  'the last byte of the ciphertext left out',
  inCookie(() => {
    const parts = value().split('.')
    const bytes = Buffer.from(parts[3], 'base64url')
    return cookies(parts.with(3, base64url(bytes.subarray(0, -1))).join('.'))
  }),
)
refused(
  'AEAD',
  'undecryptable',
  'the tag of another value',
  inCookie(() => {
    const [one, other] = [value().split('.'), value().split('.')]
    return cookies(one.with(4, other[4]).join('.'))
  }),
)
refused(
  'AEAD',
  'undecryptable',
  'the associated data not in base64url, authentic otherwise',
  inCookie(() => {
    const key = derive(NEWEST, `cookie ${TODAY} ${NAME}`, 32)
    const iv = ivFor('cookie')
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(
      Buffer.from(`{"alg":"dir","enc":"A256GCM",${KID}}`),
    )
    const ciphertext = Buffer.concat([cipher.update(payload()), cipher.final()])
    return cookies(
      [kidOf({}), base64url(iv), base64url(ciphertext), base64url(cipher.getAuthTag())].join('.'),
    )
  }),
)
refused(
  'AEAD',
  'undecryptable',
  'bytes that are not UTF-8, authentic',
  inCookie(() => {
    const bytes = Buffer.from(payload())
    bytes[bytes.indexOf('ada')] = 0xff
    return cookies(value(bytes))
  }),
)

// Another use.

refused(
  'name',
  'undecryptable',
  'made for a cookie of another name',
  inCookie(() => cookies(value(payload(), { name: 'session' }))),
)
refused(
  'purpose',
  'undecryptable',
  'a bare token without its header as a cookie',
  inCookie(() => cookies(value(payload(), { purpose: 'token' }))),
)
refused(
  'purpose',
  'undecryptable',
  'a cookie with its header as a bare token',
  bare(() => jwe(payload())),
)
refused(
  'purpose',
  'undecryptable',
  'a ticket as a cookie',
  inCookie(() => cookies(ticket(0))),
)
refused(
  'purpose',
  'undecryptable',
  'a session under the key of a ticket',
  inCookie(() => cookies(value(payload(), { purpose: 'ticket' }))),
)
const PURPOSE = { purpose: 'password reset' }
refused(
  'purpose',
  'undecryptable',
  'a bare token without a purpose text where one is expected',
  bare(() => token(), PURPOSE),
)
refused(
  'purpose',
  'undecryptable',
  'a bare token with a purpose text where none is expected',
  bare(() => token(payload(), { purpose: 'token password reset' })),
)
refused(
  'purpose',
  'undecryptable',
  'a bare token with another purpose text',
  bare(() => token(payload(), { purpose: 'token password resets' }), PURPOSE),
)
refused(
  'purpose',
  'undecryptable',
  'a bare token with a purpose text in another case',
  bare(() => token(payload(), { purpose: 'token Password reset' }), PURPOSE),
)

// The payload. All of these are authentic.

const content = (text) => inCookie(() => cookies(value(text)))

const payloads = {
  'a payload that is not JSON': '["AAECAwQFBgcICQoLDA0ODw",',
  'a payload with something behind it': `${payload()} x`,
  'a payload with a byte order mark': `\ufeff${payload()}`,
  'a payload that is null': 'null',
  'a payload that is a number': '5',
  'a payload that is a string': JSON.stringify(payload()),
  'a payload that is an object': '{"id":"AAECAwQFBgcICQoLDA0ODw","data":{}}',
  'a payload in another array': `[${payload()}]`,
  'an empty array': '[]',
  'a payload without the data': `["${ID}",${NOON},${WEEK},0]`,
  'a payload without the id': `[${NOON},${WEEK},0,{"user":"ada"}]`,
  'a payload of seven elements': `["${ID}",${NOON},${WEEK},0,{"user":"ada"},{"t":1},0]`,
}
for (const [name, text] of Object.entries(payloads))
  refused('payload', 'malformed', name, content(text))

const wrong = {
  id: [
    'null',
    '5',
    '""',
    '"AAECAwQFBgcICQoLDA0OD"',
    '"AAECAwQFBgcICQoLDA0ODwA"',
    '"AAECAwQFBgcICQoLDA0OD="',
    '"AAECAwQFBgcICQoLDA0OD+"',
    '["AAECAwQFBgcICQoLDA0ODw"]',
  ],
  sealed: ['null', '"43200"', '-1', '86400', '43200.5', '1e400', 'true', '[43200]'],
  life: ['null', '"604800"', '0', '-604800', '34560001', '604800.5', '1e400', 'true'],
  age: ['null', '"0"', '-1', '604801', '0.5', '1e400', 'false', '{}'],
  more: [
    'null',
    '0',
    '"t"',
    '[]',
    '{}',
    '{"x":1}',
    '{"t":1,"x":null}',
    '{"T":1}',
    '{"__proto__":{"t":1}}',
    '{"o":""}',
    '{"o":"abc"}',
    '{"o":"aaaab"}',
    '{"o":"aaaabbbbccccddddeeeeffff"}',
    '{"o":"aa.a"}',
    '{"o":1}',
    '{"o":null}',
    '{"o":["aaaa"]}',
    '{"l":""}',
    '{"l":"a b"}',
    `{"l":"${'a'.repeat(33)}"}`,
    '{"l":1}',
    '{"l":null}',
  ],
}
for (const [element, texts] of Object.entries(wrong)) {
  for (const text of texts)
    refused('payload', 'malformed', `${element} ${text}`, content(raw(element, text)))
}

// Times.

refused(
  'time',
  'not-yet-valid',
  'sealed beyond the tolerance in the future',
  inCookie(() => cookies(aged(-6, -6))),
)
refused(
  'time',
  'expired',
  'at its absolute end and the tolerance',
  inCookie(() => cookies(aged(WEEK + 5, 60))),
)
refused(
  'time',
  'expired',
  'at its own absolute end and the tolerance',
  inCookie(() => cookies(aged(1005, 5, { life: 1000 }))),
)
refused(
  'time',
  'expired',
  'with a longer life than is configured now, past its end',
  inCookie(() => cookies(aged(8 * DAY, 0, { life: 30 * DAY }))),
)
refused(
  'time',
  'expired',
  'a named lifetime, past its end',
  inCookie(() => cookies(aged(3605, 60, { life: 3600, more: { l: 'bank' } }))),
)
refused(
  'time',
  'expired',
  'a named lifetime that is not configured any more, past the end of the default one',
  inCookie(() => cookies(aged(8 * DAY, 0, { life: 30 * DAY, more: { l: 'gone' } }))),
)
refused(
  'time',
  'expired',
  'expired, whatever a ticket says',
  inCookie(() => withTicket(aged(WEEK + 5, 60), ticket(0))),
)
refused(
  'time',
  'idle',
  'at its idle timeout and the tolerance',
  inCookie(() => cookies(aged(DAY + 5, DAY + 5))),
)
refused(
  'time',
  'idle',
  'a named lifetime, idle',
  inCookie(() => cookies(aged(605, 605, { life: 3600, more: { l: 'bank' } }))),
)
refused(
  'time',
  'idle',
  'a bare token, idle',
  bare(() => {
    const at = NOW - DAY - 5
    return token(payload({ sealed: at % DAY }), { day: Math.floor(at / DAY) })
  }),
)
refused(
  'time',
  'idle',
  'a ticket that is too old as well',
  inCookie(() => withTicket(aged(3 * DAY, 3 * DAY), ticket(DAY + 5))),
)
refused(
  'time',
  'idle',
  'a ticket of another session',
  inCookie(() => withTicket(aged(3 * DAY, 3 * DAY), ticket(60, { session: OTHER_ID }))),
)
refused(
  'time',
  'idle',
  'a ticket with one bit flipped',
  inCookie(() => withTicket(aged(3 * DAY, 3 * DAY), flipped(ticket(60), 3, 0))),
)
refused(
  'time',
  'idle',
  'a ticket whose tag is cut to 4 bytes, of an idle session',
  inCookie(() => withTicket(aged(3 * DAY, 3 * DAY), shortened(ticket(60), 4, 4))),
)
refused(
  'time',
  'idle',
  'a ticket of a day for another day',
  inCookie(() => {
    const [id, , ...sealed] = ticket(2 * DAY).split('.')
    return withTicket(aged(3 * DAY, 3 * DAY), [id, TODAY, ...sealed].join('.'))
  }),
)
refused(
  'time',
  'idle',
  'a ticket under the key of a bare token, of an idle session',
  inCookie(() => withTicket(aged(3 * DAY, 3 * DAY), ticket(60, { purpose: 'token' }))),
)
refused(
  'time',
  'revoked',
  'begun before the moment from which sessions are valid',
  inCookie(() => cookies(aged(21 * DAY, 60, { life: 30 * DAY, more: { l: 'remembered' } }))),
)

// Logout stamps.

refused(
  'logout',
  'destroyed',
  'a stamp, and a session that knows none',
  inCookie(() => withStamp(value(), 'aaaa')),
)
refused(
  'logout',
  'destroyed',
  'a stamp that the session does not know',
  inCookie(() => withStamp(value(payload({ more: { o: 'aaaa' } })), 'aaab')),
)
refused(
  'logout',
  'destroyed',
  'a stamp that is only there across two others',
  inCookie(() => withStamp(value(payload({ more: { o: 'aabbccdd' } })), 'bbcc')),
)
refused(
  'logout',
  'destroyed',
  'one unknown stamp among known ones',
  inCookie(() => withStamp(value(payload({ more: { o: 'aaaabbbb' } })), 'aaaa', 'bbbb', 'cccc')),
)
refused(
  'logout',
  'destroyed',
  'a stamp before the session’s own cookie',
  inCookie(() => `${NAME}.x=aaaa; ${cookies(value())}`),
)
refused(
  'logout',
  'idle',
  'a stamp, and a session that is idle',
  inCookie(() => withStamp(aged(DAY + 5, DAY + 5), 'aaaa')),
)

// The data. All of these are authentic and timely.

for (const text of [
  'null',
  '0',
  'true',
  '[]',
  '[["user","ada"]]',
  '""',
  '"{\\"user\\":\\"ada\\"}"',
]) {
  refused('data', 'invalid-data', `data ${text}`, content(raw('data', text)))
}
for (const text of [
  '-0',
  '-0.0',
  '-1e-400',
  '1e400',
  '-1e400',
  '"\\ud800"',
  '"\\udc00x"',
  '[[1e400]]',
  '{"\\ud800":1}',
]) {
  refused(
    'data',
    'invalid-data',
    `data with the value ${text}`,
    content(raw('data', `{"a":${text}}`)),
  )
}
refused('data', 'invalid-data', 'data that nests 101 levels', content(raw('data', nested(101))))
const members = [
  '{"s":null}',
  '{"s":[]}',
  '{"s":"{}"}',
  '{"s":{"a":{}}}',
  '{"s":{"a":[{}]}}',
  '{"s":{"a":[{},{},{}]}}',
  '{"s":{"a":[[],{}]}}',
  '{"s":{"a":[{},[]]}}',
  '{"s":{"a":[{},{"b":[{}]}]}}',
  '{"s":{"a":[{"b":-0},{}]}}',
  `{"s":${JSON.stringify(scopes(17))}}`,
  '{"f":null}',
  '{"f":{}}',
  '{"f":"[]"}',
  '{"f":{"notice":["Saved."]}}',
  '{"f":["notice","Saved."]}',
  '{"f":[["notice"]]}',
  '{"f":[["notice","Saved.",1]]}',
  '{"f":[[1,"Saved."]]}',
  '{"f":[["notice",1e400]]}',
  '{"c":null}',
  '{"c":1}',
  '{"c":""}',
  '{"c":"AAECAwQFBgcICQoLDA0OD"}',
  '{"c":"AAECAwQFBgcICQoLDA0ODx"}',
  '{"c":"AAECAwQFBgcICQoLDA0ODwA"}',
  '{"t":0}',
  '{"t":2}',
  '{"t":true}',
  '{"t":"1"}',
  '{"t":null}',
]
for (const text of members) {
  const name = text.length > 80 ? `${text.slice(0, 40)}…` : text
  refused('data', 'invalid-data', `more ${name}`, content(raw('more', text)))
}
const serialized = (changes) => () => ({
  cookie: cookies(value(payload(changes))),
  serializer: 'JSON',
})
refused(
  'data',
  'invalid-data',
  'text that the serializer refuses',
  serialized({ data: '{"user":' }),
)
refused(
  'data',
  'invalid-data',
  'text that the serializer reads as an array',
  serialized({ data: '[]' }),
)
refused(
  'data',
  'invalid-data',
  'scopes that the serializer refuses',
  serialized({ more: { s: 'x' } }),
)
refused(
  'data',
  'invalid-data',
  'messages in a text that is an object',
  serialized({ more: { f: '{"f":[["notice","Saved."]]}' } }),
)
refused(
  'data',
  'invalid-data',
  'messages in a text that the serializer refuses',
  serialized({ more: { f: '[["notice",' } }),
)

// Sessions that are bound to a device, read without the option `device`.

const BOUND = { b: 'Zk3vQ9rW' }

refused(
  'device',
  'unproven',
  'a bound session without a ticket',
  inCookie(() => cookies(value(payload({ more: BOUND })))),
)
refused(
  'device',
  'unproven',
  'a bound session with a ticket of its binding, where sessions cannot be bound',
  inCookie(() => {
    const text = JSON.stringify([BOUND.b, NOW % DAY, 1])
    const ticketValue = value(text, { purpose: 'ticket' })
    return `${cookies(value(payload({ more: BOUND })))}; ${NAME}.d.${BOUND.b}=${ticketValue}`
  }),
)
refused(
  'device',
  'unproven',
  'a bound session with the ticket of one that is not bound',
  inCookie(() => withTicket(value(payload({ more: BOUND })), ticket(0))),
)
refused(
  'device',
  'unproven',
  'a bound session that would be idle: its ticket would say more',
  inCookie(() => cookies(aged(2 * DAY, 2 * DAY - 60, { more: BOUND }))),
)
refused('device', 'unproven', 'a bare token of a bound session', () => ({
  token: token(payload({ more: BOUND })),
}))
refused(
  'device',
  'destroyed',
  'a bound session, and a stamp that it does not know',
  inCookie(() => withStamp(value(payload({ more: BOUND })), 'aaaa')),
)
for (const [name, b] of [
  ['of seven characters', 'Zk3vQ9r'],
  ['of nine characters', 'Zk3vQ9rWx'],
  ['that is empty', ''],
  ['with another character', 'Zk3vQ9r.'],
  ['that is a number', 12345678],
  ['that is null', null],
]) {
  refused(
    'device',
    'malformed',
    `a binding ${name}`,
    inCookie(() => cookies(value(payload({ more: { b } })))),
  )
}

// Alterations.

/** A value with one bit of one part flipped. */
function flipped(whole, index, bit) {
  const parts = whole.split('.')
  const bytes = Buffer.from(parts[index], 'base64url')
  bytes[bit >> 3] ^= 0x80 >> (bit & 7)
  return parts.with(index, base64url(bytes)).join('.')
}

/** A value with one part of another length: its beginning, or with zeros behind it. */
function shortened(whole, index, length) {
  const parts = whole.split('.')
  const bytes = Buffer.alloc(length)
  Buffer.from(parts[index], 'base64url').copy(bytes)
  return parts.with(index, base64url(bytes)).join('.')
}

/** The same bytes in another spelling. */
function otherBits(part) {
  const bytes = Buffer.from(part, 'base64url')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const spellings = [...alphabet].map((character) => part.slice(0, -1) + character)
  const other = spellings.find(
    (text) => text !== part && Buffer.from(text, 'base64url').equals(bytes),
  )
  if (other === undefined) throw new Error(`${title}: the part has no other spelling`)
  return other
}

/** Bytes as a raw DEFLATE stream of one stored block (RFC 1951 section 3.2.4). */
function stored(text) {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(5)
  head.writeUInt8(1)
  head.writeUInt16LE(bytes.length, 1)
  head.writeUInt16LE(bytes.length ^ 0xffff, 3)
  return Buffer.concat([head, bytes])
}

process.stdout.write(`${JSON.stringify({ ...config, valid, invalid }, null, 2)}\n`)
