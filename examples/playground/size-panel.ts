// The size report, as bars.

import { html } from 'hono/html'
import type { SizeLevel, SizeReport } from 'sealed-session'
import type { HeldCookie } from './cookies.ts'
import type { Html } from './page.ts'

const VERDICTS: Readonly<Record<SizeLevel, string>> = {
  ok: 'fits',
  warn: 'nearly full',
  over: 'too large',
}

const MEANINGS = {
  cookie: 'longest cookie line',
  cookies: 'number of cookies',
  requestHeader: 'sent with every request',
  responseHeader: 'sent when it changes',
} as const

export function sizePanel(report: SizeReport, cookies: readonly HeldCookie[]): Html {
  return html`<section class="panel" aria-labelledby="size">
    <h2 id="size">
      Size <span class="pill ${report.level}" id="level">${VERDICTS[report.level]}</span>
    </h2>
    <p>
      <strong class="figure">${percent(report.used)}</strong> of the tightest limit,
      <code>${report.tightest}</code>
    </p>
    ${limitBars(report)} ${cookieTable(cookies)} ${keyBars(report)}
  </section>`
}

/** Shows each of the four limits, and how much of it is used. */
export function limitBars({ bytes, cookies, limits, tightest, level }: SizeReport): Html {
  const used = {
    cookie: bytes.cookie,
    cookies,
    requestHeader: bytes.requestHeader,
    responseHeader: bytes.responseHeader,
  }
  const names = ['cookie', 'cookies', 'requestHeader', 'responseHeader'] as const
  const levelOf = (name: keyof typeof used) => {
    if (used[name] > limits[name]) return 'over'
    return name === tightest ? level : 'ok'
  }
  return html`<dl class="bars">
    ${names.map(
      (name) =>
        html`<div>
          <dt><code>${name}</code> <small>${MEANINGS[name]}</small></dt>
          <dd>${count(used[name])} <small>of ${count(limits[name])}</small></dd>
          ${bar(used[name] / limits[name], levelOf(name))}
        </div>`,
    )}
  </dl>`
}

function cookieTable(cookies: readonly HeldCookie[]): Html {
  const total = cookies.reduce((sum, { bytes }) => sum + bytes, 0)
  if (cookies.length === 0) return html`<p class="quiet">Your browser has no cookie of it.</p>`
  return html`<table id="cookies">
    <caption>
      ${cookies.length} ${cookies.length === 1 ? 'cookie' : 'cookies'}, ${count(total)} bytes
    </caption>
    <thead>
      <tr>
        <th scope="col">Cookie</th>
        <th scope="col">Bytes</th>
        <th scope="col">Set now</th>
      </tr>
    </thead>
    <tbody>
      ${cookies.map(
        ({ name, purpose, bytes, line }) =>
          html`<tr>
            <td><code>${name}</code> <small>${purpose}</small></td>
            <td>${count(bytes)}</td>
            <td>${line === undefined ? 'no' : count(line)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function keyBars({ keys, move }: SizeReport): Html {
  if (keys.length === 0) return html``
  return html`<h3>What takes the room</h3>
    <dl class="bars">
      ${keys.map(
        ({ key, bytes, share }) =>
          html`<div>
            <dt><code>${key}</code></dt>
            <dd>${count(bytes)} <small>${percent(share)}</small></dd>
            ${bar(share, move.includes(key) ? 'warn' : 'ok')}
          </div>`,
      )}
    </dl>
    ${
      move.length > 0
        ? html`<p id="move">
            To have room again, keep
            ${move.map((key, index) => html`${index > 0 ? ', ' : ''}<code>${key}</code>`)} in a
            store on the server, and only an id in the session.
          </p>`
        : ''
    }`
}

/** Hidden from screen readers, because the numbers beside it say the same. */
function bar(share: number, level: SizeLevel): Html {
  return html`<dd class="bar ${level}" aria-hidden="true">
    <svg viewBox="0 0 100 1" preserveAspectRatio="none">
      <rect width="${Math.min(100 * share, 100).toFixed(1)}" height="1" />
    </svg>
  </dd>`
}

function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%'
  return share.toLocaleString('en', { style: 'percent' })
}

function count(number: number): string {
  return number.toLocaleString('en')
}
