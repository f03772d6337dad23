// app/page.tsx
import { Suspense } from 'react'
import { readSession } from '../lib/session'
import { login, logout } from './actions'
import { Notices } from './notices'

export default function Page() {
  return (
    <main>
      <Notices />
      <Suspense>
        <Forms />
      </Suspense>
    </main>
  )
}

async function Forms() {
  const user = (await readSession()).get('user')
  if (user === undefined) {
    return (
      <form action={login}>
        <input name="user" aria-label="Name" />
        <button>Log in</button>
      </form>
    )
  }
  return (
    <>
      <form action={logout}>
        {user} <button>Log out</button>
      </form>
      <form method="post" action="/notes">
        <textarea name="text" aria-label="Notes" />
        <button>Keep</button>
      </form>
    </>
  )
}
