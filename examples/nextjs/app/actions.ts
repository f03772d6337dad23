// app/actions.ts
'use server'

import { redirect } from 'next/navigation'
import { withSession } from '../lib/session'

export async function login(form: FormData): Promise<void> {
  const user = form.get('user')
  if (typeof user !== 'string') return
  await withSession((session) => {
    session.regenerate()
    session.set('user', user)
    session.flash('notice', 'Welcome')
    redirect('/')
  })
}

export async function logout(): Promise<void> {
  await withSession((session) => session.destroy())
}

export async function takeNotices(): Promise<string[]> {
  return withSession((session) => session.flash('notice'))
}
