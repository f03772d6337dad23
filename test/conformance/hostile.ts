// Tokens of an attacker who has the right key, and of one who has only a good token to alter. None
// may open, none may throw, and each must be refused for the right reason.

import { check, equal } from './check.ts'
import type { Check, Library } from './check.ts'
import {
  base64url,
  bytesOf,
  claims,
  craft,
  dayOf,
  deflateStored,
  headerOf,
  kidOf,
} from './craft.ts'
import type { Craft } from './craft.ts'
import { createScene, DAY, NAME, OTHER_SECRET, START } from './scene.ts'

/** 64 characters, in the order of their values. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const hostile: readonly Check[] = [
  check('a crafted token that keeps to the format opens', async (library) => {
    equal(await judgementOf(library, {}), 'ada')
    equal(await judgementOf(library, { day: dayOf(START) }), 'ada')
  }),

  check('a header with zip is refused, under the right key too', async (library) => {
    const header = `{"alg":"dir","enc":"A256GCM","kid":"${await kidOf()}","zip":"DEF"}`
    equal(await judgementOf(library, { header, payload: deflateStored(claims()) }), 'malformed')
  }),

  check('a header with crit is refused', async (library) => {
    const kid = await kidOf()
    for (const more of ['"crit":["kid"]', '"crit":[]', '"crit":["b64"],"b64":false']) {
      const header = `{"alg":"dir","enc":"A256GCM","kid":"${kid}",${more}}`
      equal(await judgementOf(library, { header }), 'malformed', more)
    }
  }),

  check('a header with another alg is refused', async (library) => {
    const kid = await kidOf()
    for (const alg of ['none', 'A256KW', 'A256GCMKW', 'PBES2-HS256+A128KW', 'ECDH-ES', 'DIR', '']) {
      const header = `{"alg":"${alg}","enc":"A256GCM","kid":"${kid}"}`
      equal(await judgementOf(library, { header }), 'malformed', alg)
    }
  }),

  check(
    'a header with another enc is refused, with a key that would fit it too',
    async (library) => {
      const kid = await kidOf()
      const header = `{"alg":"dir","enc":"A128GCM","kid":"${kid}"}`
      equal(await judgementOf(library, { header, keyBytes: 16 }), 'malformed')
      for (const enc of ['A192GCM', 'A256CBC-HS512', 'a256gcm', '']) {
        const other = `{"alg":"dir","enc":"${enc}","kid":"${kid}"}`
        equal(await judgementOf(library, { header: other }), 'malformed', enc)
      }
    },
  ),

  check('a header of the same meaning in another spelling is refused', async (library) => {
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
      equal(await judgementOf(library, { header }), 'malformed', header)
    }
  }),

  check('a key id that is not configured is refused', async (library) => {
    equal(await judgementOf(library, { secret: OTHER_SECRET }), 'unknown-key')
  }),

  check('a token for another name, purpose or day does not open', async (library) => {
    const header = await headerOf()
    equal(await judgementOf(library, { name: 'other' }), 'undecryptable')
    equal(await judgementOf(library, { purpose: 'token' }), 'undecryptable')
    equal(await judgementOf(library, { day: dayOf(START) - 1, header }), 'undecryptable')
  }),

  check('a day outside the lifetime is refused by its number', async (library) => {
    equal(await judgementOf(library, { day: dayOf(START) - 8 }), 'expired')
    equal(await judgementOf(library, { day: 0 }), 'expired')
    equal(await judgementOf(library, { day: dayOf(START) + 1 }), 'not-yet-valid')
    equal(await judgementOf(library, { day: 999_999 }), 'not-yet-valid')
  }),

  check('a tag of any length but 16 bytes is refused', async (library) => {
    for (const tagBytes of [0, 1, 4, 8, 12, 13, 14, 15, 17, 32]) {
      equal(await judgementOf(library, { tagBytes }), 'malformed', `${tagBytes} bytes`)
    }
  }),

  check('an IV of any length but 12 bytes is refused', async (library) => {
    for (const ivBytes of [0, 1, 8, 11, 13, 16]) {
      equal(await judgementOf(library, { ivBytes }), 'malformed', `${ivBytes} bytes`)
    }
  }),

  check('an encrypted key beside a direct key is refused', async (library) => {
    equal(await judgementOf(library, { encryptedKey: 'AAAA' }), 'malformed')
  }),

  check('every bit of IV and tag counts, and the ciphertext from end to end', async (library) => {
    const token = await craft()
    const [header = '', , iv = '', ciphertext = '', tag = ''] = token.split('.')
    const { sessions } = createScene(library)
    const judge = async (changed: string[]) =>
      (await sessions.open(`${NAME}=${changed.join('.')}`)).rejection?.reason
    for (const altered of flips(iv)) {
      equal(await judge([header, '', altered, ciphertext, tag]), 'undecryptable')
    }
    for (const altered of flips(tag)) {
      equal(await judge([header, '', iv, ciphertext, altered]), 'undecryptable')
    }
    for (const altered of flips(ciphertext, 7)) {
      equal(await judge([header, '', iv, altered, tag]), 'undecryptable')
    }
    equal((await sessions.open(`${NAME}=${token}`)).get('user'), 'ada')
  }),

  check('a second spelling of the same base64url is refused', async (library) => {
    const token = await craft({ payload: claims({ d: { user: 'ada', pad: '' } }) })
    const [header = '', , iv = '', ciphertext = '', tag = ''] = token.split('.')
    const tail = ALPHABET.indexOf(tag.slice(-1))
    const spellings = [
      `${token}=`,
      `${token}==`,
      `${token}\u00a0`,
      `${token}.`,
      `.${token}`,
      `${header}=..${iv}.${ciphertext}.${tag}`,
      `${header}..${iv}=.${ciphertext}.${tag}`,
      `${header}..${iv}.${ciphertext}=.${tag}`,
      `${header}..${iv}.${ciphertext.slice(0, 4)} ${ciphertext.slice(4)}.${tag}`,
      `${header}..${iv.slice(0, 8)}\u000b${iv.slice(8)}.${ciphertext}.${tag}`,
      ...Array.from(
        { length: 15 },
        (_, bits) => `${token.slice(0, -1)}${ALPHABET.charAt(tail + bits + 1)}`,
      ),
    ]
    const { sessions } = createScene(library)
    for (const spelling of spellings) {
      const { rejection } = await sessions.open(`${NAME}=${spelling}`)
      equal(rejection?.reason, 'malformed', spelling.slice(-30))
    }
  }),

  check('the other alphabet of base64 is refused', async (library) => {
    let token = await craft()
    while (!/[-_]/.test(token.slice(token.indexOf('..')))) token = await craft()
    const other = token.replaceAll('-', '+').replaceAll('_', '/')
    const { sessions } = createScene(library)
    equal((await sessions.open(`${NAME}=${other}`)).rejection?.reason, 'malformed')
  }),

  check('a token cut anywhere is refused', async (library) => {
    const token = await craft()
    const { sessions } = createScene(library)
    for (let length = 0; length < token.length; length++) {
      const session = await sessions.open(`${NAME}=${token.slice(0, length)}`)
      equal(session.rejection?.reason, 'malformed', `the first ${length} characters`)
    }
  }),

  check('authentic payloads that are no claims of ours are malformed', async (library) => {
    const payloads = [
      '',
      'null',
      '[]',
      '"text"',
      '{',
      '{}',
      `\ufeff${claims()}`,
      claims({ jti: 'short' }),
      claims({ iat: String(START) }),
      claims({ iat: START + 0.5 }),
      claims({ exp: 0 }).replace('"exp":0', '"exp":1e400'),
      claims({ iat: START - DAY, exp: START }),
      claims({ nbf: START + 1 }),
      claims({ exp: START - 1 }),
      claims({ exp: START + 401 * DAY }),
      claims({ out: -1 }),
      claims({ d: undefined }),
    ]
    for (const payload of payloads) {
      equal(await judgementOf(library, { payload }), 'malformed', payload)
    }
  }),

  check('authentic data that is no dictionary is invalid', async (library) => {
    const deep = '['.repeat(1000) + ']'.repeat(1000)
    const payloads = [null, 7, 'text', []].map((d) => claims({ d }))
    for (const payload of [...payloads, claims({ d: 0 }).replace('"d":0', `"d":{"a":${deep}}`)]) {
      equal(await judgementOf(library, { payload }), 'invalid-data', payload.slice(0, 120))
    }
  }),

  check('authentic bytes that are no UTF-8 do not open', async (library) => {
    const bytes = new TextEncoder().encode(claims())
    bytes[bytes.length - 4] = 0xff
    equal(await judgementOf(library, { payload: bytes }), 'undecryptable')
  }),

  check('a key called __proto__ in authentic data reaches no prototype', async (library) => {
    const payload = claims({ d: 0 }).replace('"d":0', '"d":{"__proto__":{"admin":true},"a":1}')
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${await craft({ payload })}`)
    equal(session.get('admin'), undefined)
    equal(Object.hasOwn(Object.prototype, 'admin'), false)
    const plain: object = {}
    equal('admin' in plain, false)
  }),

  check('what is longer than any session of ours is refused unread', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${await craft()}${'A'.repeat(1_000_000)}`)
    equal(session.rejection?.reason, 'too-large')
    equal((await sessions.unseal('e'.repeat(1_000_000))).rejection?.reason, 'too-large')
  }),

  check('a refused session looks the same from outside whatever the reason', async (library) => {
    const token = await craft()
    const seen = new Set<string>()
    for (const value of [
      'garbage',
      await craft({ secret: OTHER_SECRET }),
      await craft({ name: 'other' }),
      await craft({ payload: '{}' }),
      await craft({ day: 0 }),
      `${token.slice(0, -4)}AAAA`,
    ]) {
      const { sessions } = createScene(library)
      const handler = sessions.wrap((_, session) => Response.json(session))
      const headers = { cookie: `${NAME}=${value}` }
      const response = await handler(new Request('https://app.example/', { headers }))
      seen.add(JSON.stringify([response.status, [...response.headers], await response.text()]))
    }
    equal(seen.size, 1)
  }),
]

/** The user of a crafted token's session, or why it was refused. */
async function judgementOf(library: Library, changes: Craft): Promise<unknown> {
  const { sessions } = createScene(library)
  const session = await sessions.open(`${NAME}=${await craft(changes)}`)
  equal(session.isEmpty, session.rejection !== undefined, 'isEmpty')
  return session.rejection?.reason ?? session.get('user')
}

/** A part of a token with one bit flipped: each bit in turn, or every so many. */
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
