import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/me')({
  server: {
    handlers: {
      GET: ({ context: { session } }) =>
        Response.json({ user: session.get('user'), notes: session.get('notes', '').length }),
    },
  },
})
