import { storage } from '../old/react-router.ts'
import type { Write } from './writer.ts'

export const write: Write = async (header, change) => {
  const session = await storage.getSession(header)
  const data = change({ ...session.data })
  if (data === undefined) return [await storage.destroySession(session)]
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  return [await storage.commitSession(session)]
}
