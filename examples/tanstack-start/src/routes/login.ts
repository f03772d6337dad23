// src/routes/login.ts
import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/login')({
  server: {
    handlers: {
      async POST({ request, context: { session } }) {
        const user = (await request.formData()).get('user')
        if (typeof user !== 'string' || user === '') return new Response('no user', { status: 400 })
        session.regenerate()
        session.set('user', user)
        session.flash('notice', 'Welcome')
        return redirect({ href: '/', statusCode: 303 })
      },
    },
  },
})
