// src/routes/+page.server.ts
import { redirect, type Actions, type ServerLoadEvent } from '@sveltejs/kit'

export const load = ({ locals }: ServerLoadEvent) => ({
  user: locals.session.get('user'),
  notices: locals.session.flash('notice'),
})

export const actions: Actions = {
  async login({ locals, request }) {
    const form = await request.formData()
    locals.session.regenerate()
    locals.session.set('user', String(form.get('user')))
    locals.session.flash('notice', 'Welcome')
    redirect(303, '/')
  },
  logout({ locals }) {
    locals.session.destroy()
  },
}
