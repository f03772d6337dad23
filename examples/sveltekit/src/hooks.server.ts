// src/hooks.server.ts
import { error } from '@sveltejs/kit'
import type { Handle } from '@sveltejs/kit/hooks'
import { SessionTooLargeError } from 'sealed-session'
import { sessions } from './lib/server/session'

export const handle: Handle = async ({ event, resolve }) => {
  try {
    return await sessions.wrap(async (request, session) => {
      event.locals.session = session
      const response = await resolve(event)
      if (response.status >= 500) session.discard() // a handler that fails leaves the session unchanged
      return response
    })(event.request)
  } catch (failure) {
    if (failure instanceof SessionTooLargeError) error(413, 'too large')
    throw failure
  }
}
