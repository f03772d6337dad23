// The error of a function that gives secrets and failed: what may be said of it without its message.

import { SessionConfigError } from '../errors.ts'
import { isRecord } from '../validate.ts'

/** What may be shown of an error's name and code: shorter than any secret. */
const SHORT_NAME = /^[A-Za-z]{1,31}$/
const SHORT_CODE = /^[A-Z0-9_]{1,31}$/

/**
 * Returns the error for what a `secrets` function threw. The cause has the name, the code and the stack of
 * what was thrown, and not its message: a parser's message quotes the text, so that of a secret that is no valid
 * JSON it would repeat the beginning. What else the error holds, such as a response, is left out, too.
 */
export function createProviderError(thrown: unknown): SessionConfigError {
  const name = thrown instanceof Error && SHORT_NAME.test(thrown.name) ? thrown.name : 'Error'
  const code = codeOf(thrown)
  const cause = Object.assign(new Error('left out'), { name, ...(code !== undefined && { code }) })
  // The frames alone: a stack begins with the message.
  cause.stack = `${name}: left out${thrown instanceof Error ? framesOf(thrown) : ''}`
  const what = code === undefined ? name : `${name}, ${code}`
  return new SessionConfigError(
    'secrets',
    `is a function that failed (${what}): log its message there, because it may quote a secret`,
    { cause },
  )
}

function codeOf(thrown: unknown): string | number | undefined {
  const code: unknown = isRecord(thrown) ? thrown['code'] : undefined
  if (typeof code === 'string') return SHORT_CODE.test(code) ? code : undefined
  return typeof code === 'number' && Number.isSafeInteger(code) ? code : undefined
}

/** Returns the part of a stack behind the message; nothing where the message does not end a line of it. */
function framesOf({ message, stack }: Error): string {
  if (typeof stack !== 'string' || typeof message !== 'string') return ''
  const end = stack.lastIndexOf(`${message}\n`)
  return end === -1 ? '' : stack.slice(end + message.length)
}
