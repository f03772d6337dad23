// src/routes/index.tsx
import { createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'

const readVisitor = createServerFn().handler(({ context: { session } }) => ({
  user: session.get('user'),
  notices: session.flash('notice'),
}))

export const Route = createFileRoute('/')({ loader: () => readVisitor(), component: Home })

function Home() {
  const { user, notices } = Route.useLoaderData()
  return (
    <main>
      {notices.map((notice) => (
        <p role="status" key={notice}>
          {notice}
        </p>
      ))}
      {user === undefined ? (
        <form method="post" action="/login">
          <input name="user" aria-label="Name" />
          <button>Log in</button>
        </form>
      ) : (
        <>
          <form method="post" action="/logout">
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
