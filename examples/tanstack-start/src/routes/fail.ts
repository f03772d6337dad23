import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/fail')({
  server: {
    handlers: {
      POST({ context: { session } }) {
        session.set('notes', 'never kept')
        throw new Error('the database is gone')
      },
    },
  },
})
