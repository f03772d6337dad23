import type { APIRoute } from 'astro'

export const GET: APIRoute = ({ locals: { session } }) => {
  session.set('visits', session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? 'http://127.0.0.1:8080/')
}
