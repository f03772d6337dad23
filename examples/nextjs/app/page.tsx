// app/page.tsx
import { readSession } from '../lib/session'
import { login, logout } from './actions'
import { Notices } from './notices'

export default async function Page() {
  const user = (await readSession()).get('user')
  return (
    <main>
      <Notices />
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
