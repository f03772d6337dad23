// Looking at, taking and leaving the messages of a session.

import { messagesUnder, withMessage, withoutKey } from './flash.ts'
import { expose } from './state-access.ts'
import { access, change, fill } from './state.ts'
import type { SessionState } from './state.ts'

/** Returns the messages under a key, and leaves them where they are. */
export function peekMessages(state: SessionState, key: string): unknown[] {
  const messages = messagesUnder(access(state).contents.flash, key)
  for (const message of messages) expose(state, message)
  return messages
}

/** Takes the messages under a key: they are gone then. */
export function takeMessages(state: SessionState, key: string): unknown[] {
  const messages = messagesUnder(access(state).contents.flash, key)
  if (messages.length === 0) return messages
  const { contents } = change(state)
  contents.flash = withoutKey(contents.flash, key)
  return messages
}

/**
 * Leaves a message under a key.
 *
 * @throws SessionDataError if strict JSON would change or lose the message
 */
export function leaveMessage(state: SessionState, key: string, message: unknown): void {
  change(state).runtime.assertStorable?.(key, message, 'flash.')
  const { contents } = fill(state)
  contents.flash = withMessage(contents.flash, key, message)
  expose(state, message)
}
