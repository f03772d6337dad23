// src/router.ts
import { initTRPC } from '@trpc/server'
import type { Session } from 'sealed-session'
import { z } from 'zod'
import type { Data } from './session.js'

const { router, procedure } = initTRPC.context<{ session: Session<Data> }>().create()

export const appRouter = router({
  me: procedure.query(({ ctx: { session } }) => ({
    user: session.get('user'),
    notes: session.get('notes', '').length,
  })),

  login: procedure
    .input(z.object({ user: z.string() }))
    .mutation(({ ctx: { session }, input: { user } }) => {
      session.regenerate()
      session.set('user', user)
      session.flash('notice', 'Welcome')
    }),

  logout: procedure.mutation(({ ctx: { session } }) => session.destroy()),

  /** Returns the messages, each once. */
  takeNotices: procedure.mutation(({ ctx: { session } }) => session.flash('notice')),

  keep: procedure
    .input(z.object({ text: z.string() }))
    .mutation(async ({ ctx: { session }, input: { text } }) => {
      await checkSpelling(text)
      session.set('notes', text)
    }),

  fail: procedure.mutation(({ ctx: { session } }) => {
    session.set('notes', 'never kept')
    throw new Error('the database is gone')
  }),
})

export type AppRouter = typeof appRouter

async function checkSpelling(text: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(20, text.length)))
}
