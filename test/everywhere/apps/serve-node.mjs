// Serves a fetch handler on Node: `node serve-node.mjs ./app.mjs [http2]`.

import { serve } from '@hono/node-server'
import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'

const [file, protocol] = process.argv.slice(2)
const { default: app } = await import(file)
const createServer = protocol === 'http2' ? createHttp2 : createHttp1
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0, createServer }, ({ port }) => {
  console.log(`Listening on http://127.0.0.1:${port}/`)
})
