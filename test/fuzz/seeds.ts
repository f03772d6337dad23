// The first inputs of the search: one header for each part of the format, with its verdict under
// the default configuration and the lifetimes of model.ts.

import { formatHeader } from '../support/format.ts'
import {
  DAY,
  ID,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  START,
  WEEK,
  dayOf,
  secretId,
} from '../support/mint.ts'
import { cut, headerOf } from './headers.ts'
import { nested, scopes, usual } from './payloads.ts'
import type { Payload } from '../support/format.ts'
import { PURPOSE_TEXT, sealTicket, sealToken, sealValue } from './tokens.ts'
import type { Sealing } from './tokens.ts'

export interface Seed {
  readonly about: string
  /** A reason, or `opened`, or `none`. */
  readonly verdict: string
  readonly header: string
}

const TODAY = dayOf(START)
const KID = `${secretId()}.${TODAY}`
const OTHER_ID = 'EBESExQVFhcYGRobHB0eHw'
const GOOD = sealValue(usual())
const LONG = sealValue(usual({ data: { user: 'ada', text: 'x'.repeat(600) } }))
const PARTS = headerOf(cut(LONG, 3))

/** One cookie whose payload differs from a valid one in this. */
function holding(changes: Payload): string {
  return `${NAME}=${sealValue(usual(changes))}`
}

/** One cookie with this payload. */
function sealed(payload: string | Buffer, sealing: Sealing = {}): string {
  return `${NAME}=${sealValue(payload, sealing)}`
}

/** A session that was sealed so many seconds ago, and began so many seconds earlier. */
function aged(ago: number, before = 0, changes: Payload = {}): string {
  const sealedAt = START - ago
  const times = { sealed: sealedAt % DAY, age: before }
  return sealed(usual({ ...times, ...changes }), { day: dayOf(sealedAt) })
}

/** A session that was not used since, with tickets of these moments. */
function used(ago: number, ...tickets: readonly number[]): string {
  const all = tickets.map((each) => `; ${NAME}.t=${sealTicket(ID, START - each)}`)
  return aged(ago) + all.join('')
}

/** A valid payload with an id and a day of any spelling, authenticated as given. */
function named(kid: string): string {
  return sealed(usual(), { kid })
}

/** A bare token with a header of any spelling, authenticated as given. */
function headed(header: string): string {
  return sealToken(usual(), { header })
}

/** The right header of a bare token, with further members. */
function extended(more: string): string {
  return headed(formatHeader(KID).replace('}', `,${more}}`))
}

export const SEEDS: readonly Seed[] = (
  [
    ['nothing', 'none', ''],
    ['one cookie', 'opened', `${NAME}=${GOOD}`],
    ['two parts', 'opened', headerOf(cut(LONG, 2))],
    ['three parts among others', 'opened', `a=1; ${PARTS}; theme=dark`],
    ['nine parts', 'opened', headerOf(cut(LONG, 9))],
    ['ten parts', 'opened', headerOf(cut(LONG, 10))],
    ['sixteen parts', 'opened', headerOf(cut(LONG, 16))],
    ['seventeen parts', 'too-large', headerOf(cut(LONG, 17))],
    ['the parts in reverse', 'opened', headerOf(cut(LONG, 5).toReversed())],
    ['a missing part', 'incomplete', headerOf(cut(LONG, 4).slice(0, 3))],
    ['the first part missing', 'incomplete', headerOf(cut(LONG, 4).slice(1))],
    ['a count of one', 'malformed', `${NAME}=1.${GOOD}`],
    ['a count with a zero', 'malformed', `${NAME}=03.${GOOD}`],
    ['a huge count', 'too-large', `${NAME}=999999.${GOOD}`],
    ['a count with nothing behind it', 'malformed', `${NAME}=2.; ${NAME}.1=${GOOD}`],
    ['an id of digits', 'unknown-key', named(`2.${TODAY}`)],
    ['an id of digits, counted', 'unknown-key', headerOf(cut(named(`16.${TODAY}`).slice(15), 2))],
    ['a left-over part', 'opened', `${NAME}=${GOOD}; ${NAME}.1=abc; ${NAME}.15=x`],
    ['a huge value', 'too-large', `${NAME}=${'A'.repeat(4097)}`],
    ['a huge part', 'too-large', `${NAME}=2.${GOOD}; ${NAME}.1=${'A'.repeat(4097)}`],
    ['an older secret', 'opened', sealed(usual(), { secret: OLDER_SECRET })],
    ['an unknown secret', 'unknown-key', sealed(usual(), { secret: OTHER_SECRET })],
    ['a bare token', 'malformed', `${NAME}=${sealToken(usual())}`],
    ['a bare token without its header', 'undecryptable', sealed(usual(), { purpose: 'token' })],
    ['a bare token where one belongs', 'none', sealToken(usual())],
    [
      'a bare token for a purpose',
      'none',
      sealToken(usual(), { purpose: `token ${PURPOSE_TEXT}` }),
    ],
    ['a bare token for another purpose', 'none', sealToken(usual(), { purpose: 'token fuzzy' })],
    ['a ticket in the place of a session', 'undecryptable', `${NAME}=${sealTicket(ID, START)}`],
    ['another cookie', 'undecryptable', sealed(usual(), { name: 'session' })],
    ['an altered tag', 'undecryptable', `${NAME}=${GOOD.slice(0, -4)}AAAA`],
    ['idle', 'idle', aged(DAY + 5)],
    ['nearly idle', 'opened', aged(DAY + 4)],
    ['due for a ticket', 'opened', aged(9000)],
    ['near its end', 'opened', aged(60, WEEK - 60)],
    ['at its end', 'expired', aged(65, WEEK - 60)],
    ['past the longest life', 'expired', aged(60, 25 * DAY, { life: 30 * DAY })],
    ['an old day', 'expired', aged(32 * DAY)],
    ['a day to come', 'not-yet-valid', aged(-2 * DAY)],
    ['later today', 'not-yet-valid', aged(-6)],
    ['within the tolerance', 'opened', aged(-5)],
    ['another day than its key', 'undecryptable', named(`${secretId()}.${TODAY - 1}`)],
    ['its own shorter life', 'expired', aged(65, 0, { life: 60 })],
    ['a longer lifetime', 'opened', aged(10 * DAY, 0, { life: 30 * DAY, more: { l: 'long' } })],
    ['a shorter lifetime', 'idle', aged(605, 0, { life: 3600, more: { l: 'short' } })],
    ['an unknown lifetime', 'opened', holding({ more: { l: 'gone' } })],
    ['a stamp', 'destroyed', `${NAME}=${GOOD}; ${NAME}.x=aaaa`],
    ['a stamp that it knows', 'opened', `${holding({ more: { o: 'aaaa' } })}; ${NAME}.x=aaaa`],
    [
      'five stamps, of which it knows four',
      'opened',
      `${holding({ more: { o: 'aaaabbbbccccdddd' } })}${['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']
        .map((stamp) => `; ${NAME}.x=${stamp}`)
        .join('')}`,
    ],
    ['a stamp alone', 'none', `${NAME}.x=aaaa`],
    ['a stamp of another form', 'opened', `${NAME}=${GOOD}; ${NAME}.x=12345`],
    ['a ticket', 'opened', used(50_000, 600)],
    ['a ticket that keeps a session', 'opened', used(3 * DAY, DAY + 4)],
    ['a ticket that does not', 'idle', used(3 * DAY, DAY + 5)],
    ['several tickets', 'opened', used(3 * DAY, 2 * DAY, 60, -6, 3 * DAY)],
    ['five tickets', 'idle', used(3 * DAY, 3 * DAY, 3 * DAY, 3 * DAY, 3 * DAY, 60)],
    ['a ticket of the future', 'idle', used(3 * DAY, -6)],
    ['a ticket alone', 'none', `${NAME}.t=${sealTicket(ID, START)}`],
    ['a ticket of another', 'idle', `${aged(3 * DAY)}; ${NAME}.t=${sealTicket(OTHER_ID, START)}`],
    [
      'a ticket under another secret',
      'opened',
      `${aged(3 * DAY)}; ${NAME}.t=${sealTicket(ID, START, { secret: OLDER_SECRET })}`,
    ],
    ['a session as a ticket', 'idle', `${aged(3 * DAY)}; ${NAME}.t=${GOOD}`],
    [
      'a ticket with more in it',
      'idle',
      `${aged(3 * DAY)}; ${NAME}.t=${sealValue('["AAECAwQF",1,1]', { purpose: 'ticket' })}`,
    ],
    ['quotes', 'malformed', `${NAME}="${GOOD}"`],
    ['a version', 'opened', `$Version=1; ${NAME}=${GOOD}; $Path=/`],
    ['a nameless cookie', 'opened', `=${NAME}; =${NAME}=x; ${NAME}=${GOOD}; =; ;;`],
    ['twins', 'opened', `${NAME}=junk; ${NAME}=${GOOD}`],
    ['five twins', 'malformed', `${`${NAME}=junk; `.repeat(4)}${NAME}=${GOOD}`],
    ['twins in parts', 'opened', `${PARTS}; ${headerOf(cut(GOOD, 2))}`],
    ['every part four times', 'opened', [PARTS, PARTS, PARTS, PARTS].join('; ')],
    ['a comma between lines', 'opened', `${NAME}.x=0,${NAME}=${GOOD},a=1`],
    ['a comma behind a foreign cookie', 'none', `a=1,${NAME}=${GOOD}`],
    ['foreign cookies alone', 'none', `theme=dark; ${NAME}x=1; x${NAME}=2; lang`],
    ['a name in percent signs', 'none', `%5F%5FHost-session=${GOOD}`],
    ['a Unicode blank', 'none', `\u00a0${NAME}=${GOOD}`],
    ['a byte order mark', 'none', `\ufeff${NAME}=${GOOD}`],
    ['tabs and blanks', 'opened', `\t ${NAME}=${GOOD} \t; a`],
    ['a name like a prototype', 'opened', `__proto__=1; constructor=2; ${NAME}=${GOOD}`],
    ['an id like a prototype', 'unknown-key', named(`__proto__.${TODAY}`)],
    ['a day with a zero', 'malformed', named(`${secretId()}.0${TODAY}`)],
    ['zip', 'none', extended('"zip":"DEF"')],
    ['crit', 'none', extended('"crit":["b64"],"b64":true')],
    ['a nested token', 'none', extended('"cty":"JWT"')],
    ['another algorithm', 'none', headed('{"alg":"none"}')],
    ['a signed token', 'malformed', `${NAME}=eyJhbGciOiJIUzI1NiJ9.e30.AAAA`],
    ['padding', 'malformed', `${NAME}=${GOOD}=`],
    ['an empty array', 'malformed', sealed('[]')],
    ['an object', 'malformed', sealed('{"id":1}')],
    ['no JSON', 'malformed', sealed('["AAECAwQF",')],
    ['no UTF-8', 'undecryptable', sealed(Buffer.from([0xff, 0xfe]))],
    ['another spelling of JSON', 'opened', sealed(`\n${usual().replaceAll(',', ' ,\t')} `)],
    ['a line break behind the JSON', 'opened', sealed(`${usual({ data: { a: [] } })}\n`)],
    ['data called __proto__', 'opened', sealed(usual().replace('user', '__proto__'))],
    ['data in an array', 'invalid-data', holding({ data: [] })],
    ['data that nests as deep as may be', 'opened', deep(99)],
    ['data that nests deeper', 'invalid-data', deep(100)],
    ['data that nests without end', 'invalid-data', deep(4000)],
    ['no data', 'malformed', sealed(usual().replace(/,[^,]*$/, ']'))],
    ['text for a serializer', 'invalid-data', holding({ data: '{"user":"ada"}' })],
    ['what JSON would change', 'invalid-data', sealed(usual().replace('"ada"', '-0'))],
    ['what JSON cannot hold', 'invalid-data', sealed(usual().replace('"ada"', '[1e400]'))],
    ['half a surrogate pair', 'invalid-data', sealed(usual().replace('"ada"', '"\\udc00"'))],
    ['no member', 'malformed', holding({ more: {} })],
    ['an unknown member', 'malformed', holding({ more: { t: 1, x: 1 } })],
    ['scopes', 'opened', holding({ more: { s: scopes(16) } })],
    ['too many scopes', 'invalid-data', holding({ more: { s: scopes(17) } })],
    ['a scope with more in it', 'invalid-data', holding({ more: { s: { a: [{}, {}, {}] } } })],
    [
      'messages',
      'opened',
      holding({
        more: {
          f: [
            ['notice', 'saved'],
            ['error', 1],
            ['notice', { a: 1 }],
          ],
        },
      }),
    ],
    ['a message without a key', 'invalid-data', holding({ more: { f: ['saved'] } })],
    ['a CSRF secret', 'opened', holding({ more: { c: ID } })],
    ['a CSRF secret of another spelling', 'invalid-data', holding({ more: { c: 'x' } })],
    ['the test cookie', 'opened', holding({ data: {}, more: { t: 1 } })],
    ['what the list has revoked', 'opened', holding({ data: { revoked: true } })],
    ['what breaks the list', 'opened', holding({ data: { cart: [] } })],
    ['what the schema refuses', 'opened', holding({ data: { user: 1 } })],
    ['an empty session', 'opened', holding({ data: {} })],
    ['more than the limits', 'opened', headerOf(cut(sealValue(usual({ data: many(40) })), 2))],
  ] as const
).map(([about, verdict, header]) => ({ about, verdict, header }))

function deep(levels: number): string {
  const payload = usual().replace('"ada"', nested(levels))
  return headerOf(cut(sealValue(payload), payload.length > 3000 ? 4 : 1))
}

/** Returns data with so many keys. */
function many(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, 'x'.repeat(80)]))
}
