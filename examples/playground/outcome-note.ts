// What a button has done, beside the button: where the eye is, and where the focus returns to.

import { html } from 'hono/html'
import type { Html } from './page.ts'
import type { View } from './view.ts'

/** Shows what came of a button, if it is the one that was pressed. */
export function outcomeNote({ outcome }: View, ...names: readonly string[]): Html | '' {
  if (outcome === undefined || !names.includes(outcome.did) || outcome.message === '') return ''
  return html`<p class="outcome" role="status" id="message">${outcome.message}</p>`
}

/** Gives the button that was pressed the focus again, without a script too. */
export function focusIf({ outcome, refusal }: View, name: string): Html | '' {
  return outcome?.did === name && refusal === undefined ? html`autofocus` : ''
}
