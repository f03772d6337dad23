// lib/error.ts
import { defineNitroErrorHandler } from 'nitro/runtime'
import { SessionTooLargeError } from 'sealed-session'

export default defineNitroErrorHandler(({ cause, status }) => {
  if (cause instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
  return new Response('failed', { status })
})
