// A session that is bound to the browser's device: whether the device is proven, and what a copy
// can do.

import { html } from 'hono/html'
import { PROOF_SECONDS } from './configuration.ts'
import { focusIf, outcomeNote } from './outcome-note.ts'
import type { Html } from './page.ts'
import { codeBlock } from './try-panel.ts'
import type { View } from './view.ts'

/** The meaning of `session.device`. */
const STATES = {
  none: html`This session is not bound: a copy of its cookies works until the session ends.`,
  unproven: html`It is bound, and <strong>your browser has not answered</strong>. A browser answers
    over HTTPS with a certificate that it trusts, if it knows Device Bound Session Credentials:
    never on a page of plain http like this one. The session goes on as before.`,
  proven: html`It is bound, and <strong>your browser has proven itself</strong>. Each proof is good
    for ${PROOF_SECONDS} seconds. Load this page again after that: it waits for the next one. A copy
    of the cookies is refused as <code>unproven</code> then.`,
} as const

export function devicePanel(view: View): Html {
  const { device, isEmpty } = view.session
  const proofs = view.configuration.events.filter((event) => event.type === 'device')
  return html`<section class="panel" aria-labelledby="device">
    <h2 id="device">Device</h2>
    <p>
      <code>session.device</code> is <code id="device-state">${device}</code>. ${STATES[device]}
    </p>
    <form method="post" action="/bind">
      <button ${focusIf(view, 'bind')} ${isEmpty ? 'disabled' : ''}>Bind to this device</button>
    </form>
    ${outcomeNote(view, 'bind')} ${codeBlock('bind', 'Bind to this device')}
    <p class="quiet">
      ${
        proofs.length === 0
          ? 'No device has sent a key or a proof to this server.'
          : `Devices have sent ${proofs.length} keys and proofs, the latest was ${proofs[0]?.outcome}.`
      }
    </p>
  </section>`
}
