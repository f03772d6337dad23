// src/routes/+page.server.ts
import { error, redirect, type Actions, type ServerLoadEvent } from '@sveltejs/kit'

export const load = ({ locals }: ServerLoadEvent) => ({
  user: locals.session.get('user'),
  notices: locals.session.flash('notice'),
})

export const actions: Actions = {
  async login({ locals, request }) {
    const user = (await request.formData()).get('user')
    if (typeof user !== 'string') error(400, 'no user')
    locals.session.regenerate()
    locals.session.set('user', user)
    locals.session.flash('notice', 'Welcome')
    redirect(303, '/')
  },
  logout({ locals }) {
    locals.session.destroy()
  },
  async keep({ locals, request }) {
    const text = (await request.formData()).get('text')
    if (typeof text !== 'string') error(400, 'no text')
    locals.session.set('notes', text)
    redirect(303, '/')
  },
}
