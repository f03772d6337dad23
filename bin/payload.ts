// The contents of a payload, for readers. A new member of the format gets a row in `MEMBERS`.

/** A parsed payload. Times are seconds since 1970. */
export interface ShownPayload {
  readonly id: string
  readonly startedAt: number
  readonly sealedAt: number
  /** The absolute end in the token. */
  readonly endsAt: number
  readonly data: unknown
  readonly lifetime: string | undefined
  readonly stamps: readonly string[]
  /** The output for the rarely used members, by their names for readers. */
  readonly shown: Readonly<Record<string, unknown>>
  /** Output of a serializer, beside the data. */
  readonly texts: readonly ('scopes' | 'messages')[]
}

interface Member {
  readonly name: string
  readonly show: (value: unknown) => unknown
}

/** Formats each member. Secret values are not shown. */
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

/** Parses an authentic plaintext; `undefined` if it is no payload. */
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

/** Parses the plaintext of a ticket: the time of the use, and the first characters of its id. */
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
