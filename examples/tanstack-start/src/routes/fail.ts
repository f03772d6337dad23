import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/fail')({
  server: {
    handlers: {
      POST({ context: { session } }) {
        session.set('user', 'mallory')
        throw new Error('the handler failed')
      },
    },
  },
})
