// Cookie headers of real clients: several of them, with unusual bytes and white space.

import { check, equal } from './check.ts'
import type { Check, Library } from './check.ts'
import { createScene, NAME } from './scene.ts'
import type { Scene } from './scene.ts'

export const headers: readonly Check[] = [
  check('of two Cookie headers both are read, ours in the first', async (library) => {
    const { sessions, cookie } = await begin(library)
    const both = new Headers()
    both.append('cookie', cookie)
    both.append('cookie', 'theme=dark')
    equal(
      (await sessions.open(both)).get('user'),
      'ada',
      both.get('cookie')?.replace(cookie, 'OURS'),
    )
  }),

  check('of two Cookie headers both are read, ours in the second', async (library) => {
    const { sessions, cookie } = await begin(library)
    const both = new Headers()
    both.append('cookie', 'theme=dark')
    both.append('cookie', cookie)
    equal(
      (await sessions.open(both)).get('user'),
      'ada',
      both.get('cookie')?.replace(cookie, 'OURS'),
    )
  }),

  check('two Cookie headers of a Request are read as one', async (library) => {
    const { sessions, cookie } = await begin(library)
    const request = new Request('https://app.example/')
    request.headers.append('cookie', 'theme=dark')
    request.headers.append('cookie', cookie)
    equal((await sessions.open(request)).get('user'), 'ada')
  }),

  check('a foreign cookie cannot contain one of ours after a comma', async (library) => {
    const { sessions, cookie } = await begin(library)
    for (const header of [`theme=dark, ${cookie}`, `theme=dark,${cookie}`, `theme="${cookie}"`]) {
      const session = await sessions.open(new Headers({ cookie: header }))
      equal([session.isEmpty, session.rejection], [true, undefined], header.slice(0, 12))
    }
  }),

  check('spaces, tabs and empty pairs around a cookie are not part of it', async (library) => {
    const { sessions, cookie } = await begin(library)
    for (const header of [
      `  ${cookie}  `,
      `;;${cookie};`,
      `a=1;${cookie};b=2`,
      `a=1;\t${cookie}\t`,
    ]) {
      equal((await sessions.open(header)).get('user'), 'ada', header.replace(cookie, 'OURS'))
      equal((await sessions.open(new Headers({ cookie: header }))).get('user'), 'ada')
    }
  }),

  check('names that only resemble ours are foreign', async (library) => {
    const { sessions, cookie } = await begin(library)
    const value = cookie.slice(NAME.length + 1)
    for (const name of [
      '__host-session',
      `${NAME}.`,
      `${NAME}.0`,
      `${NAME}.16`,
      `${NAME}.01`,
      `x${NAME}`,
      `${NAME}x`,
      `${NAME} `,
    ]) {
      const session = await sessions.open(`${name}=${value}`)
      equal([session.isEmpty, session.rejection], [true, undefined], name)
    }
  }),

  check('unusual bytes in other cookies cause no error and are counted', async (library) => {
    const { sessions, cookie } = await begin(library)
    const foreign = 'odd=\u00fc\u00ff\u0080{"a":1,"b":"\\"}%ff%'
    for (const source of [
      `${foreign}; ${cookie}`,
      new Headers({ cookie: `${foreign}; ${cookie}` }),
    ]) {
      const session = await sessions.open(source)
      equal(session.get('user'), 'ada')
      equal((await sessions.measure(session)).bytes.otherCookies, foreign.length + 2)
    }
  }),

  check('unusual bytes in our own cookie give a reason, never an exception', async (library) => {
    const { sessions, cookie } = await begin(library)
    const values = ['', '"', '""', '\u00ff', '%00', 'null', '{}', '.....', 'eyJ', '=', 'a=b', '2.']
    for (const value of [...values, `"${cookie.slice(NAME.length + 1)}"`, 'x'.repeat(70_000)]) {
      const session = await sessions.open(new Headers({ cookie: `${NAME}=${value}` }))
      equal([session.isEmpty, session.rejection !== undefined], [true, true], value.slice(0, 20))
    }
  }),

  check('a header of ten thousand cookies is read', async (library) => {
    const { sessions, cookie } = await begin(library)
    const many = Array.from({ length: 10_000 }, (_, number) => `${NAME}.${number % 100}${number}=1`)
    equal((await sessions.open(`${many.join('; ')}; ${cookie}`)).get('user'), 'ada')
  }),
]

async function begin(library: Library): Promise<Scene & { cookie: string }> {
  const scene = createScene(library)
  await scene.visit((session) => session.set('user', 'ada'))
  return { ...scene, cookie: scene.browser.header() }
}
