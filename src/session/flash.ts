// Messages for one reading, in the order in which they were left.

/** A message and the key under which it was left. */
export type FlashMessage = readonly [key: string, message: unknown]

/**
 * A page that shows its messages has a few; of messages that are never taken, the oldest go, because a
 * session that only grows would one day refuse every write.
 */
export const MAX_MESSAGES = 20

/** Returns the messages with one more, without the oldest if they are too many. */
export function withMessage(
  messages: readonly FlashMessage[],
  key: string,
  message: unknown,
): FlashMessage[] {
  const all: FlashMessage[] = [...messages, [key, message]]
  return all.slice(-MAX_MESSAGES)
}

/** Returns the messages under one key. */
export function messagesUnder(messages: readonly FlashMessage[], key: string): unknown[] {
  return messages.filter(([name]) => name === key).map(([, message]) => message)
}

/** Returns the messages under all other keys. */
export function withoutKey(messages: readonly FlashMessage[], key: string): FlashMessage[] {
  return messages.filter(([name]) => name !== key)
}

/** Reads messages from a token's payload; `undefined` if they are not ours. */
export function parseMessages(value: unknown): FlashMessage[] | undefined {
  if (!Array.isArray(value)) return undefined
  const messages: FlashMessage[] = []
  for (const entry of value) {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined
    const [key, message]: unknown[] = entry
    if (typeof key !== 'string') return undefined
    messages.push([key, message])
  }
  return messages
}
