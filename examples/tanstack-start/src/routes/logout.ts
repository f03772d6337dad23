import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/logout')({
  server: {
    handlers: {
      POST({ context: { session } }) {
        session.destroy()
        return redirect({ href: '/', statusCode: 303 })
      },
    },
  },
})
