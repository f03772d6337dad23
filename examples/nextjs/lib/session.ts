// lib/session.ts
import { cookies } from 'next/headers'
import { createSessions, type Session } from 'sealed-session'

export interface Data {
  user: string
  notes: string
  visits: number
}

export const sessions = createSessions<Data>({
  secrets: () => process.env.SESSION_SECRETS, // a function, so that `next build` needs no secret
  limits: 'node',
})

/** For server components, which can read cookies and not set them. */
export async function readSession(): Promise<Session<Data>> {
  return sessions.open(await cookies())
}

/** For server actions. Call it once in an action. */
export async function withSession<Result>(
  body: (session: Session<Data>) => Result | Promise<Result>,
): Promise<Result> {
  const store = await cookies()
  const session = await sessions.open(store)
  try {
    return await body(session)
  } finally {
    await sessions.save(session, store) // also when redirect() throws
  }
}
