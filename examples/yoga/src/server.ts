// src/server.ts
import { serve } from '@hono/node-server'
import { handle } from './app.js'

serve({
  fetch: handle,
  port: Number(process.env.PORT ?? 3000),
  hostname: process.env.HOST ?? '127.0.0.1',
})
