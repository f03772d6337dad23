// src/app.ts
import { createYoga } from 'graphql-yoga'
import { SessionTooLargeError } from 'sealed-session'
import { discardOnErrors, schema, type Context } from './schema.js'
import { sessions } from './session.js'

const yoga = createYoga<Context>({ schema, plugins: [discardOnErrors] })

const handleOperations = sessions.wrap((request, session) => yoga.fetch(request, { session }))

export async function handle(request: Request): Promise<Response> {
  if (new URL(request.url).pathname === '/health') return new Response('ok')
  try {
    return await handleOperations(request)
  } catch (error) {
    if (error instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
    throw error
  }
}
