// The data of sessions, the same at every run, without random values.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Returns text that cannot be compressed, the same for the same seed. */
export function noise(length, seed = 1) {
  let state = seed
  const next = () => {
    // A linear congruential generator (Numerical Recipes): reproducible, and random to no one.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return ALPHABET[state >>> 26]
  }
  return Array.from({ length }, next).join('')
}

const token = (length, seed) =>
  `eyJ${noise(33, seed)}.${noise(length, seed + 1)}.${noise(342, seed + 2)}`

export const login = {
  userId: '01HF7YAT31JZHSMW1CG6Q6MHB7',
  email: 'ada.lovelace@shop.example',
  roles: ['customer'],
  theme: 'dark',
  locale: 'en-GB',
  lastSeen: 1_795_176_000,
}

const item = (_, index) => ({
  sku: `SKU-${noise(8, index + 1)}`,
  name: ['Teapot, blue', 'Coffee grinder', 'Linen towel', 'Set of six spoons'][index % 4],
  quantity: 1 + (index % 3),
  price: 1295 + 310 * index,
})

/** Payloads of sessions: from common small ones to data that should be stored elsewhere. */
export const payloads = {
  'a bare id': { userId: login.userId },
  'a login': login,
  'a cart of 15 items': {
    userId: login.userId,
    lastSeen: login.lastSeen,
    cart: Array.from({ length: 15 }, item),
  },
  'OIDC tokens': {
    userId: login.userId,
    accessToken: token(620, 11),
    idToken: token(540, 21),
    refreshToken: `v1.${noise(43, 31)}`,
    expiresAt: login.lastSeen + 3600,
  },
  'a wizard of 6 kB': {
    userId: login.userId,
    lastSeen: login.lastSeen,
    steps: Array.from({ length: 12 }, (_, step) => ({
      step,
      title: `Step ${step}`,
      answer: noise(430, step + 41),
    })),
  },
}

/** A session whose JSON has exactly this many bytes, with a number in it that can change. */
export function sessionOf(bytes) {
  const data = { userId: login.userId, lastSeen: login.lastSeen, note: '' }
  data.note = noise(bytes - JSON.stringify(data).length, bytes)
  return data
}

/** The JSON sizes of the tables: those of a login, a small cart and a large one. */
export const SIZES = [132, 1182, 4677]

/** A `Cookie` header beside the session's own cookies. */
export function foreignCookies(count) {
  return Array.from(
    { length: count },
    (_, index) => `foreign${index}=${noise(24, index + 71)}%20${noise(6, index + 171)}`,
  )
}
