// What stands in the payload of a session, for people. A member that the format learns gets a row in
// `MEMBERS`.

/** A payload taken apart. Times are seconds since 1970. */
export interface ShownPayload {
  readonly id: string
  readonly startedAt: number
  readonly sealedAt: number
  /** The absolute end by the token itself. */
  readonly endsAt: number
  readonly data: unknown
  readonly lifetime: string | undefined
  readonly stamps: readonly string[]
  /** What is shown of the rarely used members, by their names for people. */
  readonly shown: Readonly<Record<string, unknown>>
  /** Texts that a serializer wrote, beside the data. */
  readonly texts: readonly ('scopes' | 'messages')[]
}

interface Member {
  readonly name: string
  readonly show: (value: unknown) => unknown
}

/** How each member is shown. What is a secret is not. */
const MEMBERS: Readonly<Record<string, Member>> = {
  s: { name: 'scopes', show: (value) => value },
  f: { name: 'messages', show: (value) => value },
  c: { name: 'csrf', show: () => 'has a secret' },
  t: { name: 'testCookie', show: () => 'is set' },
  o: { name: 'knowsStamps', show: (value) => splitStamps(value) },
  l: { name: 'lifetime', show: (value) => value },
  b: { name: 'binding', show: (value) => value },
  p: { name: 'parcel', show: (value) => value },
}

/** Parses an authentic text; `undefined` if it is no payload. */
export function parsePayloadText(text: string, day: number): ShownPayload | undefined {
  const payload: unknown = JSON.parse(text)
  if (!Array.isArray(payload) || payload.length < 5) return undefined
  const [id, sealed, life, age, data, more = {}]: unknown[] = payload
  if (typeof id !== 'string' || typeof more !== 'object' || more === null) return undefined
  const sealedAt = day * 86_400 + Number(sealed)
  const startedAt = sealedAt - Number(age)
  const members = new Map(Object.entries(more))
  const lifetime: unknown = members.get('l')
  return {
    id,
    startedAt,
    sealedAt,
    endsAt: startedAt + Number(life),
    data,
    lifetime: typeof lifetime === 'string' ? lifetime : undefined,
    stamps: splitStamps(members.get('o')),
    shown: Object.fromEntries(
      [...members].map(([key, value]) => {
        const { name, show } = MEMBERS[key] ?? { name: key, show: () => 'unknown to this version' }
        return [name, show(value)]
      }),
    ),
    texts: (['s', 'f'] as const)
      .filter((key) => typeof members.get(key) === 'string')
      .map((key) => (key === 's' ? 'scopes' : 'messages')),
  }
}

/** Parses the text of a ticket: when the session was used, and the beginning of its id. */
export function parseTicketText(
  text: string,
  day: number,
): { readonly usedAt: number; readonly prefix: string } | undefined {
  const ticket: unknown = JSON.parse(text)
  if (!Array.isArray(ticket)) return undefined
  const [prefix, used]: unknown[] = ticket
  if (typeof prefix !== 'string') return undefined
  return { prefix, usedAt: day * 86_400 + Number(used) }
}

function splitStamps(value: unknown): string[] {
  return typeof value === 'string' ? (value.match(/.{4}/g) ?? []) : []
}
