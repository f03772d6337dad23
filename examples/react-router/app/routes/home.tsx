// app/routes/home.tsx
import { Form, useLoaderData, type LoaderFunctionArgs } from 'react-router'
import { sessionContext } from '../session.server'

export function loader({ context }: LoaderFunctionArgs) {
  const session = context.get(sessionContext)
  return { user: session.get('user'), notices: session.flash('notice') }
}

export default function Home() {
  const { user, notices } = useLoaderData<typeof loader>()
  return (
    <main>
      {notices.map((notice) => (
        <p role="status" key={notice}>
          {notice}
        </p>
      ))}
      {user === undefined ? (
        <Form method="post" action="/login">
          <input name="user" aria-label="Name" />
          <button>Log in</button>
        </Form>
      ) : (
        <>
          <Form method="post" action="/logout">
            {user} <button>Log out</button>
          </Form>
          <Form method="post" action="/notes">
            <textarea name="text" aria-label="Notes" />
            <button>Keep</button>
          </Form>
        </>
      )}
    </main>
  )
}
