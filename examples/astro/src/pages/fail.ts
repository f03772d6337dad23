import type { APIRoute } from 'astro'

export const POST: APIRoute = ({ locals }) => {
  locals.session.set('user', 'mallory')
  throw new Error('the endpoint failed')
}
