import { json, type RequestEvent } from '@sveltejs/kit'

export const GET = ({ locals: { session } }: RequestEvent): Response =>
  json({ user: session.get('user'), notes: session.get('notes', '').length })
