// Starts the playground on this machine, on PORT, else on 3000. If that port is in use, on the next
// one.

import { randomBytes } from 'node:crypto'
import { serve } from '@hono/node-server'
import { createPlayground } from './app.ts'

const hostname = '127.0.0.1'
let port = Number(process.env['PORT'] || 3000)

const server = serve(
  {
    fetch: createPlayground({ secrets: readSecrets() }),
    hostname,
    port,
    // Node reads 16 kB of headers by default, and some of the selectable limits are higher.
    serverOptions: { maxHeaderSize: 128 * 1024 },
  },
  (address) => console.log(`http://${hostname}:${address.port}`),
)

server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error
  port += 1
  server.listen(port, hostname)
})

function readSecrets(): string[] {
  const secrets = process.env['SESSION_SECRETS']
  if (secrets) return secrets.split(',')
  console.log('SESSION_SECRETS is not set: sessions are sealed with a secret made for this run.')
  return [randomBytes(32).toString('base64url')]
}
