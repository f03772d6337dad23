// Where the search begins: one header for everything that the format knows, with what it comes to
// under the default configuration.

import { NAME, OLDER_SECRET, OTHER_SECRET, START, dayOf, secretId } from '../support/mint.ts'
import { cut, headerOf } from './headers.ts'
import { nested, scopes, usual } from './payloads.ts'
import { DAY, headerText, seal } from './tokens.ts'

export interface Seed {
  readonly about: string
  /** A reason, or `opened`, or `none`. */
  readonly verdict: string
  readonly header: string
}

const TODAY = dayOf(START)
const ID = secretId()
const GOOD = seal(usual())
const LONG = seal(usual({ d: { user: 'ada', text: 'x'.repeat(600) } }))
const PARTS = headerOf(cut(LONG, 3))

/** One cookie with a payload that differs from a right one in this. */
function holding(changes: Readonly<Record<string, unknown>>): string {
  return `${NAME}=${seal(usual(changes))}`
}

/** A session that was sealed so many seconds ago, and began so many before that. */
function aged(age: number, before = 0): string {
  const iat = START - age
  const times = before === 0 ? { iat, exp: iat + DAY } : { iat, exp: iat + DAY, nbf: iat - before }
  return `${NAME}=${seal(usual(times), { day: dayOf(iat) })}`
}

/** A right payload under another header, authenticated as it stands. */
function headed(header: string): string {
  return `${NAME}=${seal(usual(), { header })}`
}

/** The right header, with something more in it. */
function extended(more: string): string {
  return headed(headerText(ID, TODAY).replace('}', `,${more}}`))
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
    ['a left-over part', 'opened', `${NAME}=${GOOD}; ${NAME}.1=abc; ${NAME}.15=x`],
    ['a huge value', 'too-large', `${NAME}=${'A'.repeat(4097)}`],
    ['a huge part', 'too-large', `${NAME}=2.${GOOD}; ${NAME}.1=${'A'.repeat(4097)}`],
    ['an older secret', 'opened', `${NAME}=${seal(usual(), { secret: OLDER_SECRET })}`],
    ['an unknown secret', 'unknown-key', `${NAME}=${seal(usual(), { secret: OTHER_SECRET })}`],
    ['a bare token', 'undecryptable', `${NAME}=${seal(usual(), { purpose: 'token' })}`],
    ['a bare token where one belongs', 'none', seal(usual(), { purpose: 'token' })],
    ['another cookie', 'undecryptable', `${NAME}=${seal(usual(), { name: 'session' })}`],
    ['an altered tag', 'undecryptable', `${NAME}=${GOOD.slice(0, -4)}AAAA`],
    ['idle', 'idle', aged(DAY + 5)],
    ['nearly idle', 'opened', aged(DAY + 4)],
    ['due for renewal', 'opened', aged(9000)],
    ['near its end', 'opened', aged(60, 7 * DAY - 60)],
    ['at its end', 'expired', aged(60, 7 * DAY)],
    ['begun weeks ago, before what is valid elsewhere', 'expired', aged(60, 25 * DAY)],
    ['an old day', 'expired', aged(9 * DAY)],
    ['a day to come', 'not-yet-valid', aged(-2 * DAY)],
    ['later today', 'not-yet-valid', aged(-6)],
    ['within the tolerance', 'opened', aged(-5)],
    ['another day than its key', 'malformed', holding({ iat: START - DAY })],
    ['its own shorter end', 'idle', holding({ iat: START - 60, exp: START - 5 })],
    ['a mark', 'destroyed', `${NAME}=${GOOD}; ${NAME}.x=1`],
    ['a mark it was begun under', 'opened', `${holding({ out: 2 })}; ${NAME}.x=2`],
    ['a mark alone', 'none', `${NAME}.x=7`],
    ['the last mark', 'opened', `${holding({ out: 999_999_999 })}; ${NAME}.x=999999999`],
    ['a mark that is too large', 'opened', `${NAME}=${GOOD}; ${NAME}.x=1000000000`],
    ['quotes', 'malformed', `${NAME}="${GOOD}"`],
    ['a version', 'opened', `$Version=1; ${NAME}=${GOOD}; $Path=/`],
    ['a nameless cookie', 'opened', `=${NAME}; =${NAME}=x; ${NAME}=${GOOD}; =; ;;`],
    ['twins', 'opened', `${NAME}=junk; ${NAME}=${GOOD}`],
    ['five twins', 'malformed', `${`${NAME}=junk; `.repeat(4)}${NAME}=${GOOD}`],
    ['twins in parts', 'opened', `${PARTS}; ${headerOf(cut(seal(usual()), 3))}`],
    ['every part four times', 'opened', [PARTS, PARTS, PARTS, PARTS].join('; ')],
    ['a comma between lines', 'opened', `${NAME}.x=0,${NAME}=${GOOD},a=1`],
    ['a comma behind a foreign cookie', 'none', `a=1,${NAME}=${GOOD}`],
    ['foreign cookies alone', 'none', `theme=dark; ${NAME}x=1; x${NAME}=2; lang`],
    ['a name in percent signs', 'none', `%5F%5FHost-session=${GOOD}`],
    ['a Unicode blank', 'none', `\u00a0${NAME}=${GOOD}`],
    ['a byte order mark', 'none', `\ufeff${NAME}=${GOOD}`],
    ['tabs and blanks', 'opened', `\t ${NAME}=${GOOD} \t; a`],
    ['a name like a prototype', 'opened', `__proto__=1; constructor=2; ${NAME}=${GOOD}`],
    ['zip', 'malformed', extended('"zip":"DEF"')],
    ['crit', 'malformed', extended('"crit":["b64"],"b64":true')],
    ['a nested token', 'malformed', extended('"cty":"JWT"')],
    ['another algorithm', 'malformed', headed('{"alg":"none"}')],
    ['a kid like a prototype', 'unknown-key', headed(headerText('__proto__', TODAY))],
    ['a day with a zero', 'malformed', headed(headerText(ID, `0${TODAY}`))],
    ['a signed token', 'malformed', `${NAME}=eyJhbGciOiJIUzI1NiJ9.e30.AAAA`],
    ['padding', 'malformed', `${NAME}=${GOOD}=`],
    ['a list', 'malformed', `${NAME}=${seal('[]')}`],
    ['no JSON', 'malformed', `${NAME}=${seal('{"jti":')}`],
    ['no UTF-8', 'undecryptable', `${NAME}=${seal(Buffer.from([0xff, 0xfe]))}`],
    ['data called __proto__', 'opened', `${NAME}=${seal(usual().replace('user', '__proto__'))}`],
    ['data in a list', 'invalid-data', holding({ d: [] })],
    ['data that nests as deep as may be', 'opened', deep(99)],
    ['data that nests deeper', 'invalid-data', deep(100)],
    ['data that nests without end', 'invalid-data', deep(4000)],
    ['no data', 'malformed', holding({ d: undefined })],
    ['text for a serializer', 'invalid-data', holding({ d: '{"user":"ada"}' })],
    ['what JSON would change', 'opened', `${NAME}=${seal(usual().replace('"ada"', '-0'))}`],
    ['scopes', 'opened', holding({ s: scopes(16) })],
    ['too many scopes', 'invalid-data', holding({ s: scopes(17) })],
    ['messages', 'opened', holding({ f: { notice: ['saved', { a: 1 }] } })],
    ['a message that is no list', 'invalid-data', holding({ f: { notice: 'saved' } })],
    ['a CSRF secret', 'opened', holding({ c: 'AAECAwQFBgcICQoLDA0ODw' })],
    ['a CSRF secret of another spelling', 'invalid-data', holding({ c: 'x' })],
    ['a test mark', 'opened', holding({ d: {}, t: 1 })],
    ['what the list has revoked', 'opened', holding({ d: { revoked: true } })],
    ['what breaks the list', 'opened', holding({ d: { cart: [] } })],
    ['what the schema refuses', 'opened', holding({ d: { user: 1 } })],
    ['an empty session', 'opened', holding({ d: {} })],
    ['more than the limits', 'opened', headerOf(cut(seal(usual({ d: many(40) })), 2))],
  ] as const
).map(([about, verdict, header]) => ({ about, verdict, header }))

function deep(levels: number): string {
  const payload = usual().replace('"ada"', nested(levels))
  return headerOf(cut(seal(payload), payload.length > 3000 ? 4 : 1))
}

/** So many keys. */
function many(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, 'x'.repeat(80)]))
}
