// routes/upstream.get.ts
import { defineHandler } from 'nitro/h3'

export default defineHandler(({ context: { session } }) => {
  session.set('visits', session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? '')
})
