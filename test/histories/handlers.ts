// The handlers of a history.

import type { Session } from 'sealed-session'
import type { Instance } from './fleet.ts'
import type { Entry } from './ledger.ts'
import { viewOf } from './ledger.ts'
import { UNCHANGING } from './steps.ts'
import type { Action } from './steps.ts'

/** Runs a handler. It sets `text`, which no other request has, with `amount` more characters. */
export function act(
  session: Session,
  action: Action,
  text: string,
  amount: number,
  { config }: Instance,
): void {
  const filled = `${text} ${text.padEnd(3, 'x').repeat(amount / 3)}`
  switch (action) {
    case 'set':
      return session.set('a', filled)
    case 'add':
      return session.set('b', filled)
    case 'same':
      return session.has('a') ? session.set('a', session.get('a')) : undefined
    case 'delete':
      session.delete('a')
      return undefined
    case 'clear':
      return session.clear()
    case 'login':
      session.regenerate(keepsSome(amount) ? { keep: ['a'], scopes: ['s'] } : {})
      return session.set('user', text)
    case 'bind':
      if (!keepsSome(amount)) session.regenerate()
      session.set('user', text)
      return config.device === 0 ? undefined : session.bindToDevice()
    case 'remember':
      session.regenerate(config.remembered === null ? {} : { lifetime: 'remembered' })
      return session.set('user', text)
    case 'renew':
      return session.renewId()
    case 'logout':
      return session.destroy()
    case 'goodbye':
      session.destroy()
      return session.set('goodbye', filled)
    case 'flash':
      return session.flash('f', text)
    case 'peek':
      session.peekFlash('f')
      return undefined
    case 'take':
      session.flash('f')
      return undefined
    case 'scope':
      return session.scope('s').set('n', text)
    case 'touch':
      return session.touch()
    case 'read':
      session.get('a')
      return undefined
    case 'look':
      session.toJSON()
      session.scope('s').entries()
      return undefined
    case 'discard':
      session.set('a', filled)
      session.flash('f')
      return session.discard()
    case 'verify':
    case 'ignore':
  }
}

/** Whether a handler has changed the received contents; `undefined` if unknown. */
export function changes(
  action: Action,
  id: string | undefined,
  entry: Entry | undefined,
  { config }: Instance,
): boolean | undefined {
  if (UNCHANGING.has(action)) return false
  if (!['delete', 'take', 'clear', 'renew'].includes(action)) return true
  if (id === undefined) return false
  if (action === 'renew' || action === 'clear') return true
  if (entry === undefined) return undefined
  const { data, messages } = viewOf(entry.contents, config)
  return action === 'delete' ? 'a' in data : messages.length > 0
}

/** Whether a handler keeps a received id or value; `undefined` if unknown. */
export function carries(
  action: Action,
  amount: number,
  entry: Entry | undefined,
): boolean | undefined {
  if (['logout', 'goodbye', 'remember'].includes(action)) return false
  if (action !== 'login' && action !== 'bind') return true
  if (!keepsSome(amount)) return false
  if (action === 'bind') return true
  if (entry === undefined) return undefined
  const { data, scope } = entry.contents
  return 'a' in data || Object.keys(scope).length > 0
}

/** Whether a handler leaves another id than the received one. */
export function beginsAnother(action: Action, amount: number): boolean {
  if (action === 'bind') return !keepsSome(amount)
  return action === 'login' || action === 'remember'
}

function keepsSome(amount: number): boolean {
  return amount > 100
}
