// src/middleware.ts
import { defineMiddleware } from 'astro:middleware'
import { SessionTooLargeError } from 'sealed-session'
import { sessions } from './session'

export const onRequest = defineMiddleware(async ({ request, locals, isPrerendered }, next) => {
  if (isPrerendered || locals.session !== undefined) return next()
  try {
    return await sessions.wrap((_, session) => {
      locals.session = session
      return next()
    })(request)
  } catch (error) {
    if (error instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
    throw error
  }
})
