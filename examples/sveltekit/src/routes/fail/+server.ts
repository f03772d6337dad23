import type { RequestEvent } from '@sveltejs/kit'

export function POST({ locals }: RequestEvent): Response {
  locals.session.set('user', 'mallory')
  throw new Error('the handler failed')
}
