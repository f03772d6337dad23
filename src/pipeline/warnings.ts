// Reports what fails without an error, each cause once.

import { readHeader } from '../cookies/source.ts'
import type { SessionEvent, WarningCause } from '../events.ts'
import type { ResolvedOptions } from '../options.ts'
import type { SessionState } from '../session/state.ts'

/** What the pipeline reports to, and what is noticed there. */
export interface Warnings {
  readonly observe: (event: SessionEvent) => void
  readonly warn: (cause: WarningCause) => void
  /** Notes that a session was changed. */
  readonly changed: (state: SessionState) => void
  /** Notes that the cookies of a session were asked for. */
  readonly committed: (state: SessionState) => void
  /** Looks at the session that was changed before: called when another one is opened. */
  readonly check: () => void
}

/** Seconds after which no request is still under way. */
const LONGEST_REQUEST = 60

/** Which sessions have sealed a cookie of a name under a secret. */
const sealers = new Map<string, object>()

/** Bounds the map in a process that makes new secrets all the time. */
const MOST_SEALERS = 100

/** Returns `observe` with warnings among the events. */
export function createWarnings({ observe, cookie, now }: ResolvedOptions): Warnings {
  const given = new Set<WarningCause>()
  let sealedUnder: string | undefined
  let pending: { readonly state: SessionState; since: number | undefined } | undefined

  const nameOf = ({ secretId }: { readonly secretId?: string }) => `${cookie.name} ${secretId}`

  function warn(cause: WarningCause): void {
    if (given.has(cause)) return
    given.add(cause)
    observe({ type: 'warning', cause })
  }

  return {
    warn,
    observe(event) {
      observe(event)
      if (event.type === 'sealed') {
        if (event.id === pending?.state.claims?.id) pending = undefined
        if (event.secretId === sealedUnder) return
        sealedUnder = event.secretId
        if (sealers.size < MOST_SEALERS) sealers.set(nameOf(event), given)
      } else if (
        event.type === 'rejected' &&
        event.reason === 'unknown-key' &&
        Object.hasOwn(event, 'day')
      ) {
        // Without a day it was refused at a commit: its secret has been removed meanwhile.
        if ((sealers.get(nameOf(event)) ?? given) !== given) warn('same-name')
      }
    },
    changed(state) {
      pending ??= { state, since: undefined }
    },
    committed(state) {
      const { source, changed } = state
      if (pending?.state === state) pending = undefined
      if (changed && source && cookie.secure && isPlainHttp(source)) warn('insecure')
    },
    check() {
      if (pending === undefined) return
      pending.since ??= now()
      if (now() - pending.since < LONGEST_REQUEST) return
      if (pending.state.changed) warn('uncommitted')
      pending = undefined
    },
  }
}

/**
 * Whether a browser sent a request on plain http. The URL cannot tell, because a proxy may have ended
 * TLS; browsers tell by themselves: they send `Sec-Fetch-Site` to https and to localhost alone
 * (Fetch Metadata, section 2: potentially trustworthy URLs).
 */
function isPlainHttp(source: object): boolean {
  return (
    readHeader(source, 'user-agent').startsWith('Mozilla/') &&
    readHeader(source, 'sec-fetch-site') === '' &&
    !/https/i.test(readHeader(source, 'x-forwarded-proto') + readHeader(source, 'forwarded'))
  )
}
