import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/upstream')({
  server: {
    handlers: {
      GET({ context: { session } }) {
        session.set('visits', session.get('visits', 0) + 1)
        return fetch(process.env.UPSTREAM ?? 'http://127.0.0.1:8080/')
      },
    },
  },
})
