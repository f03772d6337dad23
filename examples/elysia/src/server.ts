// src/server.ts
import { app } from './app.js'

app.listen({
  port: Number(process.env.PORT ?? 3000),
  hostname: process.env.HOST ?? '127.0.0.1',
})
