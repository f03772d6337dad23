// app/routes/login.ts
import { redirect, type ActionFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export async function action({ request, context }: ActionFunctionArgs) {
  const user = (await request.formData()).get('user')
  if (typeof user !== 'string' || user === '') throw new Response('no user', { status: 400 })
  const session = context.get(sessionContext)
  session.regenerate()
  session.set('user', user)
  session.flash('notice', 'Welcome')
  return redirect('/', 303)
}
