// Formats the report of an inspection as text.

import type { Check } from './checks.ts'
import type { Report } from './inspection.ts'
import { escapeUnprintable, formatJson, formatMoment, paint } from './printable.ts'
import type { Colour } from './printable.ts'
import type { Reading } from './reading.ts'

const MARKS: Readonly<Record<Check['result'], readonly [string, Colour]>> = {
  passed: ['ok', 'good'],
  failed: ['NO', 'bad'],
  open: ['?', 'quiet'],
}

/** The remedy for each reason. */
const HELP: Readonly<Record<string, string>> = {
  absent: 'The browser did not send it, or the name is another one: tell --name.',
  malformed: 'Another library may use the same cookie name, or a proxy changed the value.',
  incomplete: 'The browser evicted cookies, or a proxy removed some: make the session smaller.',
  'unknown-key':
    'Give the secret that sealed it, or see whether another application uses this name.',
  undecryptable: 'One alone is nothing to act on. Many are an attempt, or a renamed cookie.',
  expired: 'The user logs in again.',
  idle: 'The user logs in again. Look whether responses carry the ticket if this comes too early.',
  'not-yet-valid': 'Set the clocks of your servers: it works again when they agree.',
  revoked: 'The application has refused it.',
  destroyed: 'Nothing to do: the cookie is deleted with the next response.',
  unproven:
    'Its device has not proven itself in time; a browser with its key mends this by itself.',
  'invalid-data': 'Let the schema accept the old form too, or take the former serializer.',
  'too-large': 'Something else wrote the cookie.',
}

/** Formats the report: the result, then each check, then the contents of the session. */
export function formatReport(report: Report, reading: Reading, now: number): string {
  const { accepted, checks, data, alteration: _, ...rest } = report
  const rows: [string, string][] = [
    ['accepted', paint(String(accepted), accepted ? 'good' : 'bad')],
  ]
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) rows.push([name, formatValue(value, now)])
  }
  const lines = rows.map(([name, value]) => `${name.padEnd(11)} ${value}\n`)
  lines.push(...checks.map(formatCheck))
  if (accepted) lines.push(`${'data'.padEnd(11)} ${formatValue(data, now)}\n`)
  const help = typeof report['reason'] === 'string' ? HELP[report['reason']] : undefined
  if (help !== undefined) lines.push(`${help}\n`)
  if (reading.cookies?.hasTwins === true) {
    lines.push('A cookie came more than once: two scopes (path, domain) have one of this name.\n')
  }
  return lines.join('')
}

function formatCheck({ check, result, detail }: Check): string {
  const [mark, colour] = MARKS[result]
  return `  ${paint(mark.padEnd(2), colour)} ${check.padEnd(10)} ${escapeUnprintable(detail)}\n`
}

function formatValue(value: unknown, now: number): string {
  if (value instanceof Date) return formatMoment(value.getTime() / 1000, now)
  if (typeof value === 'string') return escapeUnprintable(value)
  return formatJson(value, true)
}
