// The page. `html` escapes all that is put into it.

import { html } from 'hono/html'
import { SessionTooLargeError } from 'sealed-session'
import type { SessionEvent } from 'sealed-session'
import { COOKIE, PRESETS, TIMEOUTS } from './configuration.ts'
import type { Configuration } from './configuration.ts'
import { meaningOfEvent, meaningOfReason } from './meanings.ts'
import { limitBars, sizePanel } from './size-panel.ts'
import { textOf } from './value.ts'
import type { View } from './view.ts'

export type Html = ReturnType<typeof html>

const MOST_EVENTS = 8

/** The members of an event that the page shows. */
const SHOWN = new Set(['reason', 'secretId', 'age', 'cause', 'bytes', 'outcome'])

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
        <script src="/countdown.js" type="module"></script>
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
          ${notices(view)}
          <div class="column">
            ${dataPanel(view)} ${visitorPanel(view)} ${experimentsPanel()}
            ${configurationPanel(view.configuration)}
          </div>
          <div class="column">
            ${sizePanel(view.report, view.cookies)} ${identityPanel(view)}
            ${eventsPanel(view.configuration)}
          </div>
        </main>
      </body>
    </html>`
}

function notices({ session, message, refusal }: View): Html {
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
    ${message ? html`<p class="notice" role="status" id="message">${message}</p>` : ''}
  </div>`
}

function dataPanel({ session }: View): Html {
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
      <button class="main">Set</button>
    </form>
    <form method="post" action="/clear"><button>Clear</button></form>
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

function visitorPanel({ session }: View): Html {
  const user = session.get('user')
  return html`<section class="panel" aria-labelledby="login">
    <h2 id="login">Login</h2>
    ${user === undefined ? login() : logout(textOf(user))}
  </section>`
}

function login(): Html {
  return html`<form method="post" action="/login" class="fields">
      <label>Name <input name="name" required autocomplete="off" /></label>
      <label class="check"><input type="checkbox" name="remember" /> Remember me</label>
      <button class="main">Log in</button>
    </form>
    <p class="quiet">
      A login begins a new session, which keeps the key <code>cart</code> alone. One that is to be
      remembered lasts 30 days.
    </p>`
}

function logout(user: string): Html {
  return html`<p id="user">Logged in as <strong>${user}</strong>.</p>
    <div class="buttons">
      <form method="post" action="/logout"><button class="main">Log out</button></form>
      <form method="get" action="/slow" target="_blank">
        <button name="ms" value="5000">Slow request, in a new tab</button>
      </form>
    </div>
    <p class="quiet">
      Start the slow request, log out while it runs, and load this page when it is done. It has
      written the old session back, and you are still logged out: the logout left a stamp, the
      cookie
      <code>${COOKIE}.x</code>, and the old session does not know it.
    </p>`
}

function experimentsPanel(): Html {
  return html`<section class="panel" aria-labelledby="try">
    <h2 id="try">Try</h2>
    <dl class="actions">
      ${action('touch', 'Touch', html`Records that you used the session now. That writes a ticket, the cookie <code>${COOKIE}.t</code>, and not the session.`)}
      ${action('fill', 'Fill', html`Adds 9 kB of data, which take several cookies. The limits <code>portable</code> refuse that, <code>node</code> allow it.`)}
      ${action('shrink', 'Shrink', html`Removes that data. The cookies that are no longer needed are deleted.`)}
      ${action('overfill', 'Overfill', html`Adds 70 kB, which no limits allow. Nothing is written, and nothing is lost.`)}
      ${action('tamper', 'Tamper', html`Opens a copy of your cookie with one character changed.`)}
      ${action('rotate', 'Rotate', html`Adds a new secret. You stay logged in, and the next change is sealed under it.`)}
    </dl>
  </section>`
}

function action(name: string, label: string, explanation: Html): Html {
  return html`<div>
    <dt>
      <form method="post" action="/${name}"><button>${label}</button></form>
    </dt>
    <dd>${explanation}</dd>
  </div>`
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

function configurationPanel({ choice, secrets }: Configuration): Html {
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
      <button class="main">Apply</button>
    </form>
    <p class="quiet">
      Applies to all visitors of this server until it stops, and to sessions that began before.
      ${secrets === 1 ? 'One secret seals and opens sessions.' : `The newest of ${secrets} secrets seals sessions, and all of them open.`}
    </p>
  </section>`
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
