// The pages for newcomers, followed to the letter: from an empty folder to a session that survives a restart.
// Two words of the commands are replaced. `sealed-session`, where it is installed, is the packed library,
// because the registry does not have it; and the port 3000 is one that is free.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendForm } from '../applications/forms.ts'
import { freePort } from '../servers/programs.ts'
import { PAGES, readNewcomerPath } from '../support/newcomer-path.ts'
import { createVisitor } from '../support/visitor.ts'
import { pack } from './library.ts'
import { run, start } from './programs.ts'

let tarball = ''

beforeAll(() => {
  tarball = pack()
})

afterAll(() => rmSync(dirname(tarball), { recursive: true }))

/** Runs the commands that make an application, and returns the folder in which they end. */
async function setUp(empty: string, commands: string): Promise<string> {
  const install = /^(npm install\b.*) sealed-session\b/gm
  expect(commands.match(install)).toHaveLength(1)
  const end = join(empty, '.end')
  await run(empty, `${commands.replace(install, `$1 ${tarball}`)}\npwd > ${end}`)
  return readFileSync(end, 'utf8').trim()
}

function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

describe.each(PAGES)('the page on %s', (page) => {
  let empty = ''
  beforeAll(() => {
    empty = mkdtempSync(join(tmpdir(), `newcomer-${page}-`))
  })
  afterAll(() => rmSync(empty, { recursive: true }))

  test('leads from an empty folder to a session that survives a restart', async () => {
    const path = readNewcomerPath(page)
    const folder = await setUp(empty, path.setUp)
    writeFiles(folder, path.files)
    if (path.build !== '') await run(folder, path.build)
    const port = await freePort()
    const serve = () => start(folder, path.serve.replaceAll('3000', '$PORT'), { port, path: '/' })
    const { origin, stop } = await serve()
    // As browsers say it for a form of the page itself.
    const usual = { accept: 'text/html', origin, 'sec-fetch-site': 'same-origin' }
    const visitor = createVisitor(origin, usual)
    const readPage = async () => (await visitor.visit('/')).text()
    try {
      expect(await readPage()).not.toContain('Log out')
      const answer = await sendForm(visitor, 'name="user"', { user: 'Ada Lovelace' })
      expect(answer.status).toBe(303)
      expect(visitor.names()).toEqual(['__Host-session'])
      expect(await readPage()).toContain('Ada Lovelace')
    } finally {
      await stop()
    }
    const again = await serve()
    try {
      const html = await readPage()
      expect(html).toContain('Ada Lovelace')
      expect(html).toContain('Log out')
      expect(await (await createVisitor(origin).visit('/')).text()).not.toContain('Ada Lovelace')
      await (await sendForm(visitor, 'Log out')).text()
      expect(visitor.names()).toEqual(['__Host-session.x'])
      expect(await readPage()).not.toContain('Ada Lovelace')
    } finally {
      await again.stop()
    }
  })
})
