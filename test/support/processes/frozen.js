// Runs every call on a session in a realm where everything that the global object reaches was frozen
// before the library was loaded, as hardened JavaScript does. Prints, as JSON, how much was frozen
// and whether the results equal those of a process without the argument `frozen`.

import { countRandomBytes } from './counted.js'

/**
 * Values only: calling functions that the platform creates at first use would change the platform.
 */
function freezeAll(roots) {
  const seen = new Set()
  const waiting = [...roots]
  while (waiting.length > 0) {
    const value = waiting.pop()
    const isObject = typeof value === 'object' ? value !== null : typeof value === 'function'
    if (!isObject || seen.has(value)) continue
    seen.add(value)
    waiting.push(Object.getPrototypeOf(value))
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(value))) {
      waiting.push(descriptor.value, descriptor.get, descriptor.set)
    }
    Object.freeze(value)
  }
  return seen.size
}

/**
 * Hardened JavaScript does this for errors, because much code writes `this.name = …` in a constructor,
 * `jose` too: under a plain frozen prototype, that throws.
 */
function allowNames() {
  const { name, message } = Error.prototype
  for (const [key, usual] of Object.entries({ name, message })) {
    Reflect.defineProperty(Error.prototype, key, {
      get: () => usual,
      set(value) {
        Object.defineProperty(this, key, { value, writable: true, configurable: true })
      },
    })
  }
}

/**
 * Objects that no global name reaches: the prototypes of iterators, generators and async functions.
 */
const hidden = [
  [].values(),
  new Map().entries(),
  new Set().values(),
  ''[Symbol.iterator](),
  'x'.matchAll(/x/g),
  async () => {},
  (function* () {})(),
  (async function* () {})(),
]

/** Objects that Node itself changes while it runs. */
const LIVING = new Set(['process', 'console', 'global', 'globalThis', 'performance'])

const names = Object.getOwnPropertyNames(globalThis).filter((name) => !LIVING.has(name))
const isFrozen = process.argv.includes('frozen')
const engine = process.argv.includes('webcrypto') ? 'webcrypto' : 'node:crypto'
countRandomBytes()
if (engine === 'webcrypto') allowNames()
const frozen = isFrozen ? freezeAll([...names.map((name) => globalThis[name]), ...hidden]) : 0

const { createCookies, runScenario, createRecorded, createMessages, selectEngine } =
  await import('./scenario.js')
selectEngine(engine)
const prepared = await createCookies()
const results = await runScenario(createRecorded(), createMessages(prepared))

/**
 * Keys that are names on a frozen prototype, where an assignment to an inheriting object would
 * throw.
 */
const KEYS = ['toString', 'constructor', 'valueOf', 'hasOwnProperty', 'name', '__proto__', 'then']
const { sessions } = createRecorded()
const session = await sessions.open(null)
const nested = JSON.parse(`{${KEYS.map((key) => `"${key}":"${key}"`).join()}}`)
for (const key of KEYS) session.set(key, nested)
for (const key of KEYS) session.scope('in').set(key, key)
for (const key of KEYS) session.flash(key, key)
const lines = await sessions.setCookies(session)
const again = await sessions.open(lines.map((line) => line.split(';', 1)[0]).join('; '))
const keys = {
  keys: again.keys(),
  nested: Object.keys(again.get('toString')),
  scope: again.scope('in').keys(),
  messages: KEYS.map((key) => again.flash(key)),
  data: Object.keys(again.toJSON()),
}
console.log(JSON.stringify({ frozen, isFrozen: Object.isFrozen(Map.prototype), results, keys }))
