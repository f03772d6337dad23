// Actions to try, each with the code that it runs, and with its result.

import { html } from 'hono/html'
import { codeOf } from './code.ts'
import { COOKIE } from './configuration.ts'
import { focusIf, outcomeNote } from './outcome-note.ts'
import type { Html } from './page.ts'
import type { View } from './view.ts'

interface Experiment {
  /** The route, and the name of the outcome. */
  readonly name: string
  readonly label: string
  /** The function whose code is shown. */
  readonly code: string
  readonly explanation: Html
}

const ON_YOURS: readonly Experiment[] = [
  {
    name: 'touch',
    label: 'Touch',
    code: 'touch',
    explanation: html`Records that you used the session now. That writes a ticket, the cookie
      <code>${COOKIE}.t</code>, and not the session.`,
  },
  {
    name: 'renewId',
    label: 'Renew id',
    code: 'renewId',
    explanation: html`A new id for the same session, as after a change of rights.`,
  },
  {
    name: 'fill',
    label: 'Fill',
    code: 'fill',
    explanation: html`Adds 9 kB of data, which take several cookies. The limits
      <code>portable</code> refuse that, <code>node</code> allow it.`,
  },
  {
    name: 'shrink',
    label: 'Shrink',
    code: 'shrink',
    explanation: html`Removes that data. The cookies that are no longer needed are deleted.`,
  },
  {
    name: 'overfill',
    label: 'Overfill',
    code: 'overfill',
    explanation: html`Adds 70 kB, which no limits allow. Without a store, nothing is written, and
    nothing is lost.`,
  },
]

const ON_COPIES: readonly Experiment[] = [
  {
    name: 'copy',
    label: 'Copy',
    code: 'replay',
    explanation: html`Keeps a copy of your cookies, as one who stole them would.`,
  },
  {
    name: 'replay',
    label: 'Replay',
    code: 'replay',
    explanation: html`Sends the copy again: from another machine, and from this browser. After a
    logout the copy is dead here, by the logout stamp. Elsewhere it lives until its end, unless the
    server revokes it.`,
  },
  {
    name: 'second',
    label: 'Second browser',
    code: 'secondBrowser',
    explanation: html`Visits with another browser, which has cookies of its own.`,
  },
  {
    name: 'race',
    label: 'Race',
    code: 'slowRead',
    explanation: html`Two requests at once: one writes, and a slow one that only reads answers last.`,
  },
]

export function tryPanel(view: View): Html {
  return panel(view, 'try', 'Try', ON_YOURS)
}

export function copiesPanel(view: View): Html {
  return panel(view, 'copies', 'Try with copies and other browsers', ON_COPIES)
}

function panel(view: View, id: string, title: string, experiments: readonly Experiment[]): Html {
  return html`<section class="panel" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    <div class="actions">${experiments.map((experiment) => row(view, experiment))}</div>
  </section>`
}

function row(view: View, { name, label, code, explanation }: Experiment): Html {
  return html`<div class="action">
    <form method="post" action="/${name}">
      <button ${focusIf(view, name)} aria-describedby="about-${name}">${label}</button>
    </form>
    <div>
      ${outcomeNote(view, name)}
      <p id="about-${name}">${explanation}</p>
      ${codeBlock(code, label)}
    </div>
  </div>`
}

/** Shows the code that a button runs. */
export function codeBlock(name: string, label: string): Html {
  return html`<details>
    <summary>Code of ${label}</summary>
    <pre tabindex="0" role="region" aria-label="Code of ${label}"><code>${codeOf(name)}</code></pre>
  </details>`
}
