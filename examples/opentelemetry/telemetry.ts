// The events of sessions as metrics and spans: an observer for `createSessions`. It uses the API of
// OpenTelemetry alone, so whatever exporter the application has set up gets them.

import { SpanStatusCode, metrics, trace } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'
import type { SessionEvent } from 'sealed-session'

/**
 * Returns an observer. Ids of sessions go to spans alone: as a metric's attribute, each would be a time
 * series of its own.
 */
export function observeWithOpenTelemetry(): (event: SessionEvent) => void {
  const meter = metrics.getMeter('sealed-session')
  const opened = meter.createCounter('session.opened', {
    description: 'Sessions that came and were accepted',
  })
  const rejected = meter.createCounter('session.rejected', {
    description: 'Sessions that came and were refused, by reason',
  })
  const sealed = meter.createCounter('session.sealed', {
    description: 'Cookies and tokens that were made, by cause',
  })
  const ended = meter.createCounter('session.destroyed', { description: 'Logouts' })
  const devices = meter.createCounter('session.device', {
    description: 'Keys and proofs of devices that came, by outcome and reason',
  })
  const warnings = meter.createCounter('session.warnings', {
    description: 'What breaks without an error, by cause',
  })
  const failures = meter.createCounter('session.secrets.failures', {
    description: 'Calls of the secrets function that failed',
  })
  const age = meter.createHistogram('session.age', {
    description: 'Time since a session was last sealed',
    unit: 's',
  })
  const bytes = meter.createHistogram('session.size', {
    description: 'Characters of what was sealed',
    unit: 'By',
  })
  const used = meter.createHistogram('session.limit.used', {
    description: 'Share of the tightest limit, of sessions that near or pass it',
    unit: '1',
  })

  return (event) => {
    switch (event.type) {
      case 'opened':
        opened.add(1, { 'session.secret': event.secretId })
        age.record(event.age)
        note('session opened', { 'session.id': event.id, 'session.secret': event.secretId })
        return
      case 'rejected':
        rejected.add(1, defined({ 'session.reason': event.reason, 'session.limit': event.limit }))
        note('session rejected', {
          'session.reason': event.reason,
          'session.limit': event.limit,
          'session.id': event.id,
          'session.secret': event.secretId,
          'session.lifetime': event.lifetime,
          'session.started': event.startedAt,
          'session.used': event.usedAt,
        })
        return
      case 'sealed':
        sealed.add(1, { 'session.cause': event.cause, 'session.secret': event.secretId })
        bytes.record(event.bytes, { 'session.cause': event.cause })
        note(`session sealed`, {
          'session.id': event.id,
          'session.cause': event.cause,
          'session.previous_id': event.previous,
        })
        return
      case 'destroyed':
        ended.add(1)
        note('session destroyed', { 'session.id': event.id })
        return
      case 'size':
        used.record(event.report.used, { 'session.limit': event.report.tightest })
        note('session size', {
          'session.id': event.id,
          'session.level': event.report.level,
          'session.move': [...event.report.move],
        })
        return
      case 'device':
        devices.add(
          1,
          defined({ 'session.outcome': event.outcome, 'session.reason': event.reason }),
        )
        note(`session device ${event.outcome}`, { 'session.id': event.id })
        return
      case 'secrets':
        if (event.outcome === 'failed') failures.add(1)
        note(`session secrets ${event.outcome}`, {})
        return
      case 'warning':
        warnings.add(1, { 'session.cause': event.cause })
        warn(event.cause)
        return
    }
  }
}

/** Adds an event to the span of the request, if there is one. */
function note(name: string, attributes: Attributes): void {
  trace.getActiveSpan()?.addEvent(name, defined(attributes))
}

/** Makes a span of its own: a warning may come long after the request that it is about. */
function warn(cause: string): void {
  const span = trace
    .getTracer('sealed-session')
    .startSpan('session warning', { attributes: { 'session.cause': cause } })
  span.setStatus({ code: SpanStatusCode.ERROR, message: cause })
  span.end()
}

/** Leaves out what is not known of a session. */
function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}
