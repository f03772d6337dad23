import type { RequestEvent } from '@sveltejs/kit'

export function POST({ locals }: RequestEvent): Response {
  locals.session.set('notes', 'never kept')
  throw new Error('the database is gone')
}
