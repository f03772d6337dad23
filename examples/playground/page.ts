// The page. `html` escapes all inserted values.

import { html } from 'hono/html'
import { SessionTooLargeError } from 'sealed-session'
import type { SessionEvent } from 'sealed-session'
import { COOKIE, PRESETS, TIMEOUTS } from './configuration.ts'
import type { Configuration, ShownSecret } from './configuration.ts'
import { meaningOfEvent, meaningOfReason } from './meanings.ts'
import { focusIf, outcomeNote } from './outcome-note.ts'
import { limitBars, sizePanel } from './size-panel.ts'
import { devicePanel } from './device-panel.ts'
import { storePanel } from './store-panel.ts'
import { codeBlock, copiesPanel, tryPanel } from './try-panel.ts'
import { textOf } from './value.ts'
import type { View } from './view.ts'
import { wirePanel } from './wire-panel.ts'

export type Html = ReturnType<typeof html>

const MOST_EVENTS = 8

/** The members of an event that the page shows. */
const SHOWN = new Set(['reason', 'limit', 'secretId', 'age', 'cause', 'bytes', 'outcome'])

type Panel = (view: View) => Html

/**
 * The panels of the two columns. One for a separately configured part (device, overflow) goes here.
 */
const LEFT: readonly Panel[] = [dataPanel, visitorPanel, tryPanel, copiesPanel, configurationPanel]
const RIGHT: readonly Panel[] = [
  ({ report, cookies }) => sizePanel(report, cookies),
  identityPanel,
  devicePanel,
  storePanel,
  ({ configuration }) => eventsPanel(configuration),
]

export function page(view: View): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>sealed-session playground</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
        <script src="/page.js" type="module"></script>
      </head>
      <body>
        <header>
          <h1>sealed-session <span>playground</span></h1>
          <p>
            The whole session is in your browser’s cookies, encrypted. The server keeps nothing of
            it: it reads the session from each request, and writes it into a response when it has
            changed.
          </p>
        </header>
        <main>
          ${notices(view)} ${wirePanel(view)}
          <div class="column">${LEFT.map((panel) => panel(view))}</div>
          <div class="column">${RIGHT.map((panel) => panel(view))}</div>
        </main>
      </body>
    </html>`
}

function notices({ session, outcome, refusal }: View): Html {
  return html`<div class="notices">
    ${
      refusal
        ? html`<section class="notice bad" role="alert" id="refusal">
            <h2>Nothing was written, and nothing is lost</h2>
            <p><code>${refusal.name} [${refusal.code}]: ${refusal.message}</code></p>
            ${refusal instanceof SessionTooLargeError ? limitBars(refusal.report) : ''}
            <p>Below is the session as your browser still has it, without that change.</p>
          </section>`
        : ''
    }
    ${
      session.rejection
        ? html`<p class="notice bad" role="alert" id="rejection">
            The session in your cookies was refused, so this one is empty:
            <strong>${session.rejection.reason}</strong>.
            ${meaningOfReason(session.rejection.reason)}
            ${
              session.rejection.reason === 'destroyed'
                ? 'This response deletes its cookies.'
                : 'Its cookies stay as they are until something is written.'
            }
          </p>`
        : ''
    }
    ${outcome?.did === '' ? html`<p class="notice" role="status" id="message">${outcome.message}</p>` : ''}
  </div>`
}

function dataPanel(view: View): Html {
  const { session } = view
  return html`<section class="panel" aria-labelledby="data">
    <h2 id="data">Session</h2>
    ${
      session.isEmpty
        ? html`<p class="quiet">It is empty, so it takes no cookie.</p>`
        : html`<ul class="entries">
            ${session.entries().map(([key, value]) => entry(key, value))}
          </ul>`
    }
    <form method="post" action="/set" class="fields">
      <label>Key <input name="key" required autocomplete="off" autocapitalize="off" /></label>
      <label>
        Value, as JSON or text
        <input name="value" autocomplete="off" autocapitalize="off" />
      </label>
      <button class="main" ${focusIf(view, 'set')}>Set</button>
    </form>
    ${outcomeNote(view, 'set', 'delete', 'clear')} ${codeBlock('set', 'Set')}
    <form method="post" action="/clear">
      <button ${focusIf(view, 'clear')}>Clear</button>
    </form>
  </section>`
}

function entry(key: string, value: unknown): Html {
  return html`<li>
    <form method="post" action="/set">
      <label>
        <code>${key}</code>
        <input name="value" value="${textOf(value)}" autocomplete="off" autocapitalize="off" />
      </label>
      <button name="key" value="${key}" aria-label="Change ${key}">Change</button>
      <button name="key" value="${key}" formaction="/delete" aria-label="Delete ${key}">
        Delete
      </button>
    </form>
  </li>`
}

function visitorPanel(view: View): Html {
  const user = view.session.get('user')
  return html`<section class="panel" aria-labelledby="login">
    <h2 id="login">Login</h2>
    ${user === undefined ? loginForm(view) : logoutForm(view, textOf(user))}
  </section>`
}

function loginForm(view: View): Html {
  return html`<form method="post" action="/login" class="fields">
      <label>Name <input name="name" required autocomplete="off" /></label>
      <label class="check"><input type="checkbox" name="remember" /> Remember me</label>
      <button class="main" ${focusIf(view, 'logout')}>Log in</button>
    </form>
    ${outcomeNote(view, 'login', 'logout')}
    <p class="quiet">
      A login begins a new session, which keeps the key <code>cart</code> alone. One that is to be
      remembered lasts 30 days.
    </p>
    ${codeBlock('login', 'Log in')}`
}

function logoutForm(view: View, user: string): Html {
  return html`<p id="user">Logged in as <strong>${user}</strong>.</p>
    <div class="buttons">
      <form method="post" action="/logout">
        <button class="main" ${focusIf(view, 'login')}>Log out</button>
      </form>
      <form method="get" action="/slow" target="_blank">
        <button name="ms" value="5000">Slow request, in a new tab</button>
      </form>
      <form method="get" action="/slow" target="_blank">
        <input type="hidden" name="only" value="read" />
        <button name="ms" value="5000">Slow read, in a new tab</button>
      </form>
    </div>
    ${outcomeNote(view, 'login', 'logout')}
    <p class="quiet">
      Start the slow request, log out while it runs, and load this page when it is done. It has
      written the old session back, and you are still logged out: the logout left a stamp, the
      cookie
      <code>${COOKIE}.x</code>, and the old session does not know it. The slow read writes nothing:
      change the session while it runs, and the change stays.
    </p>
    ${codeBlock('logout', 'Log out')}`
}

function identityPanel({ session, secretId, configuration }: View): Html {
  const { id, startedAt, expiresAt, isNew, isEmpty } = session
  const facts = html`<dl class="facts">
    <dt>id</dt>
    <dd><code>${id}</code></dd>
    <dt>isNew</dt>
    <dd>${isNew ? 'true: it began with this request' : 'false: it came with this request'}</dd>
    <dt>startedAt</dt>
    <dd>${moment(startedAt)}</dd>
    <dt>expiresAt</dt>
    <dd>
      ${moment(expiresAt)} ${expiresAt ? countdown(expiresAt, configuration.now()) : ''}
      <small>if it is not used again</small>
    </dd>
    <dt>secret</dt>
    <dd>the one with the id <code id="secret-id">${secretId}</code></dd>
  </dl>`
  return html`<section class="panel" aria-labelledby="identity">
    <h2 id="identity">Identity and times</h2>
    ${isEmpty ? html`<p class="quiet">An empty session has none.</p>` : facts}
  </section>`
}

function moment(date: Date | undefined): Html {
  if (date === undefined) return html`none yet`
  const iso = date.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`
}

function countdown(end: Date, now: number): Html {
  return html`<span
    id="countdown"
    data-seconds="${Math.round((end.getTime() - now) / 1000)}"
  ></span>`
}

function configurationPanel(view: View): Html {
  const { choice, secrets, now } = view.configuration
  return html`<section class="panel" aria-labelledby="configuration">
    <h2 id="configuration">Configuration</h2>
    <form method="post" action="/configure" class="fields">
      <label>
        Limits
        <select name="limits">
          ${PRESETS.map((preset) => option(preset, preset, choice.limits))}
        </select>
      </label>
      <label>
        Lifetime
        <select name="timeouts">
          ${Object.entries(TIMEOUTS).map(([name, { label }]) => option(name, label, choice.timeouts))}
        </select>
      </label>
      <button class="main" ${focusIf(view, 'configure')}>Apply</button>
    </form>
    ${outcomeNote(view, 'configure')}
    <p class="quiet">
      Applies to all visitors of this server until it stops, and to sessions that began before.
    </p>
    <h3>Secrets, newest first</h3>
    <ul class="secrets" id="secrets">
      ${secrets.map((each, index) => secretRow(each, secrets.slice(0, index), now()))}
    </ul>
    <div class="buttons">
      <form method="post" action="/rotate">
        <button ${focusIf(view, 'rotate')}>Rotate</button>
      </form>
      <form method="post" action="/stage">
        <button ${focusIf(view, 'stage')}>Stage</button>
      </form>
    </div>
    ${outcomeNote(view, 'rotate', 'stage')}
    <p class="quiet">
      Rotate adds a secret that seals at once. Stage adds one that every instance opens at once, and
      that seals in 20 seconds: the time to deploy it everywhere. No user is logged out.
    </p>
    ${codeBlock('rotate', 'Rotate')} ${codeBlock('stage', 'Stage')}
  </section>`
}

function secretRow({ id, from }: ShownSecret, newer: readonly ShownSecret[], now: number): Html {
  const isActive = from <= now
  const isNewest = isActive && newer.every((other) => other.from > now)
  const seconds = Math.ceil((from - now) / 1000)
  const what = isNewest ? 'seals, and opens' : isActive ? 'opens' : `opens; seals in ${seconds} s`
  return html`<li><code>${id}</code> ${what}</li>`
}

function option(value: string, label: string, chosen: string): Html {
  return html`<option value="${value}" ${value === chosen ? 'selected' : ''}>${label}</option>`
}

function eventsPanel({ events }: Configuration): Html {
  return html`<section class="panel" aria-labelledby="events">
    <h2 id="events">Events</h2>
    <ol class="events">
      ${events.slice(0, MOST_EVENTS).map(
        (event) =>
          html`<li>
            <strong>${event.type}</strong>
            <div>
              <p>${meaningOfEvent(event)}</p>
              ${detailsOf(event).map(([name, value]) => html`<span>${name} <code>${value}</code></span>`)}
            </div>
          </li>`,
      )}
    </ol>
    <p class="quiet">
      What the function <code>observe</code> was called with, the latest first. Events hold no data
      of a session.
    </p>
  </section>`
}

function detailsOf(event: SessionEvent): [string, string][] {
  if ('report' in event) return [['level', event.report.level]]
  return Object.entries(event)
    .filter(([name, value]) => SHOWN.has(name) && value !== undefined)
    .map(([name, value]) => [name, String(value)])
}
