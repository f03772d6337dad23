// Data in a store that does not fit the cookies: which keys have moved, and what the store sees of
// them.

import { html } from 'hono/html'
import { focusIf, outcomeNote } from './outcome-note.ts'
import type { Html } from './page.ts'
import { codeBlock } from './try-panel.ts'
import type { View } from './view.ts'

export function storePanel(view: View): Html {
  const { choice, parcels } = view.configuration
  return html`<section class="panel" aria-labelledby="store">
    <h2 id="store">Store for what does not fit</h2>
    <form method="post" action="/store">
      ${
        choice.store
          ? html`<button name="store" value="off" ${focusIf(view, 'store')}>Use no store</button>`
          : html`<button name="store" value="on" ${focusIf(view, 'unstore')}>Use a store</button>`
      }
    </form>
    ${outcomeNote(view, 'store', 'unstore')}
    <p class="quiet">
      ${
        choice.store
          ? html`With it, Fill works under every limit, and Overfill too: the largest keys move.`
          : html`Without one, what does not fit is an error. With <code>overflow</code>, the fewest
              keys that make room move into a store, encrypted, and come back as if they had never
              left.`
      }
    </p>
    ${moved(view)} ${sealedParcels(parcels)} ${codeBlock('memoryStore', 'Store')}
  </section>`
}

function moved({ report }: View): Html {
  if (report.moved.length === 0) return html`<p>No key of this session is in the store.</p>`
  return html`<p>
    In the store: ${report.moved.map((key) => html`<code class="moved">${key}</code> `)}
  </p>`
}

function sealedParcels(parcels: ReadonlyMap<string, string>): Html | '' {
  if (parcels.size === 0) return ''
  return html`<p>What the store sees, and all that it sees:</p>
    <ul class="secrets">
      ${[...parcels]
        .slice(-3)
        .map(
          ([key, value]) =>
            html`<li>
              <code>${key}</code> <code>${value.slice(0, 24)}…</code> ${value.length} characters
            </li>`,
        )}
    </ul>`
}
