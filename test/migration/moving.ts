import { parseCookie } from 'cookie'
import type { Session, Sessions } from 'sealed-session'

/** The sessions of the library that you come from. */
export interface OldSessions {
  /** Whether a cookie is one of theirs. */
  owns(name: string): boolean
  /** Returns the data of the session in a `Cookie` header, if there is a valid one. */
  read(header: string): Promise<object | undefined>
  /** Removes it from its store, if it has one. */
  forget?(header: string): Promise<void>
}

/** Says that this browser's old session has moved, until the old version writes another one. */
const MOVED = '__Host-moved'

/**
 * In the new version, before the session is used: begins it with the data of an old one. Returns the
 * `Set-Cookie` lines that delete the old cookies.
 */
export async function moveOver(
  sessions: Sessions,
  session: Session,
  header: string,
  old: OldSessions,
): Promise<string[]> {
  const cookies = parseCookie(header)
  const names = namesIn(cookies, old)
  if (names.length === 0) return []
  if (session.isNew) {
    const data = cookies[MOVED] === undefined ? await old.read(header) : undefined
    // One that cannot be read is left alone: a wrong secret must not delete it.
    if (data === undefined) return []
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    if ((await sessions.measure(session)).level === 'over') {
      session.discard()
      return []
    }
    await old.forget?.(header)
  }
  return [...names.map(deletion), `${MOVED}=1; Max-Age=2592000; Path=/; Secure; HttpOnly`]
}

/**
 * In the old version, from before the new one is deployed: ends a new session, and returns its data for
 * an old one. Returns the lines that delete the new cookies too.
 */
export async function moveBack(
  sessions: Sessions,
  header: string,
  old: OldSessions,
): Promise<{ data?: object; lines: string[] }> {
  const cookies = parseCookie(header)
  const isFree = cookies[MOVED] !== undefined && namesIn(cookies, old).length === 0
  const lines = isFree ? [deletion(MOVED)] : []
  const session = await sessions.open(header)
  if (session.isNew) return { lines }
  const data = session.toJSON()
  session.destroy()
  return { data, lines: [...lines, ...(await sessions.setCookies(session))] }
}

/** Some libraries leave an empty cookie at a logout. */
function namesIn(cookies: Record<string, string | undefined>, old: OldSessions): string[] {
  return Object.keys(cookies).filter((name) => old.owns(name) && cookies[name] !== '')
}

function deletion(name: string): string {
  return `${name}=; Max-Age=0; Path=/; Secure; HttpOnly`
}
