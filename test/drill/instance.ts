// What every instance of a fleet does: it has a clock that the fleet sets, tells when other secrets
// are in force, and ends without cutting off a request.

import type { Server } from 'node:http'
import type { SessionEvent } from 'sealed-session'

/** What an instance sends to its fleet: its port when it listens, then what has happened. */
export type Report = number | 'secrets changed' | 'clock set'

/** Milliseconds by which the clock is ahead, so that no test waits for a moment. */
let ahead = Number(process.env['CLOCK_AHEAD'] ?? 0)

process.on('message', (milliseconds: number) => {
  ahead = milliseconds
  report('clock set')
})

export function clock(): number {
  return Date.now() + ahead
}

/** Receives the events of the instance's sessions. */
export function observe(event: SessionEvent): void {
  if (event.type === 'secrets' && event.outcome === 'changed') report('secrets changed')
}

/** Listens on a free port, until the process is told to end, or its fleet has ended. */
export function serve(server: Server): void {
  // Never closes an idle connection: the proxy may be about to reuse it, which would be a 502.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) report(address.port)
  })
  process.once('disconnect', () => process.exit())
  process.once('SIGTERM', () => {
    server.close(() => process.exit())
    server.closeIdleConnections()
  })
}

function report(news: Report): void {
  process.send?.(news)
}
