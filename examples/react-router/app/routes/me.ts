import type { LoaderFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export function loader({ context }: LoaderFunctionArgs) {
  const session = context.get(sessionContext)
  return Response.json({ user: session.get('user'), notes: session.get('notes', '').length })
}
