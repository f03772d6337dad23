// The lower limit: only the runtime's own AES-256-GCM, JSON and base64url, without header, expiry
// and check of the form.

const IV = 12
const TAG = 16

const Buffer = globalThis.process?.getBuiltinModule?.('node:buffer')?.Buffer

export const rawNode = {
  name: 'limit: node:crypto',
  form: 'AES-256-GCM, JSON, base64url',
  async make(secret) {
    const crypto = process.getBuiltinModule('node:crypto')
    const key = crypto.createSecretKey(Buffer.from(secret, 'base64url'))
    return {
      seal(data) {
        const iv = crypto.randomBytes(IV)
        const cipher = crypto.createCipheriv('aes-256-gcm', key, iv)
        const ciphertext = cipher.update(JSON.stringify(data), 'utf8')
        cipher.final()
        return Buffer.concat([iv, ciphertext, cipher.getAuthTag()]).toString('base64url')
      },
      open(value) {
        const bytes = Buffer.from(value, 'base64url')
        const decipher = crypto.createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV))
        decipher.setAuthTag(bytes.subarray(-TAG))
        const plaintext = decipher.update(bytes.subarray(IV, -TAG))
        decipher.final()
        return JSON.parse(plaintext.toString())
      },
    }
  },
}

export const rawSubtle = {
  name: 'limit: crypto.subtle',
  form: 'AES-256-GCM, JSON, base64url',
  async make(secret) {
    const raw = decode(secret)
    const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
    const encoder = new TextEncoder()
    const decoder = new TextDecoder()
    return {
      async seal(data) {
        const iv = crypto.getRandomValues(new Uint8Array(IV))
        const plaintext = encoder.encode(JSON.stringify(data))
        const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plaintext)
        const bytes = new Uint8Array(IV + sealed.byteLength)
        bytes.set(iv)
        bytes.set(new Uint8Array(sealed), IV)
        return encode(bytes)
      },
      async open(value) {
        const bytes = decode(value)
        const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, IV) }
        const plaintext = await crypto.subtle.decrypt(algorithm, key, bytes.subarray(IV))
        return JSON.parse(decoder.decode(plaintext))
      },
    }
  },
}

/** The fastest implementation of the runtime, because this is the lower limit. */
const encode =
  Buffer !== undefined
    ? (bytes) => Buffer.from(bytes.buffer).toString('base64url')
    : (bytes) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })

const decode =
  Buffer !== undefined
    ? (text) => Buffer.from(text, 'base64url')
    : (text) => Uint8Array.fromBase64(text, { alphabet: 'base64url' })
