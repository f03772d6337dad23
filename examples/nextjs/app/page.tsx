// app/page.tsx
import { Suspense } from 'react'
import { readSession } from '../lib/session'
import { login, logout } from './actions'
import { Notices } from './notices'

export default function Page() {
  return (
    <main>
      <Suspense>
        <Home />
      </Suspense>
    </main>
  )
}

async function Home() {
  const session = await readSession()
  const user = session.get('user')
  return (
    <>
      <Notices waiting={session.peekFlash('notice').length} />
      {user === undefined ? (
        <form action={login}>
          <input name="user" aria-label="Name" />
          <button>Log in</button>
        </form>
      ) : (
        <>
          <form action={logout}>
            {user} <button>Log out</button>
          </form>
          <form method="post" action="/notes">
            <textarea name="text" aria-label="Notes" />
            <button>Keep</button>
          </form>
        </>
      )}
    </>
  )
}
