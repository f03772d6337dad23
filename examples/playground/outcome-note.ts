// The result of a button, beside the button: where the user looks, and where the focus returns to.

import { html } from 'hono/html'
import type { Html } from './page.ts'
import type { View } from './view.ts'

/** Shows the result of a button, if it is the pressed one. */
export function outcomeNote({ outcome }: View, ...names: readonly string[]): Html | '' {
  if (outcome === undefined || !names.includes(outcome.did) || outcome.message === '') return ''
  return html`<p class="outcome" role="status" id="message">${outcome.message}</p>`
}

/** Focuses the pressed button again, without a script too. */
export function focusIf({ outcome, refusal }: View, name: string): Html | '' {
  return outcome?.did === name && refusal === undefined ? html`autofocus` : ''
}
