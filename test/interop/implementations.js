// Three implementations of JOSE that share no code with ours: in JavaScript, C and Python. Each opens a
// compact JWE with a key, and writes one with a key and a protected header.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import jose from 'node-jose'

export const PYTHON = '/usr/bin/python3'

const OPEN = `
import json, sys
from jwcrypto import jwe, jwk
given = json.load(sys.stdin)
token = jwe.JWE()
token.deserialize(given['token'], jwk.JWK(**given['jwk']))
json.dump({'header': token.jose_header, 'payload': token.payload.decode()}, sys.stdout)
`

const WRITE = `
import json, sys
from jwcrypto import jwe, jwk
given = json.load(sys.stdin)
token = jwe.JWE(given['payload'].encode(), protected=given['header'])
token.add_recipient(jwk.JWK(**given['jwk']))
sys.stdout.write(token.serialize(compact=True))
`

const nodeJose = {
  name: 'node-jose',
  missing: undefined,
  async open(token, key) {
    const decrypt = jose.JWE.createDecrypt(await jose.JWK.asKey(jwkOf(key)))
    const { header, payload } = await decrypt.decrypt(token)
    return { header, payload: payload.toString() }
  },
  async write(header, payload, key) {
    const options = { format: 'compact', contentAlg: header.enc, fields: header }
    const recipient = { key: await jose.JWK.asKey(jwkOf(key)), reference: false }
    return jose.JWE.createEncrypt({ ...options, protect: Object.keys(header) }, recipient)
      .update(Buffer.from(payload))
      .final()
  },
}

const command = {
  name: "Debian's jose",
  missing: runs('jose', ['alg']) ? undefined : 'apt-get install jose',
  async open(token, key) {
    const payload = withKeyFile(key, (file) =>
      run('jose', ['jwe', 'dec', '-i-', '-k', file], token),
    )
    const [header = ''] = token.split('.')
    return { header: JSON.parse(Buffer.from(header, 'base64url').toString()), payload }
  },
  async write(header, payload, key) {
    const template = JSON.stringify({ protected: header })
    const args = ['jwe', 'enc', '-I-', '-i', template, '-c', '-k']
    return withKeyFile(key, (file) => run('jose', [...args, file], payload))
  },
}

const python = {
  name: 'python3-jwcrypto',
  missing: runs(PYTHON, ['-c', 'import jwcrypto.jwe'])
    ? undefined
    : 'apt-get install python3-jwcrypto',
  async open(token, key) {
    const input = JSON.stringify({ token, jwk: jwkOf(key) })
    return JSON.parse(run(PYTHON, ['-c', OPEN], input))
  },
  async write(header, payload, key) {
    const input = { header: JSON.stringify(header), payload, jwk: jwkOf(key) }
    return run(PYTHON, ['-c', WRITE], JSON.stringify(input))
  },
}

export const implementations = [nodeJose, command, python]

function jwkOf(key) {
  return { kty: 'oct', k: key.toString('base64url') }
}

function runs(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

/** Returns the output of a program for some standard input. */
function run(program, args, input) {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`)
  return stdout
}

/** The command reads keys only from files. */
function withKeyFile(key, use) {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'))
  try {
    const file = join(folder, 'key.jwk')
    writeFileSync(file, JSON.stringify(jwkOf(key)), { mode: 0o600 })
    return use(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
