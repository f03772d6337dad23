// src/client.ts
import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  splitLink,
  type TRPCClient,
} from '@trpc/client'
import type { AppRouter } from './router.js'

/** Returns a client whose mutations do not stream, because they change the session. */
export function createClient(url: string, fetch = globalThis.fetch): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'mutation',
        true: httpBatchLink({ url, fetch }),
        false: httpBatchStreamLink({ url, fetch }),
      }),
    ],
  })
}
