// src/pages.ts
/** What the page `/` shows. */
export interface Home {
  user: string | undefined
  messages: readonly string[]
}

/** Returns the page `/`: a login, or the notes and a logout. */
export function renderHome({ user, messages }: Home): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <title>Notes</title>
  ${messages.map((message) => `<p role="status">${escapeHtml(message)}</p>`).join('\n  ')}
  ${user === undefined ? LOGIN : renderNotes(user)}
</html>
`
}

/** Yields the lines of a report, one after the other. */
export async function* report(visits: number): AsyncGenerator<string> {
  yield `visit ${visits}\n`
  for (const line of ['first line', 'second line', 'last line']) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    yield `${line}\n`
  }
}

const LOGIN = `<form method="post" action="/login">
    <label>Name <input name="user" required /></label>
    <button>Log in</button>
  </form>`

function renderNotes(user: string): string {
  return `<form method="post" action="/logout">
    ${escapeHtml(user)} <button>Log out</button>
  </form>
  <form method="post" action="/notes">
    <textarea name="text"></textarea>
    <button>Keep</button>
  </form>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
