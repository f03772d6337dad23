// The parts of the library that bundlers keep in a page that imports other exports of a module with sessions.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as esbuild } from 'esbuild'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'

const library = new URL('../../dist/index.js', import.meta.url).pathname
const device = new URL('../../dist/device/binding.js', import.meta.url).pathname

/**
 * The module calls `createSessions` when it is loaded: in a browser, which has no secrets, it would
 * throw.
 */
const MODULE = `
  import { createSessions } from ${JSON.stringify(library)}
  export const sessions = createSessions({ secrets: undefined })
  export const title = 'Shop'
`

const BOUND = `
  import { createSessions } from ${JSON.stringify(library)}
  import { deviceBound } from ${JSON.stringify(device)}
  const device = deviceBound()
  export const sessions = createSessions({ secrets: undefined, device })
  export const title = 'Shop'
`

/** Strings that occur only in device/. */
const OF_DEVICE = /dbsc\+jwt|Secure-Session-Challenge|ES256/

/** Bundles a page as Vite does. */
async function bundle(page: string, module = MODULE): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sealed-session-bundle-'))
  try {
    writeFileSync(join(folder, 'module.js'), module)
    writeFileSync(join(folder, 'page.js'), page)
    const built = await rolldown({ input: join(folder, 'page.js'), logLevel: 'silent' })
    const { output } = await built.generate({ format: 'esm' })
    return output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('L22: a page that does not use the sessions of a module it imports contains nothing of the library', async () => {
  const code = await bundle(`import { title } from './module.js'\nconsole.log(title)`)
  expect(code).toContain('console.log("Shop")')
  expect(code).not.toMatch(/createSessions|secrets|A256GCM/)
})

test('esbuild drops them where the call says that it is pure', async () => {
  const contents = MODULE.replace('= createSessions', '= /* @__PURE__ */ createSessions')
  const build = (text: string) =>
    esbuild({
      stdin: { contents: `${text}\nconsole.log(title)`, resolveDir: tmpdir() },
      bundle: true,
      format: 'esm',
      write: false,
    })
  // Exports of an entry point are used.
  const { outputFiles } = await build(contents.replaceAll('export const', 'const'))
  expect(outputFiles[0]?.text).toContain('Shop')
  expect(outputFiles[0]?.text).not.toMatch(/createSessions|secrets|A256GCM/)
})

test('a page that uses them contains the library', async () => {
  const code = await bundle(`import { sessions } from './module.js'\nconsole.log(sessions)`)
  expect(code).toContain('A256GCM')
})

test('an application that binds no session to a device contains nothing of device/', async () => {
  const page = `import { sessions } from './module.js'\nconsole.log(sessions)`
  expect(await bundle(page)).not.toMatch(OF_DEVICE)
  expect(await bundle(page, BOUND)).toMatch(OF_DEVICE)
})

test('a page that does not use sessions with the option device contains nothing of the library either', async () => {
  const code = await bundle(`import { title } from './module.js'\nconsole.log(title)`, BOUND)
  expect(code).toContain('console.log("Shop")')
  expect(code).not.toMatch(OF_DEVICE)
  expect(code).not.toMatch(/createSessions|secrets|A256GCM/)
})
