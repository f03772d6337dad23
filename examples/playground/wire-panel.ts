// The cookie as it is sent, beside its contents.

import { html } from 'hono/html'
import { focusIf, outcomeNote } from './outcome-note.ts'
import type { Html } from './page.ts'
import type { View } from './view.ts'
import { changed, lengthOf, wireOf } from './wire.ts'
import type { PartKind, WireCookie, WirePart } from './wire.ts'

const MEANINGS: Readonly<Record<PartKind, readonly [name: string, meaning: string]>> = {
  count: ['count', 'into how many cookies the value was cut'],
  id: ['key id', 'which secret, by a public name'],
  day: ['day', 'each day has a key of its own (days since 1970)'],
  iv: ['IV', 'drawn anew for each write, so the same data never looks the same'],
  ciphertext: ['ciphertext', 'all that is inside, encrypted (AES-256-GCM)'],
  tag: ['tag', 'proves that none of it was altered'],
}

export function wirePanel(view: View): Html {
  const cookies = wireOf(view.header)
  return html`<section class="panel wide" aria-labelledby="wire">
    <h2 id="wire">Your cookie, and what is inside</h2>
    ${cookies.length === 0 ? html`<p class="quiet">Your session is empty, so your browser has no cookie of it. Set something, or log in.</p>` : anatomy(view, cookies)}
  </section>`
}

function anatomy(view: View, cookies: readonly WireCookie[]): Html {
  const kinds = new Set(cookies.flatMap(({ parts }) => parts.map(({ kind }) => kind)))
  return html`<div class="halves">
      <div class="half">
        <h3>On the wire</h3>
        ${cookies.map((cookie, index) => wireText(cookie, index === 0 ? view.outcome?.altered : undefined))}
      </div>
      <div class="half">
        <h3>Inside, for those with the secret</h3>
        <pre
          class="wire"
          tabindex="0"
          role="region"
          aria-label="What is inside"
        ><code>${inside(view)}</code></pre>
      </div>
    </div>
    <dl class="legend">
      ${[...kinds].map((kind) => {
        const [name, meaning] = MEANINGS[kind]
        return html`<div>
          <dt><span class="part ${kind}">${name}</span></dt>
          <dd>${meaning}</dd>
        </div>`
      })}
    </dl>
    ${tampering(view)}`
}

/** The region scrolls if it is long, so it can be reached with the keyboard. */
function wireText({ name, parts }: WireCookie, altered: number | undefined): Html {
  return html`<p class="wire" tabindex="0" role="region" aria-label="The cookie ${name}">
    <code
      ><b>${name}=</b
      >${placed(parts).map(({ part, start }) => partText(part, start, altered))}</code
    >
  </p>`
}

interface Placed {
  readonly part: WirePart
  /** The position of its first character, counted from 1. */
  readonly start: number
}

function placed(parts: readonly WirePart[]): Placed[] {
  let at = 1
  return parts.map((part) => {
    const start = at
    at += part.text.length
    return { part, start }
  })
}

function partText({ kind, text }: WirePart, start: number, altered: number | undefined): Html {
  const at = (altered ?? 0) - start
  if (at < 0 || at >= text.length) return html`<span class="part ${kind}">${text}</span>`
  return html`<span class="part ${kind}"
    >${text.slice(0, at)}<mark title="the character that was changed">${text[at]}</mark
    >${text.slice(at + 1)}</span
  >`
}

/** The payload's elements with their names. */
function inside({ session }: View): string {
  const { id, startedAt, expiresAt } = session
  const shown = { id, startedAt, expiresAt, data: session.toJSON() }
  const text = JSON.stringify(shown, undefined, 2)
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}\n…` : text
}

const MOST_TEXT = 1500

function tampering(view: View): Html {
  const length = lengthOf(view.header)
  const place = view.outcome?.altered ?? Math.floor(length / 2)
  return html`<form method="post" action="/tamper" class="fields">
      <label>
        Change a character of a copy: which of ${length}?
        <input type="number" name="at" min="1" max="${length}" value="${place}" required />
      </label>
      <button class="main" ${focusIf(view, 'tamper')}>Tamper</button>
    </form>
    ${outcomeNote(view, 'tamper')} ${excerpt(view)}`
}

/**
 * Shows the changed character again beside the message: on a phone the whole cookie is out of view.
 */
function excerpt({ header, outcome }: View): Html | '' {
  const [first] = wireOf(header)
  if (first === undefined || outcome?.altered === undefined) return ''
  const text = first.parts.map((part) => part.text).join('')
  const at = outcome.altered - 1
  const before = text.slice(Math.max(0, at - AROUND), at)
  const after = text.slice(at + 1, at + 1 + AROUND)
  return html`<p class="excerpt">
    <code>…${before}<mark>${changed(text[at] ?? '')}</mark>${after}…</code>
    <small>in place of <code>${text[at]}</code></small>
  </p>`
}

const AROUND = 8
