import type { RequestEvent } from '@sveltejs/kit'

export function GET({ locals: { session } }: RequestEvent): Promise<Response> {
  session.set('visits', session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? 'http://127.0.0.1:8080/')
}
