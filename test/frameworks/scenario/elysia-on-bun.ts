// Run by Bun: prints its origin.

import { createElysiaShop } from './elysia.ts'

const app = createElysiaShop(process.env['UPSTREAM'] ?? '').listen({
  hostname: '127.0.0.1',
  port: 0,
})
console.log(`http://127.0.0.1:${app.server?.port}`)
