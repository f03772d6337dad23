import type { LoaderFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export function loader({ context }: LoaderFunctionArgs) {
  const session = context.get(sessionContext)
  session.set('visits', session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? 'http://127.0.0.1:8080/')
}
