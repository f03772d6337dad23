// The library as the registry would have it: packed, because it is not published.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('../../', import.meta.url).pathname
const here = new URL('.', import.meta.url).pathname

/** Packs the library into a new folder, and returns the path of the tarball. */
export function pack(): string {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'))
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const [tarball = ''] = readdirSync(folder)
  return join(folder, tarball)
}

/** Puts the library beside the frameworks that this folder installs. */
export function installLibrary(): void {
  const tarball = pack()
  const library = join(here, 'node_modules/sealed-session')
  rmSync(library, { recursive: true, force: true })
  mkdirSync(library, { recursive: true })
  execFileSync('tar', ['xzf', tarball, '-C', library, '--strip-components', '1'])
  // Its dependencies, where npm would install them.
  for (const name of ['jose', 'cookie']) {
    const options = { recursive: true }
    cpSync(join(root, 'node_modules', name), join(library, 'node_modules', name), options)
  }
  rmSync(join(tarball, '..'), { recursive: true })
}
