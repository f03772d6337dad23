// A folder in which Chromium trusts https://localhost: a certificate authority, and a home for the
// browser with a certificate store that contains it. With a certificate that is only excused, or
// none, Chromium silently ignores the protocol.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Trust {
  /** The browser's `HOME`. */
  readonly home: string
  readonly key: string
  readonly cert: string
  remove(): void
}

/** Requires `openssl`, and `certutil` of Debian's libnss3-tools. */
export function createTrust(): Trust {
  const home = mkdtempSync(join(tmpdir(), 'sealed-session-device-'))
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
  const openssl = (line: string, ...more: readonly string[]) =>
    run('openssl', ...line.split(' '), ...more)
  openssl(
    'req -newkey rsa:2048 -nodes -x509 -days 2 -keyout authority.key -out authority.pem ' +
      '-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign',
    '-subj',
    '/CN=test authority',
  )
  openssl('req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out leaf.csr')
  writeFileSync(
    join(home, 'extensions'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
  )
  openssl(
    'x509 -req -in leaf.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out cert.pem ' +
      '-days 2 -extfile extensions',
  )
  mkdirSync(join(home, '.pki', 'nssdb'), { recursive: true })
  const store = ['-d', 'sql:.pki/nssdb']
  run('certutil', ...store, '-N', '--empty-password')
  run('certutil', ...store, '-A', '-t', 'C,,', '-n', 'authority', '-i', 'authority.pem')
  const read = (name: string) => readFileSync(join(home, name), 'utf8')
  return {
    home,
    key: read('key.pem'),
    cert: read('cert.pem'),
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}
