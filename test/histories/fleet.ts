// The servers: one for each configuration that a history deploys, reused by later histories,
// because deriving day keys costs more than everything else.

import { createSessions } from 'sealed-session'
import type { SessionEvent, SessionSchema, SessionSerializer, Sessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { overflow } from 'sealed-session/overflow'
import { inEngine } from '../support/engines.ts'
import { OLDER_SECRET, OTHER_SECRET, SECRET, START } from '../support/mint.ts'
import { createParcelStore } from './parcels.ts'
import type { ParcelStore } from './parcels.ts'
import { REFRESH } from './steps.ts'
import type { Config, Ring, Setup } from './steps.ts'

export const SECRETS: readonly string[] = [SECRET, OLDER_SECRET, OTHER_SECRET]

/**
 * The shared state of all servers: the time, the array of revoked ids, the store, the observer. One
 * history is played at a time.
 */
export const stage: {
  now: number
  readonly revoked: Set<string>
  readonly parcels: ParcelStore
  observe: (event: SessionEvent) => void
} = {
  now: START,
  revoked: new Set(),
  parcels: createParcelStore(() => stage.now),
  observe: () => {},
}

const moving = overflow({ storage: stage.parcels })

export interface Instance {
  readonly config: Config
  readonly sessions: Sessions
  /** Seconds, by this server's clock. */
  now(): number
  /** The secrets in use, when no call is pending. */
  ring(): Ring
  /** Makes a secrets function return others from now on; has no effect on other servers. */
  provide(secrets: Ring): void
  /** Waits until a pending result of that function is in use. */
  settle(): Promise<void>
}

/** The cookie of the whole history, as applications configure it. */
export function cookieOptions({ cookie, persistent }: Setup) {
  return cookie === 'domain'
    ? { name: 'sid', domain: 'example.test', persistent }
    : ({ name: '__Host-session', persistent } as const)
}

/** Where the cookie has a domain, it has to be said whether the whole site is bound. */
function siteOf({ cookie }: Setup) {
  return cookie === 'domain' ? { site: false } : {}
}

const instances = new Map<string, Instance>()

/** Creates every server again: a former one remembers what its last request left undone. */
export function forgetInstances(): void {
  instances.clear()
}

export function deploy(config: Config, setup: Setup): Instance {
  // Its secrets change while it runs, so it belongs to one history.
  if (config.provided) return createInstance(config, setup)
  const { cookie, engine, persistent } = setup
  const place = JSON.stringify([config, cookie, engine, persistent])
  const known = instances.get(place)
  if (known !== undefined) return known
  const created = createInstance(config, setup)
  instances.set(place, created)
  return created
}

function createInstance(config: Config, setup: Setup): Instance {
  const { provided, remembered, serializer, schema, secrets, skew, validAfter, ...others } = config
  const { overflow: isMoving, device: interval, ...options } = others
  const now = () => stage.now + skew
  let given = secrets
  let inForce: Ring | undefined
  const provide = () => {
    inForce = given
    return secretsOf(given)
  }
  const sessions = inEngine(setup.engine === 'node' ? 'node:crypto' : 'jose', () =>
    createSessions({
      ...options,
      secrets: provided ? provide : secretsOf(secrets),
      secretsRefresh: REFRESH,
      lifetimes: remembered === null ? {} : { remembered: { ...remembered, persistent: true } },
      serializer: SERIALIZERS[serializer],
      schema: SCHEMAS[schema],
      validAfter: validAfter === 0 ? undefined : START + validAfter,
      overflow: isMoving ? moving : undefined,
      device: interval === 0 ? undefined : deviceBound({ interval, ...siteOf(setup) }),
      revoked: ({ id }) => stage.revoked.has(id ?? ''),
      cookie: cookieOptions(setup),
      clock: () => now() * 1000,
      observe: (event) => stage.observe(event),
    }),
  )
  return {
    config,
    sessions,
    now,
    ring: () => inForce ?? given,
    provide(secrets) {
      if (provided) given = secrets
    },
    settle: () => (provided ? settle() : Promise.resolve()),
  }
}

function secretsOf(ring: Ring) {
  return ring.map(([number, after]) => ({
    secret: SECRETS[number] ?? SECRET,
    activeFrom: after === 0 ? undefined : START + after,
  }))
}

/** Lets everything happen that does not wait for a timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((next) => setImmediate(next))
}

/**
 * The plaintext of a token, after a letter that says who wrote it: a reader must know the letter.
 */
function serializerOf(writes: string, reads: string): SessionSerializer {
  return {
    stringify: (data) => writes + JSON.stringify(data),
    parse(text) {
      if (!reads.includes(text.charAt(0))) throw new Error('written by another version')
      return JSON.parse(text.slice(1))
    },
  }
}

const SERIALIZERS: Readonly<Record<Config['serializer'], SessionSerializer | undefined>> = {
  none: undefined,
  old: serializerOf('o', 'o'),
  new: serializerOf('n', 'on'),
}

function schemaOf(
  validate: (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> | string,
): SessionSchema<Record<string, unknown>> {
  return {
    '~standard': {
      version: 1,
      vendor: 'histories',
      validate: (value) => {
        const result = validate({ ...(value as object) })
        return typeof result === 'string' ? { issues: [{ path: [result] }] } : { value: result }
      },
    },
  }
}

function withoutB(data: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'b'))
}

const SCHEMAS: Readonly<
  Record<Config['schema'], SessionSchema<Record<string, unknown>> | undefined>
> = {
  none: undefined,
  old: schemaOf((data) => ('b' in data ? 'b' : data)),
  strip: schemaOf(withoutB),
  all: schemaOf((data) => data),
}
