// The meaning of an event, and of the reason of a rejection, in a sentence.

import type { RejectionReason, SealCause, SessionEvent, WarningCause } from 'sealed-session'

const REASONS: Readonly<Record<RejectionReason, string>> = {
  malformed: 'The cookie does not have the form of a session.',
  incomplete: 'Some of its cookies are missing.',
  'unknown-key': 'It was sealed under a secret that this server does not have.',
  undecryptable: 'It was altered, or made for something else.',
  expired: 'It has reached the end of its lifetime.',
  idle: 'It was not used for too long.',
  'not-yet-valid': 'It was sealed in the future: a server’s clock is wrong.',
  revoked: 'The application has revoked it.',
  destroyed: 'This browser has logged out since.',
  unproven: 'The device it is bound to has not proven itself.',
  'invalid-data': 'Its data could not be read, or has the wrong form.',
  'too-large': 'It is longer than any session.',
}

const CAUSES: Readonly<Record<SealCause, string>> = {
  new: 'A session began and was written.',
  changed: 'A session was changed and written.',
  renewed: 'A session was used, and a ticket was written.',
  token: 'A session was written as a token.',
}

const WARNINGS: Readonly<Record<WarningCause, string>> = {
  insecure: 'A browser on plain http was sent a Secure cookie, which it drops.',
  uncommitted: 'A session was changed and never committed.',
  'same-name': 'Another createSessions of this process uses the same cookie name.',
  cut: 'A cookie came back without its end.',
  overwritten: 'A session was written twice in one response.',
  late: 'A session was first read after its response.',
}

const EVENTS: Readonly<Record<Exclude<SessionEvent['type'], 'sealed' | 'warning'>, string>> = {
  opened: 'A session came and was accepted.',
  rejected: 'A session came and was refused.',
  destroyed: 'A logout ended a session.',
  size: 'A session nears its limits, or passes them.',
  device: 'A device was registered, has proven itself, or was refused.',
  secrets: 'The secrets changed, or could not be read.',
}

export function meaningOfReason(reason: RejectionReason): string {
  return REASONS[reason]
}

export function meaningOfEvent(event: SessionEvent): string {
  if (event.type === 'warning') return WARNINGS[event.cause]
  return event.type === 'sealed' ? CAUSES[event.cause] : EVENTS[event.type]
}
