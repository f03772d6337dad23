import type { APIRoute } from 'astro'

export const POST: APIRoute = ({ locals }) => {
  locals.session.set('notes', 'never kept')
  throw new Error('the database is gone')
}
