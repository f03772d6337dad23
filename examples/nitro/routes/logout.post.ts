// routes/logout.post.ts
import { defineHandler, redirect } from 'nitro/h3'

export default defineHandler(({ context: { session } }) => {
  session.destroy()
  return redirect('/', 303)
})
