import { redirect, type ActionFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export function action({ context }: ActionFunctionArgs) {
  context.get(sessionContext).destroy()
  return redirect('/', 303)
}
