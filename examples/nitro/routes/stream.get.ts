// routes/stream.get.ts
import { defineHandler, iterable } from 'nitro/h3'
import { report } from '../lib/pages'

export default defineHandler(({ context: { session } }) => {
  const visits = session.get('visits', 0) + 1
  session.set('visits', visits) // before the body, because cookies are sent before it
  return iterable(report(visits))
})
