// The exports of Nuxt's `#imports` that `nuxt-auth-utils` uses.

/** Returns the configuration of the old version. */
export function useRuntimeConfig(): object {
  return {
    session: { name: 'nuxt-session', password: process.env['NUXT_SESSION_PASSWORD'] },
  }
}
