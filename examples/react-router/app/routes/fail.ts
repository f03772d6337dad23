import type { ActionFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export function action({ context }: ActionFunctionArgs): never {
  context.get(sessionContext).set('notes', 'never kept')
  throw new Error('the database is gone')
}
