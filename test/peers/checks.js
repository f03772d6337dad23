// The rows of the table: each asks one question about one library by using it, and returns the
// cell.

import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import passport from 'passport'
import { Browser } from './browser.js'
import { clock, inTurn } from './clock.js'

const NEW_SECRET = { number: 2, text: '2q7dHkXv0m3wTtJ5cYb8R1nGfLzE6uPsQyAo9KxViMI' }
const OLD_SECRET = { number: 1, text: 'Wn4sZ8aJ0lBq6TgUe2rXyV7hDkC3mFpO5iNvQ1tLxYc' }
const OTHER_SECRET = { number: 2, text: 'bV3xR9kMfT0yQ7wLz5uJ1cHn8sGdEa2oPi6XtKjYqWU' }
const secrets = [NEW_SECRET]

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Longer than any library tolerates for differences between clocks. */
const TOLERANCE = 5 * MINUTE

/** Milliseconds, many times what a login takes on a busy machine. */
const SILENCE = 10_000

const usual = { secrets, maxAge: 7 * DAY }
const user = { userId: 'u_51c0' }

/** The rows, in order. `numbers` differ by a few bytes from run to run if a library's do. */
export const rows = [
  { title: 'Encrypted', check: encrypted },
  { title: 'A former secret opens; the session moves to the newest', check: rotates },
  { title: 'The server checks an end inside the cookie', check: endIsChecked },
  { title: 'A lowered lifetime applies to sessions already out', check: lowerLifetimeApplies },
  { title: 'Idle timeout besides the absolute end', check: idleBesidesEnd },
  { title: 'Remember me: some sessions live longer', check: remembersSome },
  { title: '9 kB of data', check: nineKilobytes },
  { title: '70 kB of data', check: seventyKilobytes },
  { title: 'Shrinking to one cookie reads well', check: shrinks },
  { title: 'A small and a large write that overlap read well', check: overlaps },
  { title: 'Reading sets no session cookie', check: readingSetsNoCookie },
  { title: 'A `Date` in the data', check: dateInData },
  { title: 'A slow read, answered last, undoes a write', check: writeIsUndone },
  { title: 'A slow write in flight undoes a logout', check: logoutIsUndone },
  { title: 'A copy of the cookie, sent after the logout', check: copyAfterLogout },
  { title: 'Cache headers of responses that used it', check: cacheHeaders },
  { title: 'Passport signs in on it', check: passportSignsIn },
  { title: 'A forged or malformed cookie', check: forgedCookie },
  { title: 'Length of the cookie value, 132 bytes of JSON', check: lengthOf(132), numbers: true },
  { title: 'Length of the cookie value, 1 182 bytes', check: lengthOf(1182), numbers: true },
]

async function encrypted(library) {
  const marker = 'MARKER-3f9c'
  const { browser } = await signedIn(library, usual, { note: marker, at: 'x'.repeat(30) })
  const seen = browser.entries(library.cookieName).flatMap(([, value]) => readingsOf(value))
  return seen.some((text) => text.includes(marker)) ? 'no, signed' : 'yes'
}

async function rotates(library) {
  const { browser } = await signedIn(library, { ...usual, secrets: [OLD_SECRET] })
  const both = library.open({ ...usual, secrets: [NEW_SECRET, OLD_SECRET] })
  const newest = library.open(usual)
  const hasMoved = async (tab) => isSignedIn(await newest.read(tab.cookies))

  const reader = new Browser(browser)
  if (!isSignedIn(reader.receive(await both.read(reader.cookies)))) return 'no'
  if (await hasMoved(reader)) return 'yes, when read'
  const writer = new Browser(browser)
  writer.receive(await both.write(writer.cookies, { visits: 2 }))
  return (await hasMoved(writer)) ? 'yes, when written' : 'opens only'
}

async function endIsChecked(library) {
  const { app, browser } = await signedIn(library, { ...usual, maxAge: HOUR })
  const before = await readLater(app, browser, HOUR - TOLERANCE)
  const after = await readLater(app, browser, HOUR + TOLERANCE)
  if (!before) throw new Error(`${library.title} ended before its end`)
  return after ? 'no' : 'yes'
}

async function lowerLifetimeApplies(library) {
  const { browser } = await signedIn(library, usual)
  const lowered = library.open({ ...usual, maxAge: HOUR })
  return (await readLater(lowered, browser, 2 * HOUR)) ? 'no' : 'yes'
}

async function idleBesidesEnd(library) {
  const both = await lifetimes(library, { maxAge: 6 * HOUR, idle: HOUR }, 6 * HOUR)
  if (both.endsUnused && both.livesUsed && both.endsUsed) return 'yes'
  // With only one lifetime: what restarts it?
  const one = await lifetimes(library, { maxAge: HOUR }, 6 * HOUR)
  if (!one.endsUnused) return 'no, neither'
  if (one.livesUsed) return 'no, one end, moved by each read'
  return one.livesWritten ? 'no, one end, moved by each write' : 'no, the end only'
}

/** One session must live for a month, all others for an hour. */
async function remembersSome(library) {
  const { app, browser } = await signedIn(library, { ...usual, maxAge: HOUR, remember: 30 * DAY })
  if (app.remember === undefined) return 'no'
  const remembered = new Browser()
  remembered.receive(await app.remember('', user))
  const isShort = !(await readLater(app, browser, 2 * HOUR))
  const isLong = await readLater(app, remembered, 2 * HOUR)
  const hasEnd = !(await readLater(app, remembered, 31 * DAY))
  if (isLong && hasEnd) return isShort ? 'yes' : 'no, all do'
  return isLong ? 'in the browser alone' : 'no'
}

/** Signs in on the object that the library provides for a session, and checks the next request. */
async function passportSignsIn(library) {
  const app = library.open(usual)
  if (app.withSession === undefined) return '–'
  const browser = new Browser()
  let outcome
  const answer = await app.withSession('', async (request) => {
    outcome = await signInWithPassport(request)
  })
  browser.receive(answer)
  const { data } = await app.read(browser.cookies)
  return outcome === 'done' && data?.passport?.user === user.userId ? 'yes' : 'no'
}

/** Returns when Passport calls back, fails, or takes too long. */
function signInWithPassport(request) {
  const authenticator = new passport.Passport()
  authenticator.serializeUser(({ userId }, done) => done(null, userId))
  authenticator.use({
    name: 'known',
    authenticate() {
      this.success(user)
    },
  })
  const called = new Promise((resolve) => {
    const next = (error) => resolve(error ? 'failed' : 'done')
    authenticator.authenticate('known')(request, {}, next)
  }).catch(() => 'failed')
  const waiting = new AbortController()
  const silence = setTimeout(SILENCE, 'silent', { signal: waiting.signal })
  return Promise.race([called, silence]).finally(() => waiting.abort())
}

async function nineKilobytes(library) {
  const plain = await deliver(library, usual, 9_000)
  if (!library.large) return plain
  return `${plain}; ${await deliver(library, { ...usual, large: true }, 9_000)} with ${library.large}`
}

async function shrinks(library) {
  if (library.large === undefined) return '–'
  const { app, browser } = await signedIn(library, { ...usual, large: true }, large())
  const before = browser.entries(library.cookieName).length
  browser.receive(await app.write(browser.cookies, { blob: '' }))
  const after = browser.entries(library.cookieName).length
  if (before < 2 || after !== 1) return `no, ${after - 1} stale`
  return isSignedIn(await app.read(browser.cookies)) ? 'yes' : 'no'
}

/**
 * Two requests begin with the same cookies; one response makes them one cookie, the other several.
 */
async function overlaps(library) {
  if (library.large === undefined) return '–'
  const outcomes = []
  for (const start of [{ ...user, blob: '' }, large()]) {
    const { app, browser } = await signedIn(library, { ...usual, large: true }, start)
    const one = await app.write(browser.cookies, { blob: '' })
    const several = await app.write(browser.cookies, large())
    for (const order of [
      [one, several],
      [several, one],
    ]) {
      const tab = new Browser(browser)
      for (const answer of order) tab.receive(answer)
      outcomes.push(isSignedIn(await app.read(tab.cookies)))
    }
  }
  const lost = outcomes.filter((kept) => !kept).length
  return lost === 0 ? 'yes' : `no, lost in ${lost} of ${outcomes.length} orders`
}

async function seventyKilobytes(library) {
  return deliver(library, { ...usual, large: library.large !== undefined }, 70_000)
}

async function readingSetsNoCookie(library) {
  const { app, browser } = await signedIn(library, usual)
  const sets = ({ setCookies }) => setCookies.some((line) => line.startsWith(library.cookieName))
  const when = [
    ...(sets(await app.read('')) ? ['a first visit'] : []),
    ...(sets(await app.read(browser.cookies)) ? ['every read'] : []),
  ]
  if (when.length === 0) return 'yes'
  const isQuiet = !sets(await app.peek('')) && !sets(await app.peek(browser.cookies))
  return `no, ${when.join(' and ')}${isQuiet ? `; ${library.alternative}: yes` : ''}`
}

async function dateInData(library) {
  const app = library.open(usual)
  const browser = new Browser()
  const answer = await app.write('', { ...user, at: new Date() })
  if (answer.error) return 'refused'
  browser.receive(answer)
  const { at } = (await app.read(browser.cookies)).data
  return at instanceof Date ? 'kept' : `becomes a ${typeof at}`
}

/** Half an hour after the last write, when a renewal is due if use renews a session at all. */
async function writeIsUndone(library) {
  const { app, browser } = await signedIn(library, { ...usual, maxAge: HOUR })
  return clock.later(HOUR / 2, async () => {
    const slow = await app.read(browser.cookies)
    browser.receive(await app.write(browser.cookies, { ...user, visits: 2 }))
    browser.receive(slow)
    const { data } = await app.read(browser.cookies)
    return data.visits === 2 ? 'no' : 'yes'
  })
}

async function logoutIsUndone(library) {
  const { app, browser } = await signedIn(library, usual)
  const [slow, logout] = await Promise.all([
    app.write(browser.cookies, { visits: 2 }),
    app.logout(browser.cookies),
  ])
  browser.receive(logout)
  if (isSignedIn(await app.read(browser.cookies))) throw new Error(`${library.title} kept it`)
  browser.receive(slow)
  return isSignedIn(await app.read(browser.cookies)) ? 'yes' : 'no'
}

async function copyAfterLogout(library) {
  const { app, browser } = await signedIn(library, usual)
  const copy = browser.cookies
  await app.logout(browser.cookies)
  return isSignedIn(await app.read(copy)) ? 'opens' : 'refused'
}

async function cacheHeaders(library) {
  const { app, browser } = await signedIn(library, usual)
  const read = await app.read(browser.cookies)
  const write = await app.write(browser.cookies, { visits: 2 })
  const varies = ({ headers }) => /cookie/i.test(headers.get('vary') ?? '')
  const isUncached = ({ headers }) => /no-store/.test(headers.get('cache-control') ?? '')
  const said = [
    ...saidOn('`Vary: Cookie`', varies(read), varies(write)),
    ...saidOn('`no-store`', isUncached(read), isUncached(write)),
  ]
  return said.length === 0 ? 'none' : said.join('; ')
}

function saidOn(header, onRead, onWrite) {
  if (!onRead && !onWrite) return []
  return [onRead && onWrite ? header : `${header} on ${onRead ? 'reads' : 'writes'}`]
}

async function forgedCookie(library) {
  const { browser } = await signedIn(library, usual)
  const mallory = { userId: 'u_0000' }
  const other = await signedIn(library, { ...usual, secrets: [OTHER_SECRET] }, mallory)
  const several = await signedIn(library, { ...usual, large: true }, roomy(library))
  const headers = [
    other.browser.cookies,
    ...forgeries(browser.entries(library.cookieName)),
    ...holes(several.browser.entries(library.cookieName)),
  ]
  const { app } = several
  const genuine = await inTurn([browser, several.browser], (tab) => app.read(tab.cookies))
  const outcomes = new Set()
  for (const { data, error } of await inTurn(headers, app.read)) {
    // After a change of a bit without meaning, the session is the one that was sealed.
    if (genuine.some((answer) => isDeepStrictEqual(answer.data, data))) continue
    if (error) outcomes.add('exception')
    else outcomes.add(Object.keys(data).length > 0 ? 'accepted' : 'empty session')
  }
  return [...outcomes].join(' or ')
}

/** The mean over some sessions: base64 takes more room in a cookie if it has `+`, `/` and `=`. */
function lengthOf(bytes) {
  return async (library) => {
    const data = { userId: 'u_51c0', name: 'Ada', roles: ['editor'], note: '' }
    data.note = 'n'.repeat(bytes - JSON.stringify(data).length)
    const lengths = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const { browser } = await signedIn(library, usual, data)
        const cookies = browser.entries(library.cookieName)
        return cookies.reduce((sum, [, value]) => sum + value.length, 0)
      }),
    )
    return String(Math.round(lengths.reduce((sum, length) => sum + length) / lengths.length))
  }
}

/** Creates an application, and a browser that has a session of it. */
async function signedIn(library, config, data = user) {
  const app = library.open(config)
  const browser = new Browser()
  const { error } = browser.receive(await app.write('', data))
  if (error) throw new Error(`${library.title} wrote no session`, { cause: error })
  return { app, browser }
}

/** More than one cookie, if that is possible. */
function roomy(library) {
  return library.large === undefined ? user : large()
}

function large() {
  return { ...user, blob: 'b'.repeat(9_000) }
}

function isSignedIn({ data }) {
  return data?.userId === user.userId
}

async function readLater(app, browser, seconds) {
  return clock.later(seconds, async () => isSignedIn(await app.read(browser.cookies)))
}

/** Returns how a session ends that is unused, read, or written every twenty minutes. */
async function lifetimes(library, times, span) {
  const { app, browser } = await signedIn(library, { ...usual, ...times })
  const endsUnused = !(await readLater(app, browser, HOUR + TOLERANCE))

  const every = async (use, until) => {
    const tab = new Browser(browser)
    for (let at = HOUR / 3; at <= until; at += HOUR / 3) {
      await clock.later(at, async () => tab.receive(await use(tab.cookies)))
    }
    return readLater(app, tab, until + TOLERANCE)
  }
  return {
    endsUnused,
    livesUsed: await every(app.read, 3 * HOUR),
    livesWritten: await every((cookies) => app.write(cookies, user), 3 * HOUR),
    endsUsed: !(await every(app.read, span)),
  }
}

/** Returns the result of so many bytes of data, from the write to the cookies in the browser. */
async function deliver(library, config, bytes) {
  const app = library.open(config)
  const answer = await app.write('', { ...user, blob: 'b'.repeat(bytes) })
  if (answer.error) return answer.setCookies.length === 0 ? 'error' : 'error, after a write'
  const browser = new Browser()
  browser.receive(answer)
  if (browser.dropped > 0) return 'one cookie, dropped by browsers'
  const cookies = browser.entries(library.cookieName)
  const { data } = await app.read(browser.cookies)
  if (data.blob?.length !== bytes) throw new Error(`${library.title} lost ${bytes} bytes`)
  const total = cookies.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  return `${cookies.length} cookies, ${Math.round(total / 1000)} kB`
}

/** Returns a value, and the same decoded in every possible way. */
function readingsOf(value) {
  const text = decodeURIComponent(value)
  const parts = [text, ...text.split(/[^\w+/=-]/)]
  return [
    text,
    ...parts.flatMap((part) =>
      ['base64', 'base64url', 'hex'].map((encoding) => Buffer.from(part, encoding).toString()),
    ),
  ]
}

/** `Cookie` headers from a valid one: without one of its cookies, or in another order. */
function holes(cookies) {
  return [
    ...cookies.map((_, at) => header(cookies.toSpliced(at, 1))),
    header(cookies.map(([name], at) => [name, cookies.at(at - 1)[1]])),
  ].filter((cookie) => cookie !== '')
}

/**
 * `Cookie` headers from a valid one: truncated, changed at many positions, and entirely foreign.
 */
function forgeries(cookies) {
  const strange = [
    '',
    '.',
    '..',
    '....',
    'null',
    '{}',
    'e30',
    '%',
    '%E0%A4',
    'a%3Bb',
    ';',
    '~2',
    '1.',
    '9.e',
    '__chunked__9',
  ]
  return cookies.flatMap(([name, value], at) => {
    const replaced = (text) => header(cookies.with(at, [name, text]))
    const step = Math.ceil(value.length / 24)
    const places = Array.from({ length: 24 }, (_, n) => n * step).filter((n) => n < value.length)
    return [
      ...strange.map(replaced),
      ...[1, 2, 5, 40].map((cut) => replaced(value.slice(0, -cut))),
      ...places.map((n) => replaced(value.slice(0, n) + otherThan(value[n]) + value.slice(n + 1))),
    ]
  })
}

function header(cookies) {
  return cookies.map(([name, value]) => `${name}=${value}`).join('; ')
}

function otherThan(character) {
  return character === 'A' ? 'B' : 'A'
}
