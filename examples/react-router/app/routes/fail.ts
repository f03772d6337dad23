import type { ActionFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export function action({ context }: ActionFunctionArgs): never {
  context.get(sessionContext).set('user', 'mallory')
  throw new Error('the action failed')
}
