import type { RequestEvent } from '@sveltejs/kit'

export function GET({ locals }: RequestEvent): Response {
  locals.session.set('user', 'mallory')
  throw new Error('the handler failed')
}
