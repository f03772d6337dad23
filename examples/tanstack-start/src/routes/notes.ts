import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/notes')({
  server: {
    handlers: {
      async POST({ request, context: { session } }) {
        const text = (await request.formData()).get('text')
        if (typeof text !== 'string') return new Response('no text', { status: 400 })
        session.set('notes', text)
        return redirect({ href: '/', statusCode: 303 })
      },
    },
  },
})
