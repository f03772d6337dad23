import { RequestCookies, ResponseCookies } from '@edge-runtime/cookies'

// Imported by its file, because the package's entry needs the whole of Next.js.
const store = new URL(
  '../node_modules/@auth0/nextjs-auth0/dist/server/session/stateless-session-store.js',
  import.meta.url,
)
const { StatelessSessionStore } = await import(store.href)

export const nextjsAuth0 = {
  name: '@auth0/nextjs-auth0',
  package: '@auth0/nextjs-auth0',
  form: 'JWE, dir, A256GCM',
  expires: true,
  note: 'its `StatelessSessionStore`; the id of the login and its time are a part of its sessions',
  async make(secret) {
    const sessions = new StatelessSessionStore({ secret, rolling: true })
    const internal = { sid: 'k3Jd0wQx7mZsB1VvN4LtYc2uHfRgAe8P', createdAt: now() }

    async function change(cookie, data) {
      const requested = new RequestCookies(new Headers({ cookie }))
      const headers = new Headers()
      const session = cookie === '' ? { internal } : await sessions.get(requested)
      await sessions.set(requested, new ResponseCookies(headers), { ...session, ...data })
      return headers.getSetCookie()
    }

    return {
      write: (data) => change('', data),
      step: (cookie, lastSeen) => change(cookie, { lastSeen }),
      read: (cookie) => sessions.get(new RequestCookies(new Headers({ cookie }))),
    }
  },
}

function now() {
  return Math.floor(Date.now() / 1000)
}
