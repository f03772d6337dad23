// The result of a button, in a sentence, for those that leave no message.

import type { Outcome } from './view.ts'

const OUTCOMES: Readonly<Record<string, string>> = {
  set: 'Written: the cookie below is another one now.',
  delete: 'Deleted, and written.',
  clear: 'Cleared. A session with nothing in it takes no cookie.',
  renewId: 'The session has a new id, and keeps its data, its start and its end.',
  touch: 'Only the ticket was written, if that was due. The session’s own cookie is as it was.',
  fill: 'Filled with about 9 kB of data.',
  shrink: 'Shrunk. The cookies that it no longer needs are deleted.',
  copy: 'The copy is kept. Change the session or log out, and replay it.',
  bind: 'The session is bound: the response has asked your browser for a key of its device.',
  store: 'There is a store now. What does not fit the cookies moves there with the next write.',
  unstore:
    'There is no store any more. A session that has moved is refused as "incomplete" until it is back.',
  configure: 'Applied. Sessions that began before are held to it, too.',
  rotate:
    'The new secret seals from now on. You are still logged in; the next change is sealed under it.',
  stage: 'Every instance opens the new secret at once. It seals in 20 seconds.',
  login: '',
  logout: '',
  tamper: '',
  replay: '',
  second: '',
  race: 'The quick request put tea into the cart. The slow one only read, answered last, and undid nothing: the tea is there.',
}

/** Returns the sentence beside the button; `undefined` if none was pressed. */
export function describeOutcome(
  did: string | undefined,
  message: string | undefined,
  at: string | undefined,
): Outcome | undefined {
  const name = did !== undefined && Object.hasOwn(OUTCOMES, did) ? did : undefined
  if (name === undefined && message === undefined) return undefined
  const altered = name === 'tamper' ? Number(at) : NaN
  return {
    did: name ?? '',
    message: message ?? OUTCOMES[name ?? ''] ?? '',
    ...(Number.isInteger(altered) && { altered }),
  }
}
