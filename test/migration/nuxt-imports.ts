// What Nuxt gives to `nuxt-auth-utils` under `#imports`.

/** Returns the configuration of the old version. */
export function useRuntimeConfig(): object {
  return {
    session: { name: 'nuxt-session', password: process.env['NUXT_SESSION_PASSWORD'] },
  }
}
