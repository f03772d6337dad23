import { redirect, type ActionFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export async function action({ request, context }: ActionFunctionArgs) {
  const text = (await request.formData()).get('text')
  if (typeof text !== 'string') throw new Response('no text', { status: 400 })
  context.get(sessionContext).set('notes', text)
  return redirect('/', 303)
}
