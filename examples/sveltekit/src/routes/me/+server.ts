import { json, type RequestEvent } from '@sveltejs/kit'

export const GET = ({ locals }: RequestEvent): Response => json(locals.session)
