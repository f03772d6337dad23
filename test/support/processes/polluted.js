// Compares the results of a scenario with a polluted `Object.prototype` to those without. Pollutes
// it with every identifier in the source of this library, of `jose` and of `cookie`, with values of
// every type, before the sessions are created or after. Prints the differences, as JSON.

import { readFileSync, readdirSync } from 'node:fs'
import { countRandomBytes } from './counted.js'
import {
  createCookies,
  runScenario,
  createRecorded,
  createMessages,
  selectEngine,
} from './scenario.js'

/** Names on which the language and the platform fail by themselves, with or without this library. */
const THEIRS = new Set(['get', 'set', 'return', 'length', 'required', 'stream'])

/** Names that jose reads from its own objects, in the engine for runtimes without `node:crypto`. */
const JOSE = [
  'aad',
  'crit',
  'encrypted_key',
  'fromBase64',
  'hash',
  'toBase64',
  'unprotected',
  'zip',
]

const VALUES = ['x', 1, true, null, {}, ['x']]

/** Values that would do harm if they were used. */
const HOSTILE = {
  cookies: ['__Host-session=1'],
  claims: { id: 'x', startedAt: 0, sealedAt: 0, expiresAt: 9e9, stamps: ['AbCd'] },
  reason: 'expired',
  domain: 'evil.example',
  path: '/evil',
  secure: false,
  sameSite: 'none',
  priority: 'low',
  maxAge: 1,
  expires: new Date(0),
  idleTimeout: false,
  touchInterval: 0,
  clockTolerance: 60,
  validAfter: 9e9,
  lifetimes: { evil: { maxAge: 1 } },
  lifetime: 'evil',
  persistent: true,
  secretsGrace: 1,
  secretsRefresh: 1,
  limits: 'browsers',
  preset: 'browsers',
  requestHeader: 1,
  keep: ['admin', 'user', 'cart'],
  scopes: ['shop'],
  c: 'AAAAAAAAAAAAAAAAAAAAAA',
  t: 1,
  s: { shop: [{ open: 'evil' }, {}] },
  f: [['note', 'evil']],
  o: 'AbCd',
  l: 'remembered',
  data: { user: 'eve' },
  more: { t: 1 },
  id: 'next',
  activeFrom: 9e9,
  keys: [{ kty: 'oct', k: 'A'.repeat(43) }],
  kty: 'RSA',
  version: '2.0',
  property: 'user',
  statusCode: 500,
  multiValueHeaders: { 'x-evil': ['1'] },
  authTagLength: 4,
}

const library = new URL('../../../dist/', import.meta.url)
const modules = new URL('../../../node_modules/', import.meta.url)
const folders = [
  library,
  new URL('cookie/dist/', modules),
  ...['lib/', 'jwe/compact/', 'jwe/flattened/'].map(
    (name) => new URL(`jose/dist/webapi/${name}`, modules),
  ),
]
const words = [...new Set(folders.flatMap(wordsOf))].filter(
  (word) => !(word in {}) && !THEIRS.has(word),
)

function wordsOf(folder) {
  return readdirSync(folder, { recursive: folder === library })
    .filter((name) => name.endsWith('.js') && !name.startsWith('bin/'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').match(/[A-Za-z_$][\w$]*/g) ?? [])
}

const differences = []
const acceptedForgeries = []
let runs = 0
for (const engine of ['node:crypto', 'webcrypto']) {
  selectEngine(engine)
  countRandomBytes()
  const prepared = await createCookies()
  const usual = JSON.stringify(await runUnder({}, 'before', prepared))
  const fair = engine === 'webcrypto' ? words.filter((word) => !JOSE.includes(word)) : words
  for (const when of ['before', 'after']) {
    const isUsual = async (pollution) =>
      JSON.stringify(await runUnder(Object.fromEntries(pollution), when, prepared)) === usual
    const found = [await findCause(Object.entries(HOSTILE), isUsual)]
    for (const value of VALUES) {
      found.push(
        await findCause(
          fair.map((word) => [word, value]),
          isUsual,
        ),
      )
    }
    for (const culprits of found) {
      if (culprits.length > 0) differences.push({ engine, when, culprits: culprits.slice(0, 10) })
    }

    for (const name of engine === 'webcrypto' ? JOSE : []) {
      for (const value of ['x', 'DEF', true, {}, ['x']]) {
        const results = await runUnder({ [name]: value }, when, prepared)
        for (const kind of ['altered', 'incomplete', 'removed', 'idle', 'nonsense']) {
          if (!isNothing(results, kind)) acceptedForgeries.push({ when, name, value, kind })
        }
      }
    }
  }
}
console.log(JSON.stringify({ words: words.length, runs, differences, acceptedForgeries }))

/**
 * Binary search for the smallest part of a pollution that makes a difference together with
 * `others`. Empty if none does.
 */
async function findCause(pollution, isUsual, others = []) {
  if (await isUsual([...others, ...pollution])) return []
  if (pollution.length === 1) return pollution
  const middle = Math.ceil(pollution.length / 2)
  const [first, second] = [pollution.slice(0, middle), pollution.slice(middle)]
  const alone = [
    await findCause(first, isUsual, others),
    await findCause(second, isUsual, others),
  ].flat()
  if (alone.length > 0) return alone
  // Each half needs a part of the other.
  const culprits = await findCause(first, isUsual, [...others, ...second])
  return [...culprits, ...(await findCause(second, isUsual, [...others, ...culprits]))]
}

async function runUnder(pollution, when, prepared) {
  runs++
  const ready = createMessages(prepared)
  countRandomBytes()
  const early = when === 'after' ? createRecorded() : undefined
  for (const [name, value] of Object.entries(pollution)) {
    // Like a careless merge of JSON, which knows no property attributes.
    Reflect.set(Object.prototype, name, value)
  }
  try {
    return await runScenario(early ?? createRecorded(), ready)
  } catch (error) {
    return { thrown: String(error) }
  } finally {
    for (const name of Object.keys(pollution)) delete Object.prototype[name]
    // An interrupted run leaves work that would draw random bytes of the next one.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Whether a bad cookie became an empty session or an error. */
function isNothing(results, kind) {
  if ('thrown' in results) return true
  const [, session] = results.find(([of]) => of === kind)
  return session.entries.length === 0 && session.rejection !== undefined
}
