import secureSession from '@fastify/secure-session'
import fastify from 'fastify'
import sodium from 'sodium-native'

/** Only the box, as the plugin creates it: it contains only the data. */
export const secretbox = {
  name: 'libsodium',
  package: 'sodium-native',
  form: 'XSalsa20-Poly1305, native',
  async make(secret) {
    const key = Buffer.from(secret, 'base64url')
    return {
      seal(data) {
        const nonce = Buffer.allocUnsafe(sodium.crypto_secretbox_NONCEBYTES)
        sodium.randombytes_buf(nonce)
        const message = Buffer.from(JSON.stringify(data))
        const box = Buffer.allocUnsafe(message.length + sodium.crypto_secretbox_MACBYTES)
        sodium.crypto_secretbox_easy(box, message, nonce, key)
        return `${box.toString('base64')};${nonce.toString('base64')}`
      },
      open(value) {
        const [boxed = '', nonce = ''] = value.split(';')
        const box = Buffer.from(boxed, 'base64')
        const message = Buffer.allocUnsafe(box.length - sodium.crypto_secretbox_MACBYTES)
        const opens = sodium.crypto_secretbox_open_easy(
          message,
          box,
          Buffer.from(nonce, 'base64'),
          key,
        )
        return opens ? JSON.parse(message) : undefined
      },
    }
  },
}

export const fastifySecureSession = {
  name: '@fastify/secure-session',
  package: '@fastify/secure-session',
  form: 'XSalsa20-Poly1305, native',
  expires: true,
  note: 'its decorators `decodeSecureSession` and `encodeSecureSession`; no `Set-Cookie` line',
  async make(secret) {
    const app = fastify()
    await app.register(secureSession, { key: Buffer.from(secret, 'base64url') })
    await app.ready()
    const name = 'session='
    // The cookie plugin writes values with encodeURIComponent.
    const lineOf = (session) => [name + encodeURIComponent(app.encodeSecureSession(session))]
    const sessionOf = (cookie) =>
      app.decodeSecureSession(decodeURIComponent(cookie.slice(name.length)))
    return {
      write: (data) => lineOf(app.createSecureSession({ ...data })),
      read: (cookie) => sessionOf(cookie)?.data(),
      step(cookie, number) {
        const session = sessionOf(cookie)
        session.set('lastSeen', number)
        return lineOf(session)
      },
    }
  },
}
