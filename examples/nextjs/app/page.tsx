// app/page.tsx
import { readSession } from '../lib/session'
import { login, logout } from './actions'
import { Notices } from './notices'

export default async function Page() {
  const session = await readSession()
  const user = session.get('user')
  return (
    <main>
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
    </main>
  )
}
