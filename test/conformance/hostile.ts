// Values of an attacker who has the right key, and of one who has only a valid value to alter. None
// opens or throws, and each is rejected for the right reason.

import { DAY, dayOf, formatHeader } from '../support/format.ts'
import { check, equal } from './check.ts'
import type { Check, Library } from './check.ts'
import {
  base64url,
  bytesOf,
  mint,
  mintTicket,
  mintToken,
  deflateStored,
  kidOf,
  formatPayload,
} from './mint.ts'
import type { Minting } from './mint.ts'
import { createScene, NAME, OTHER_SECRET, START } from './scene.ts'

/** 64 characters, in the order of their values. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const ID = 'AAECAwQFBgcICQoLDA0ODw'

export const hostile: readonly Check[] = [
  check('a crafted value in the right format opens', async (library) => {
    equal(await verdictOf(library, {}), 'ada')
    equal(await verdictOf(library, { day: dayOf(START) }), 'ada')
    equal(await verdictOfToken(library, {}), 'ada')
    const kid = await kidOf()
    equal(await verdictOfToken(library, { header: formatHeader(kid) }), 'ada')
  }),

  check('a whole token as a cookie is rejected, and a value as a bare token', async (library) => {
    const { sessions } = createScene(library)
    const token = await mintToken({ purpose: 'cookie' })
    equal((await sessions.open(`${NAME}=${token}`)).rejection?.reason, 'malformed')
    const value = await mint({ purpose: 'token' })
    equal((await sessions.unseal(value)).rejection?.reason, 'malformed')
  }),

  check('a header with zip is rejected, under the right key too', async (library) => {
    const header = formatHeader(await kidOf()).replace('}', ',"zip":"DEF"}')
    const payload = deflateStored(formatPayload())
    equal(await verdictOfToken(library, { header, payload }), 'malformed')
    // A cookie has no header that could request it.
    equal(await verdictOf(library, { payload }), 'undecryptable')
  }),

  check('a header with crit is rejected', async (library) => {
    const good = formatHeader(await kidOf())
    for (const more of ['"crit":["kid"]', '"crit":[]', '"crit":["b64"],"b64":false']) {
      const header = good.replace('}', `,${more}}`)
      equal(await verdictOfToken(library, { header }), 'malformed', more)
    }
  }),

  check('a header with another alg is rejected', async (library) => {
    const good = formatHeader(await kidOf())
    for (const alg of ['none', 'A256KW', 'A256GCMKW', 'PBES2-HS256+A128KW', 'ECDH-ES', 'DIR', '']) {
      const header = good.replace('dir', alg)
      equal(await verdictOfToken(library, { header }), 'malformed', alg)
    }
  }),

  check(
    'a header with another enc is rejected, even with a key of the right length',
    async (library) => {
      const good = formatHeader(await kidOf())
      const header = good.replace('A256GCM', 'A128GCM')
      equal(await verdictOfToken(library, { header, keyBytes: 16 }), 'malformed')
      for (const enc of ['A192GCM', 'A256CBC-HS512', 'a256gcm', '']) {
        const other = good.replace('A256GCM', enc)
        equal(await verdictOfToken(library, { header: other }), 'malformed', enc)
      }
    },
  ),

  check('a header of the same meaning in another spelling is rejected', async (library) => {
    const kid = await kidOf()
    const spellings = [
      `{"enc":"A256GCM","alg":"dir","kid":"${kid}"}`,
      `{"alg":"dir", "enc":"A256GCM","kid":"${kid}"}`,
      `{"alg":"dir","enc":"A256GCM","kid":"${kid}"}\n`,
      `{"alg":"dir","enc":"A256GCM","kid":"${kid}","kid":"${kid}"}`,
      `{"alg":"dir","enc":"A256GCM","kid":"${kid.replace('.', '\\u002e')}"}`,
      `{"alg":"dir","enc":"A256GCM","kid":"${kid.replace('.', '.0')}"}`,
      `{"alg":"dir","enc":"A256GCM","kid":"${kid}","typ":"JWT"}`,
      `{"alg":"dir","enc":"A256GCM"}`,
      'not JSON',
    ]
    for (const header of spellings) {
      equal(await verdictOfToken(library, { header }), 'malformed', header)
    }
  }),

  check(
    'an id or a day in another spelling is rejected, even if authenticated',
    async (library) => {
      const [id = '', day = ''] = (await kidOf()).split('.')
      const spellings = [
        `${id}.0${day}`,
        `${id}.+${day}`,
        `${id}.${day}.0`,
        `${id}.1000000`,
        `${id}.-1`,
        `${id}.2e4`,
        `${id}.`,
        `.${day}`,
        `${'i'.repeat(33)}.${day}`,
        `a+b.${day}`,
        `1.${id}.${day}`,
      ]
      for (const kid of spellings) equal(await verdictOf(library, { kid }), 'malformed', kid)
    },
  ),

  check('an id that is not configured is rejected', async (library) => {
    equal(await verdictOf(library, { secret: OTHER_SECRET }), 'unknown-key')
    equal(await verdictOf(library, { id: '__proto__' }), 'unknown-key')
  }),

  check('a value for another name, purpose or day does not open', async (library) => {
    const kid = await kidOf()
    equal(await verdictOf(library, { name: 'other' }), 'undecryptable')
    equal(await verdictOf(library, { purpose: 'token' }), 'undecryptable')
    equal(await verdictOf(library, { purpose: 'ticket' }), 'undecryptable')
    equal(await verdictOf(library, { day: dayOf(START) - 1, kid }), 'undecryptable')
    equal(await verdictOfToken(library, { purpose: 'cookie' }), 'undecryptable')
    equal(await verdictOfToken(library, { purpose: 'token reset' }), 'undecryptable')
  }),

  check('a day outside the lifetime is rejected by its number', async (library) => {
    equal(await verdictOf(library, { day: dayOf(START) - 8 }), 'expired')
    equal(await verdictOf(library, { day: 0 }), 'expired')
    equal(await verdictOf(library, { day: dayOf(START) + 1 }), 'not-yet-valid')
    equal(await verdictOf(library, { day: 999_999 }), 'not-yet-valid')
  }),

  check('a tag of any length but 16 bytes is rejected', async (library) => {
    for (const tagBytes of [0, 1, 4, 8, 12, 13, 14, 15, 17, 32]) {
      equal(await verdictOf(library, { tagBytes }), 'malformed', `${tagBytes} bytes`)
      equal(await verdictOfToken(library, { tagBytes }), 'malformed', `${tagBytes} bytes, bare`)
    }
  }),

  check('an IV of any length but 12 bytes is rejected', async (library) => {
    for (const ivBytes of [0, 1, 8, 11, 13, 16]) {
      equal(await verdictOf(library, { ivBytes }), 'malformed', `${ivBytes} bytes`)
    }
  }),

  check('an encrypted key beside a direct key is rejected', async (library) => {
    equal(await verdictOfToken(library, { encryptedKey: 'AAAA' }), 'malformed')
  }),

  check('every bit of IV and tag is authenticated, and the whole ciphertext', async (library) => {
    const value = await mint()
    const [id = '', day = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
    const { sessions } = createScene(library)
    const reasonOf = async (...sealed: string[]) =>
      (await sessions.open(`${NAME}=${[id, day, ...sealed].join('.')}`)).rejection?.reason
    for (const altered of flips(iv)) {
      equal(await reasonOf(altered, ciphertext, tag), 'undecryptable')
    }
    for (const altered of flips(tag)) {
      equal(await reasonOf(iv, ciphertext, altered), 'undecryptable')
    }
    for (const altered of flips(ciphertext, 7)) {
      equal(await reasonOf(iv, altered, tag), 'undecryptable')
    }
    equal((await sessions.open(`${NAME}=${value}`)).get('user'), 'ada')
  }),

  check('a second spelling of the same base64url is rejected', async (library) => {
    const value = await mint({ payload: formatPayload({ data: { user: 'ada', pad: '' } }) })
    const [id = '', day = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
    const kid = `${id}.${day}`
    const tail = ALPHABET.indexOf(tag.slice(-1))
    const spellings = [
      `${value}=`,
      `${value}==`,
      `${value}\u00a0`,
      `${value}.`,
      `.${value}`,
      `${kid}.${iv}=.${ciphertext}.${tag}`,
      `${kid}.${iv}.${ciphertext}=.${tag}`,
      `${kid}.${iv}.${ciphertext.slice(0, 4)} ${ciphertext.slice(4)}.${tag}`,
      `${kid}.${iv.slice(0, 8)}\u000b${iv.slice(8)}.${ciphertext}.${tag}`,
      ...Array.from(
        { length: 15 },
        (_, bits) => `${value.slice(0, -1)}${ALPHABET.charAt(tail + bits + 1)}`,
      ),
    ]
    const { sessions } = createScene(library)
    for (const spelling of spellings) {
      const { rejection } = await sessions.open(`${NAME}=${spelling}`)
      equal(rejection?.reason, 'malformed', spelling.slice(-30))
    }
  }),

  check('the other alphabet of base64 is rejected', async (library) => {
    let value = await mint()
    while (!/[-_]/.test(value)) value = await mint()
    const other = value.replaceAll('-', '+').replaceAll('_', '/')
    const { sessions } = createScene(library)
    equal((await sessions.open(`${NAME}=${other}`)).rejection?.reason, 'malformed')
  }),

  check('a value that is truncated anywhere is rejected', async (library) => {
    const value = await mint()
    const { sessions } = createScene(library)
    for (let length = 0; length < value.length; length++) {
      const session = await sessions.open(`${NAME}=${value.slice(0, length)}`)
      equal(session.rejection?.reason, 'malformed', `the first ${length} characters`)
    }
  }),

  check('authentic payloads that are not ours are malformed', async (library) => {
    const payloads = [
      '',
      'null',
      '[]',
      '"text"',
      '[',
      '{}',
      `\ufeff${formatPayload()}`,
      `[${formatPayload()}]`,
      formatPayload().replace(/,[^,]*$/, ']'),
      formatPayload({ more: { t: 1 } }).replace(/\]$/, ',0]'),
      formatPayload({ id: 'short' }),
      formatPayload({ id: 5 }),
      formatPayload({ sealed: -1 }),
      formatPayload({ sealed: DAY }),
      formatPayload({ sealed: 0.5 }),
      formatPayload({ sealed: String(START % DAY) }),
      formatPayload({ life: 0 }),
      formatPayload({ life: 400 * DAY + 1 }),
      formatPayload({ life: null }),
      formatPayload({ age: -1 }),
      formatPayload({ age: 7 * DAY + 1 }),
      formatPayload({ age: 0 }).replace('604800,0', '604800,1e400'),
      formatPayload({ more: {} }),
      formatPayload({ more: [] }),
      formatPayload({ more: null }),
      formatPayload({ more: { t: 1, x: 1 } }),
      formatPayload({ more: { o: 'abc' } }),
      formatPayload({ more: { o: 'a'.repeat(24) } }),
      formatPayload({ more: { l: '' } }),
      formatPayload({ more: { l: 'l'.repeat(33) } }),
    ]
    for (const payload of payloads) {
      equal(await verdictOf(library, { payload }), 'malformed', payload)
    }
  }),

  check('authentic data that is not a dictionary is invalid', async (library) => {
    const deep = '['.repeat(1000) + ']'.repeat(1000)
    const wrong = [null, 7, 'text', []].map((data) => formatPayload({ data }))
    const more = [
      { s: [] },
      { s: { a: [{}] } },
      { f: {} },
      { f: [['a']] },
      { c: 'short' },
      { t: 2 },
    ].map((members) => formatPayload({ more: members }))
    const nested = formatPayload({ data: 0 }).replace(/0\]$/, `{"a":${deep}}]`)
    for (const payload of [...wrong, ...more, nested]) {
      equal(await verdictOf(library, { payload }), 'invalid-data', payload.slice(0, 120))
    }
  }),

  check('authentic data that could not be written again is invalid', async (library) => {
    for (const text of ['-0', '1e400', '"\\ud800"', '{"\\udc00":1}', '[[-0]]']) {
      const payload = formatPayload({ data: 0 }).replace(/0\]$/, `{"a":${text}}]`)
      equal(await verdictOf(library, { payload }), 'invalid-data', text)
    }
  }),

  check('authentic bytes that are not UTF-8 do not open', async (library) => {
    const bytes = new TextEncoder().encode(formatPayload())
    bytes[bytes.length - 4] = 0xff
    equal(await verdictOf(library, { payload: bytes }), 'undecryptable')
  }),

  check('a key called __proto__ in authentic data reaches no prototype', async (library) => {
    const payload = formatPayload({ data: 0 }).replace(
      /0\]$/,
      '{"__proto__":{"admin":true},"a":1}]',
    )
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${await mint({ payload })}`)
    equal(session.get('admin'), undefined)
    equal(Object.hasOwn(Object.prototype, 'admin'), false)
    const plain: object = {}
    equal('admin' in plain, false)
  }),

  check('a value that is longer than any session is rejected unread', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${await mint()}${'A'.repeat(1_000_000)}`)
    equal(session.rejection?.reason, 'too-large')
    equal((await sessions.unseal('e'.repeat(1_000_000))).rejection?.reason, 'too-large')
  }),

  check('a ticket of another session has no effect', async (library) => {
    const { sessions, at } = createScene(library)
    at(2 * DAY)
    const usedAt = START + 2 * DAY - 60
    const value = await mint()
    const good = await mintTicket(usedAt, ID)
    equal((await sessions.open(`${NAME}=${value}; ${NAME}.t=${good}`)).get('user'), 'ada')
    const wrong: Record<string, string> = {
      'of another session': await mintTicket(usedAt, 'EBESExQVFhcYGRobHB0eHw'),
      'under the key of a cookie': await mintTicket(usedAt, ID, { purpose: 'cookie' }),
      'under the key of a bare token': await mintTicket(usedAt, ID, { purpose: 'token' }),
      'for another cookie': await mintTicket(usedAt, ID, { name: 'other' }),
      'under an unknown secret': await mintTicket(usedAt, ID, { secret: OTHER_SECRET }),
      'of another day': await mintTicket(usedAt, ID, { day: dayOf(usedAt) - 1 }),
      'of the future': await mintTicket(usedAt + 66, ID),
      'with a short tag': await mintTicket(usedAt, ID, { tagBytes: 4 }),
      'with more in it': await mintTicket(usedAt, ID, { payload: '["AAECAwQF",43140,1]' }),
      'cut at its end': good.slice(0, -1),
      altered: `${good.slice(0, -4)}AAAA`,
      'as a session': value,
      empty: '',
    }
    for (const [title, ticket] of Object.entries(wrong)) {
      const session = await sessions.open(`${NAME}=${value}; ${NAME}.t=${ticket}`)
      equal(session.rejection?.reason, 'idle', title)
    }
  }),

  check('a rejected session has the same response for every reason', async (library) => {
    const value = await mint()
    const seen = new Set<string>()
    for (const refused of [
      undefined,
      'garbage',
      await mint({ secret: OTHER_SECRET }),
      await mint({ name: 'other' }),
      await mint({ payload: '{}' }),
      await mint({ payload: formatPayload({ data: [] }) }),
      await mint({ day: 0 }),
      `${value.slice(0, -4)}AAAA`,
    ]) {
      const { sessions } = createScene(library)
      const handler = sessions.wrap((_, session) => Response.json(session))
      const headers = refused === undefined ? {} : { cookie: `${NAME}=${refused}` }
      const response = await handler(new Request('https://app.example/', { headers }))
      equal(response.headers.getSetCookie(), [])
      seen.add(JSON.stringify([response.status, [...response.headers], await response.text()]))
    }
    equal(seen.size, 1)
  }),
]

/** Returns the user of a crafted cookie's session, or the reason of its rejection. */
async function verdictOf(library: Library, changes: Minting): Promise<unknown> {
  const { sessions } = createScene(library)
  const session = await sessions.open(`${NAME}=${await mint(changes)}`)
  equal(session.isEmpty, session.rejection !== undefined, 'isEmpty')
  return session.rejection?.reason ?? session.get('user')
}

/** Returns the same for a crafted bare token. */
async function verdictOfToken(library: Library, changes: Minting): Promise<unknown> {
  const { sessions } = createScene(library)
  const session = await sessions.unseal(await mintToken(changes))
  equal(session.isEmpty, session.rejection !== undefined, 'isEmpty')
  return session.rejection?.reason ?? session.get('user')
}

/** Flips one bit of a field of a value: each bit in turn, or every so many. */
function flips(part: string, step = 1): string[] {
  const bytes = bytesOf(part)
  const count = Math.floor((bytes.length * 8) / step)
  return Array.from({ length: count }, (_, number) => {
    const altered = bytes.slice()
    const bit = number * step
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return base64url(altered)
  })
}
