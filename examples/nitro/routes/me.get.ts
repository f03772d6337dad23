// routes/me.get.ts
import { defineHandler } from 'nitro/h3'

export default defineHandler(({ context: { session } }) => ({
  user: session.get('user'),
  notes: session.get('notes', '').length,
}))
