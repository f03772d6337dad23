// Modules that frameworks create at run time.

declare module '$app/env/private' {
  export const SESSION_SECRETS: string | undefined
}

declare module 'astro:middleware' {
  import type { MiddlewareHandler } from 'astro'

  export function defineMiddleware(handler: MiddlewareHandler): MiddlewareHandler
}
