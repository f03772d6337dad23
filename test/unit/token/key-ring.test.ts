import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeJoseKey } from '../../../src/token/jwe-jose.ts'
import { nodeKeys } from '../../../src/token/jwe-node.ts'
import type { MakeKey } from '../../../src/token/jwe.ts'
import { createKeyRing } from '../../../src/token/key-ring.ts'
import type { Purpose } from '../../../src/token/key-ring.ts'
import { parseSecrets } from '../../../src/token/secrets.ts'

const ONE = 'qk0mVbYp3TzX9cWuE6rJd1HsLfGa8NtOiR5wKxZy7Qg'
const TWO = 'F2nB8vCx4ZlK0jHgD6sAqWeRtYuI1oPm9N7b5V3cXzU'
const DAY = 20_000
const NAME = '__Host-session'
const WEEK = 604_800

const ringOf = (secrets: unknown, name = NAME, lifetime = WEEK, makeKey: MakeKey = makeJoseKey) =>
  createKeyRing(parseSecrets(secrets, 0), name, lifetime, makeKey)

/** The 256 bits that a ring passes to its engine. */
async function bytesOf(secrets: unknown, purpose: Purpose, day: number, name = NAME) {
  let given: Uint8Array | undefined
  const engine: MakeKey = (keyId, bytes) => {
    // Copies the bytes, because an engine may overwrite them.
    given = bytes.slice()
    return makeJoseKey(keyId, bytes)
  }
  await ringOf(secrets, name, WEEK, engine).sealing(purpose, day, 0)
  return Buffer.from(given ?? []).toString('hex')
}

/** RFC 5869 by another implementation, as docs/format.md describes it. */
const hkdf = (secret: string, info: string, length: number) =>
  Buffer.from(hkdfSync('sha256', secret, '', info, length))

const idOf = (secret: string) => hkdf(secret, 'sealed-session/1 id', 3).toString('base64url')

/** @param text a purpose text, which follows the name */
const keyOf = (secret: string, kind: string, day: number, name: string, text?: string) =>
  hkdf(
    secret,
    ['sealed-session/1', kind, day, name, ...(text === undefined ? [] : [text])].join(' '),
    32,
  )

const PURPOSES: readonly Purpose[] = ['cookie', 'ticket', 'token', 'token password reset']

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the derivation', () => {
  test('gives these fixed ids and keys, which may never change', async () => {
    expect(idOf(ONE)).toBe('K2Oh')
    expect(keyOf(ONE, 'cookie', DAY, NAME).toString('hex')).toBe(
      'caf851fda3cfc9779e64ace07ee6a69cf3dcfe1ecd482e71384ccac8dc722785',
    )
    const { id, day } = await ringOf(ONE).sealing('cookie', DAY, 0)
    expect([id, day]).toEqual(['K2Oh', DAY])
    expect(await bytesOf(ONE, 'cookie', DAY)).toBe(keyOf(ONE, 'cookie', DAY, NAME).toString('hex'))
  })

  const engines = [
    ['jose', makeJoseKey],
    ['node:crypto', nodeKeys()],
  ] as const
  test.each(
    engines.flatMap(([name, makeKey]) => PURPOSES.map((purpose) => ({ name, makeKey, purpose }))),
  )(
    'gives $name the key for "$purpose" that another HKDF gives: one opens what the other seals',
    async ({ makeKey, purpose }) => {
      const dayKey = await ringOf(ONE, NAME, WEEK, makeKey).sealing(purpose, DAY, 0)
      const [kind = '', ...text] = purpose.split(' ')
      const raw = keyOf(ONE, kind, DAY, NAME, ...(text.length > 0 ? [text.join(' ')] : []))
      const { id } = dayKey
      expect(decrypt(await dayKey.seal('from the ring'), raw, id)).toBe('from the ring')
      expect(await dayKey.open(encrypt('to the ring', raw, id))).toBe('to the ring')
    },
  )

  test('takes the UTF-8 bytes of a string', async () => {
    const secret = 'żółćęśąźń-αβγδεζηθ-ЖЩЪЫЭЮЯ'
    const { id } = await ringOf([secret]).sealing('cookie', DAY, 0)
    expect(id).toBe(idOf(secret))
    expect(await bytesOf([secret], 'cookie', DAY)).toBe(
      keyOf(secret, 'cookie', DAY, NAME).toString('hex'),
    )
  })

  test('takes the bytes of a JWK, which need not be UTF-8', async () => {
    const bytes = hkdf(ONE, 'any 32 bytes', 32)
    const keys = [{ kty: 'oct', k: bytes.toString('base64url') }]
    const info = `sealed-session/1 cookie ${DAY} ${NAME}`
    const derived = Buffer.from(hkdfSync('sha256', bytes, '', info, 32)).toString('hex')
    expect(await bytesOf({ keys }, 'cookie', DAY)).toBe(derived)
  })

  test('does not change with the name that an application gives a secret', async () => {
    const spring = [{ secret: ONE, id: 'spring' }]
    expect((await ringOf(spring).sealing('cookie', DAY, 0)).id).toBe('spring')
    expect(await bytesOf(spring, 'cookie', DAY)).toBe(await bytesOf(ONE, 'cookie', DAY))
  })

  test('gives a different key for another secret, purpose, day, cookie name or purpose text', async () => {
    const keys = await Promise.all([
      bytesOf(ONE, 'cookie', DAY),
      bytesOf(TWO, 'cookie', DAY),
      bytesOf(ONE, 'cookie', DAY + 1),
      bytesOf(ONE, 'cookie', DAY, '__Host-other'),
      bytesOf(ONE, 'ticket', DAY),
      bytesOf(ONE, 'token', DAY),
      bytesOf(ONE, 'token ', DAY),
      bytesOf(ONE, 'token a', DAY),
      bytesOf(ONE, 'token A', DAY),
      bytesOf(ONE, 'token a ', DAY),
      bytesOf(ONE, 'token a b', DAY),
      bytesOf(ONE, 'token a  b', DAY),
      bytesOf(ONE, 'token \u00e9', DAY),
      bytesOf(ONE, 'token e\u0301', DAY),
    ])
    expect(new Set(keys).size).toBe(14)
    expect(await bytesOf(ONE, 'cookie', DAY)).toBe(keys[0])
  })

  test('takes the UTF-8 bytes of a purpose text, without normalization', async () => {
    for (const text of ['password reset', ' a  b ', 'Einladung für Zoë 🦊', `cookie ${DAY}`]) {
      const key = keyOf(ONE, 'token', DAY, NAME, text).toString('hex')
      expect(await bytesOf(ONE, `token ${text}`, DAY), text).toBe(key)
    }
  })

  test('does not depend on the lifetime, which only bounds the cache', async () => {
    const token = await (await ringOf(ONE, NAME, 60).sealing('cookie', DAY, 0)).seal('x')
    expect(await (await ringOf(ONE, NAME, 6e6).sealing('cookie', DAY, 0)).open(token)).toBe('x')
  })
})

describe('the ring', () => {
  test('seals with the first secret and opens with all, newest first', async () => {
    const ring = ringOf([TWO, ONE])
    expect((await ring.sealing('cookie', DAY, 0)).id).toBe(idOf(TWO))
    for (const secret of [ONE, TWO]) {
      // oxlint-disable-next-line no-await-in-loop
      const dayKey = await ring.opening('cookie', idOf(secret), DAY)
      expect(dayKey?.id).toBe(idOf(secret))
    }
  })

  test('opens values of an older ring after a newer secret was put first', async () => {
    const token = await (await ringOf(ONE).sealing('cookie', DAY, 0)).seal('before')
    const key = await ringOf([TWO, ONE]).opening('cookie', idOf(ONE), DAY)
    expect(await key?.open(token)).toBe('before')
  })

  test.each(['', 'zzzz', 'K2Oh ', 'k2oh', '__proto__', 'constructor', '0'])(
    'has no key for an id that no secret has: %j',
    async (id) => {
      expect(await ringOf(ONE).opening('cookie', id, DAY)).toBeUndefined()
    },
  )

  test('seals with the first active secret, from the exact second', async () => {
    const ring = ringOf([{ secret: TWO, activeFrom: 1000 }, ONE])
    expect((await ring.sealing('cookie', 0, 999)).id).toBe(idOf(ONE))
    expect((await ring.sealing('cookie', 0, 1000)).id).toBe(idOf(TWO))
    expect((await ring.opening('cookie', idOf(TWO), 0))?.id).toBe(idOf(TWO))
  })

  test('reports the configured secrets, before and after their keys are derived', async () => {
    const ring = ringOf([TWO, { secret: ONE, id: 'spring', activeFrom: 1000 }])
    const answers = async () => [
      await ring.has(idOf(TWO)),
      await ring.has('spring'),
      await ring.has(idOf(ONE)),
      await ring.has('__proto__'),
    ]
    expect(await answers()).toEqual([true, true, false, false])
    await ring.sealing('cookie', DAY, 0)
    expect(ring.has('spring')).toBe(true)
    expect(await answers()).toEqual([true, true, false, false])
  })

  test('throws when it seals while no secret is active', async () => {
    await expect(
      ringOf([{ secret: ONE, activeFrom: 1000 }]).sealing('cookie', 0, 999),
    ).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', option: 'secrets' })
  })

  test('rejects a chosen id that is the derived id of another secret', async () => {
    const ring = ringOf([{ secret: TWO, id: idOf(ONE) }, ONE])
    await expect(ring.sealing('cookie', DAY, 0)).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      option: 'secrets',
    })
  })

  test('imports only non-extractable keys', async () => {
    const imports = vi.spyOn(crypto.subtle, 'importKey')
    const dayKey = await ringOf(ONE).sealing('cookie', DAY, 0)
    expect(Object.keys(dayKey).toSorted()).toEqual(['day', 'id', 'open', 'seal'])
    expect(imports.mock.calls.length).toBeGreaterThan(0)
    // The fourth argument is `extractable`.
    expect(imports.mock.calls.map(([, , , extractable]) => extractable)).not.toContain(true)
  })
})

describe('the derivation cost', () => {
  const spies = () => [
    vi.spyOn(crypto.subtle, 'importKey'),
    vi.spyOn(crypto.subtle, 'deriveBits'),
    vi.spyOn(crypto.subtle, 'deriveKey'),
    vi.spyOn(crypto.subtle, 'encrypt'),
  ]
  const calls = (spied: ReturnType<typeof spies>) => spied.map((spy) => spy.mock.calls.length)

  test('is zero before the first use', async () => {
    const spied = spies()
    const ring = ringOf([TWO, ONE])
    await Promise.resolve()
    expect(calls(spied)).toEqual([0, 0, 0, 0])
    await ring.sealing('cookie', DAY, 0)
    // Two secrets with their ids, and one key.
    expect(calls(spied)).toEqual([3, 3, 0, 0])
  })

  test('is zero for a second use of the same day', async () => {
    const ring = ringOf([TWO, ONE])
    const first = await ring.sealing('cookie', DAY, 0)
    await ring.opening('token', idOf(ONE), DAY)
    const spied = spies()
    expect(await ring.sealing('cookie', DAY, 0)).toBe(first)
    expect(await ring.opening('cookie', idOf(TWO), DAY)).toBe(first)
    await ring.opening('token', idOf(ONE), DAY)
    expect(calls(spied)).toEqual([0, 0, 0, 0])
  })

  test('is one key for each other day, purpose or secret', async () => {
    const ring = ringOf([TWO, ONE])
    await ring.sealing('cookie', DAY, 0)
    const spied = spies()
    await ring.sealing('cookie', DAY + 1, 0)
    await ring.sealing('token', DAY, 0)
    await ring.opening('cookie', idOf(ONE), DAY)
    expect(calls(spied)).toEqual([3, 3, 0, 0])
  })

  test('is zero for an unknown id', async () => {
    const ring = ringOf(ONE)
    await ring.sealing('cookie', DAY, 0)
    const spied = spies()
    await ring.opening('cookie', 'zzzz', DAY)
    expect(calls(spied)).toEqual([0, 0, 0, 0])
  })

  test('is one key for two concurrent requests', async () => {
    const ring = ringOf(ONE)
    const [one, two] = await Promise.all([
      ring.sealing('cookie', DAY, 0),
      ring.sealing('cookie', DAY, 0),
    ])
    expect(await two.open(await one.seal('x'))).toBe('x')
  })

  test('includes dropping a key when no token of its day can be valid', async () => {
    const ring = ringOf(ONE, NAME, 3 * 86_400)
    const old = await ring.sealing('cookie', DAY, 0)
    await ring.sealing('cookie', DAY + 5, 0)
    expect(await ring.sealing('cookie', DAY, 0)).toBe(old)
    await ring.sealing('cookie', DAY + 6, 0)
    expect(await ring.sealing('cookie', DAY, 0)).not.toBe(old)
  })

  test('includes dropping it even if only another secret or purpose is used by then', async () => {
    const made: object[] = []
    const ring = ringOf([ONE, TWO], NAME, 3 * 86_400, async (keyId, bytes) => {
      const key = await makeJoseKey(keyId, bytes)
      made.push(key)
      return key
    })
    const openingKeys = () =>
      Promise.all([
        ring.opening('cookie', idOf(TWO), DAY),
        ring.opening('token', idOf(TWO), DAY),
        ring.opening('token', idOf(ONE), DAY),
        ring.opening('ticket', idOf(ONE), DAY),
        ring.opening('token password reset', idOf(ONE), DAY),
      ])
    const old = await openingKeys()
    expect(await openingKeys()).toEqual(old)
    expect(made).toHaveLength(5)
    await ring.sealing('cookie', DAY + 6, 0)
    const again = await openingKeys()
    expect(again.map((key, index) => key === old[index])).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })

  test('includes dropping keys of purpose texts except the last ones, but of no other purpose', async () => {
    const ring = ringOf(ONE)
    const others = ['cookie', 'ticket', 'token'] as const
    const kept = await Promise.all(others.map(async (purpose) => ring.sealing(purpose, DAY, 0)))
    const keys: object[] = []
    for (let user = 0; user < 40; user++) keys.push(await ring.sealing(`token ${user}`, DAY, 0))
    const spied = spies()
    for (const [index, purpose] of others.entries()) {
      expect(await ring.sealing(purpose, DAY, 0)).toBe(kept[index])
    }
    for (let user = 39; user > 39 - 29; user--) {
      expect(await ring.sealing(`token ${user}`, DAY, 0)).toBe(keys[user])
    }
    expect(calls(spied)).toEqual([0, 0, 0, 0])
    // A dropped key is derived again, and opens what it sealed before.
    const [first] = keys
    const again = await ring.sealing('token 0', DAY, 0)
    expect(again).not.toBe(first)
    expect(calls(spied)).toEqual([1, 1, 0, 0])
  })
})

/** Opens `<iv>.<ciphertext>.<tag>` with only AES-256-GCM. */
function decrypt(sealed: string, key: Buffer, id: string): string {
  const [iv = '', ciphertext = '', tag = ''] = sealed.split('.')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
  decipher.setAAD(encodeHeader(id)).setAuthTag(Buffer.from(tag, 'base64url'))
  return decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8')
}

function encrypt(text: string, key: Buffer, id: string): string {
  const iv = Buffer.alloc(12, 7)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(encodeHeader(id))
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

function encodeHeader(id: string): Buffer {
  const json = `{"alg":"dir","enc":"A256GCM","kid":"${id}.${DAY}"}`
  return Buffer.from(Buffer.from(json).toString('base64url'))
}
