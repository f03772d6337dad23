// src/app.ts
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { SessionTooLargeError } from 'sealed-session'
import { appRouter } from './router.js'
import { sessions } from './session.js'

const handleProcedures = sessions.wrap(async (req, session) => {
  session.has('user') // looks at it before a stream begins, which makes the answer private
  let failed = false
  const response = await fetchRequestHandler({
    endpoint: '/trpc',
    req,
    router: appRouter,
    createContext: () => ({ session }),
    onError({ path, error }) {
      console.error(path, error)
      failed = true
    },
  })
  if (failed) session.discard() // leaves the session unchanged, after all procedures of a batch
  return response
})

export async function handle(request: Request): Promise<Response> {
  if (new URL(request.url).pathname === '/health') return new Response('ok')
  try {
    return await handleProcedures(request)
  } catch (error) {
    if (error instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
    throw error
  }
}
