// Failures of keys, ciphers and random bytes. Rows X1 to X12 of faults.md.

import nodeCrypto from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { catchAsyncError } from '../support/errors.ts'
import {
  ALL_USES,
  ENGINES,
  READING_USES,
  RESULTS,
  WRITING_USES,
  isPending,
  holdOnce,
} from '../support/faulty.ts'
import { usesOf } from '../support/faulty.ts'
import type { Engine } from '../support/faulty.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { OLDER_SECRET, SECRET, untyped } from '../support/mint.ts'
import { cookieOf, setUp, setUser } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const ODD: unknown[] = [new Error('the device is gone'), 'a text', undefined]

/** A fault that happens once. */
const MODES = {
  rejects: (error: unknown) => Promise.reject(error),
  throws: (error: unknown) => {
    throw error
  },
}
const modes = ['rejects', 'throws'] as const

/** Creates sessions that have derived nothing yet, and cookies to open. */
async function fresh(engine: Engine) {
  const { sessions, make, events } = setUp({}, engine)
  const cookie = await cookieOf(sessions)
  const token = await sessions.seal(await sessions.open(cookie))
  const start = () => {
    const cold = make()
    return { sessions: cold, uses: usesOf(cold, cookie, token) }
  }
  return { start, cookie, token, events }
}

describe.each(ENGINES)('with %s', (engine) => {
  test.each(modes)(
    'X1: an import that %s once reaches the caller, and is not cached',
    async (mode) => {
      const { start } = await fresh(engine)
      const importKey = vi.spyOn(crypto.subtle, 'importKey')
      for (const error of ODD) {
        for (const use of ALL_USES) {
          const { uses } = start()
          importKey.mockImplementationOnce(() => MODES[mode](error))
          expect(await catchAsyncError(uses[use]())).toBe(error)
          expect(await uses[use]()).toBe(RESULTS[use])
        }
      }
    },
  )

  test.each(modes)(
    'X2: a derivation that %s once, of the id or of the key, reaches the caller and is not cached',
    async (mode) => {
      const { start } = await fresh(engine)
      const { deriveBits } = crypto.subtle
      const derive = vi.spyOn(crypto.subtle, 'deriveBits')
      for (const error of ODD) {
        for (const use of ALL_USES) {
          for (const bits of [24, 256]) {
            const { uses } = start()
            let failed = 0
            derive.mockImplementation((...given) => {
              const fails = given[2] === bits && failed++ === 0
              return fails ? MODES[mode](error) : deriveBits.apply(crypto.subtle, given)
            })
            expect(await catchAsyncError(uses[use]())).toBe(error)
            expect(await uses[use]()).toBe(RESULTS[use])
          }
        }
      }
    },
  )

  test.each(['importKey', 'deriveBits'] as const)(
    'X3: a call of %s that never settles delays only its own request',
    async (name) => {
      const { start } = await fresh(engine)
      const spy = vi.spyOn(crypto.subtle, name)
      for (const use of ALL_USES) {
        const { uses } = start()
        const reached = holdOnce(spy)
        const held = uses[use]()
        await reached
        expect(await isPending(held)).toBe(true)
        for (const other of ALL_USES) expect(await uses[other]()).toBe(RESULTS[other])
        expect(await isPending(held)).toBe(true)
      }
    },
  )

  test('X4: one of several secrets that cannot be imported fails the whole first use, not only its own part', async () => {
    const { cookie } = await fresh(engine)
    const sessions = setUp({ secrets: [OLDER_SECRET, SECRET] }, engine).make()
    const error = new Error('the device is gone')
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(error)
    expect(await catchAsyncError(sessions.open(cookie))).toBe(error)
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
    expect((await sessions.open(await cookieOf(sessions))).get('user')).toBe('ada')
  })

  test('X5: a sealing that fails reaches the caller, writes nothing, and the session can be committed again', async () => {
    const { start } = await fresh(engine)
    const error = new Error('no entropy left')
    for (const use of WRITING_USES) {
      const { uses } = start()
      failOnce(engine, 'seal', error)
      expect(await catchAsyncError(uses[use]())).toBe(error)
      expect(await uses[use]()).toBe(RESULTS[use])
    }
    const { sessions } = start()
    const session = await sessions.open(null)
    setUser(session)
    failOnce(engine, 'seal', error)
    const response = new Response('text')
    expect(await catchAsyncError(sessions.commit(session, response))).toBe(error)
    expect([...response.headers.keys()]).toEqual(['content-type'])
    session.set('more', 1)
    const cookie = pairsOf(await sessions.setCookies(session))
    expect((await sessions.open(cookie)).toJSON()).toEqual({ user: 'ada', more: 1 })
  })

  test('X8: a random source that throws reaches the caller, and the session does not change', async () => {
    const { start } = await fresh(engine)
    const { sessions } = start()
    const error = new Error('no entropy left')
    const session = await sessions.open(null)
    const random = vi.spyOn(crypto, 'getRandomValues').mockImplementation(() => {
      throw error
    })
    expect(() => setUser(session)).toThrow(error)
    expect(() => session.csrfToken()).toThrow(error)
    expect(() => session.flash('note', 'hello')).toThrow(error)
    expect([session.isEmpty, session.id, session.keys()]).toEqual([true, undefined, []])
    expect(await sessions.setCookies(session)).toEqual([])
    random.mockRestore()
    expect(await sessions.open(await cookieOf(sessions))).toMatchObject({ size: 1 })
  })

  test('X9: a random source that is constant or repeats is not detected: ids and IVs are its output', async () => {
    const { start } = await fresh(engine)
    const { sessions } = start()
    let draws = 0
    const fill = <T extends ArrayBufferView | null>(array: T): T => {
      if (array instanceof Uint8Array) array.fill(draws++ % 4 < 2 ? 1 : 2)
      return array
    }
    vi.spyOn(crypto, 'getRandomValues').mockImplementation(fill)
    vi.spyOn(nodeCrypto, 'randomFillSync').mockImplementation(fill)
    const made = []
    for (const user of ['ada', 'bea', 'cay', 'dot']) {
      const cookie = await cookieOf(sessions, (session) => session.set('user', user))
      const { id } = await sessions.open(cookie)
      made.push({ user: (await sessions.open(cookie)).get('user'), id, iv: cookie.split('.')[2] })
    }
    expect(made.map(({ user }) => user)).toEqual(['ada', 'bea', 'cay', 'dot'])
    expect(new Set(made.map(({ id }) => id)).size).toBe(2)
    expect(new Set(made.map(({ iv }) => iv)).size).toBe(2)
  })
})

test('X6: a decryption that node:crypto cannot begin reaches the caller, and is not cached', async () => {
  const { start } = await fresh('node:crypto')
  const error = new Error('no such cipher')
  for (const use of READING_USES) {
    const { uses } = start()
    failOnce('node:crypto', 'open', error)
    expect(await catchAsyncError(uses[use]())).toBe(error)
    expect(await uses[use]()).toBe(RESULTS[use])
  }
})

test.each(modes)(
  'X7: a decryption that %s in WebCrypto is undecryptable, as jose reports it, and never a session',
  async (mode) => {
    const { start, cookie, events } = await fresh('webcrypto')
    const { sessions } = start()
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    for (const error of ODD) {
      decrypt.mockImplementationOnce(() => MODES[mode](error))
      const session = await sessions.open(cookie)
      expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'undecryptable' }, true])
      expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'undecryptable' })
      expect(await sessions.setCookies(session)).toEqual([])
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
    }
  },
)

test.each([
  ['encrypt', WRITING_USES],
  ['decrypt', READING_USES],
] as const)(
  'X10: a call of %s that never settles delays only its own request',
  async (name, held) => {
    const { start } = await fresh('webcrypto')
    const spy = vi.spyOn(crypto.subtle, name)
    for (const use of held) {
      const { uses } = start()
      const reached = holdOnce(spy)
      const first = uses[use]()
      await reached
      expect(await isPending(first)).toBe(true)
      for (const other of ALL_USES) expect(await uses[other]()).toBe(RESULTS[other])
    }
  },
)

const builtins: readonly (readonly [string, () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error('not implemented')
    },
  ],
  ['gives nothing', () => undefined],
  ['gives an empty module', () => ({})],
  ['gives a cipher whose tag is zero', brokenCrypto],
]
test.each(builtins)(
  'X11: if getBuiltinModule %s, WebCrypto seals values that node:crypto opens elsewhere',
  async (_, getBuiltinModule) => {
    const encrypt = vi.spyOn(crypto.subtle, 'encrypt')
    const builtin = vi.spyOn(process, 'getBuiltinModule')
    builtin.mockImplementation(untyped(getBuiltinModule))
    const { sessions } = setUp()
    builtin.mockRestore()
    const cookie = await cookieOf(sessions)
    expect(encrypt).toHaveBeenCalledTimes(1)
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
    expect((await setUp().sessions.open(cookie)).get('user')).toBe('ada')
    expect(encrypt).toHaveBeenCalledTimes(1)
  },
)

function brokenCrypto(): unknown {
  const createCipheriv = (...given: Parameters<typeof nodeCrypto.createCipheriv>) => {
    const cipher: object = nodeCrypto.createCipheriv(...given)
    return Object.assign(cipher, { getAuthTag: () => Buffer.alloc(16) })
  }
  return { ...nodeCrypto, Buffer, createCipheriv }
}

test('X12: a node:crypto that breaks after it was chosen fails the write, and never seals a session partly', async () => {
  const { sessions, make } = setUp()
  const cookie = await cookieOf(sessions)
  const error = new Error('provider unloaded')
  vi.spyOn(nodeCrypto, 'createCipheriv').mockImplementation(() => {
    throw error
  })
  const session = await sessions.open(cookie)
  session.set('visits', 1)
  expect(await catchAsyncError(sessions.setCookies(session))).toBe(error)
  // Later sessions find out when they try it, and use the other engine.
  expect((await make().open(await cookieOf(make()))).get('user')).toBe('ada')
})

function failOnce(engine: Engine, what: 'seal' | 'open', error: unknown): void {
  const fail = () => {
    throw error
  }
  if (engine === 'webcrypto') {
    vi.spyOn(crypto.subtle, what === 'seal' ? 'encrypt' : 'decrypt').mockImplementationOnce(fail)
  } else {
    const name = what === 'seal' ? 'createCipheriv' : 'createDecipheriv'
    vi.spyOn(nodeCrypto, name).mockImplementationOnce(fail)
  }
}
