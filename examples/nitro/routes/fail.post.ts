// routes/fail.post.ts
import { defineHandler } from 'nitro/h3'

export default defineHandler(({ context: { session } }) => {
  session.set('notes', 'never kept')
  throw new Error('the database is gone')
})
