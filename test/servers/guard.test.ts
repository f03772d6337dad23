// Servers with their default limits accept everything that the size guard accepts, in requests and
// responses, and reject more.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  UNGUARDED,
  largest,
  linesOf,
  pairOf,
  reportOf,
  sessionsWith,
  stampOf,
  startApplication,
  textOf,
} from './application.ts'
import type { Application } from './application.ts'
import { SERVERS, PROGRAMS, startServers } from './servers.ts'
import type { ServerName, Servers } from './servers.ts'
import { namesOf } from '../support/cookie-jar.ts'
import { areInstalled } from './programs.ts'
import { cookiesOf, visit } from './wire.ts'

const guarded = {
  portable: sessionsWith('portable'),
  nginx: sessionsWith('nginx'),
  apache: sessionsWith('apache'),
  haproxy: sessionsWith('haproxy'),
  node: sessionsWith('node'),
}
const unguarded = sessionsWith(UNGUARDED)

/** The default must pass every server, and each other preset its own. */
const PAIRS: readonly (readonly [keyof typeof guarded, ServerName])[] = [
  ...SERVERS.map((name) => ['portable', name] as const),
  ...SERVERS.map((name) => [name, name] as const),
]

describe.skipIf(!areInstalled('size guard against servers', ...PROGRAMS))('servers', () => {
  let application: Application
  let servers: Servers

  beforeAll(async () => {
    application = await startApplication({ ...guarded, unguarded })
    servers = await startServers(application.port)
  })

  afterAll(async () => {
    await servers?.stop()
    await application?.stop()
  })

  /** Writes a session through a server, uses it, and sends it back as a browser does. */
  async function roundTrip(preset: string, name: ServerName, bytes: number, others = '') {
    const port = servers.ports[name]
    const before = [others, stampOf()].filter(Boolean).join('; ')
    const written = await visit(port, `/${preset}/set?bytes=${bytes}`, before)
    const session = [before, ...written.setCookie.map(pairOf)].join('; ')
    const touched = await visit(port, `/${preset}/touch`, session)
    const cookie = [session, ...touched.setCookie.map(pairOf)].join('; ')
    const read = await visit(port, `/${preset}/read`, cookie)
    const ended = await visit(port, `/${preset}/logout`, cookie)
    return { written, touched, cookie, read, ended }
  }

  describe('the largest session that the size guard accepts passes', () => {
    test.each(PAIRS)('limits: %s, through %s', async (preset, name) => {
      const sessions = guarded[preset]
      const bytes = await largest(sessions, stampOf())
      const report = await reportOf(sessions, bytes, stampOf())
      const { written, touched, cookie, read, ended } = await roundTrip(preset, name, bytes)

      expect(report.used).toBeGreaterThan(0.999)
      expect(written.status).toBe(200)
      expect(written.setCookie).toHaveLength(report.cookies)
      expect(namesOf(touched.setCookie)).toEqual(['__Host-session.t'])
      expect(cookie).toHaveLength(report.bytes.requestHeader)
      expect(read.status).toBe(200)
      expect(JSON.parse(read.body)).toEqual({ userId: 'u-1', text: textOf(bytes) })
      expect(ended.status).toBe(200)
      expect(namesOf(ended.setCookie)).toEqual([
        ...namesOf(written.setCookie),
        '__Host-session.t',
        '__Host-session.x',
      ])
    })

    test.each(PAIRS)(
      'limits: %s, through %s, beside other cookies up to the last byte',
      async (preset, name) => {
        const sessions = guarded[preset]
        const bytes = (await largest(sessions, stampOf())) - 40
        const { limits, bytes: alone } = await reportOf(sessions, bytes, stampOf())
        const most = limits.requestHeader
        const others = cookiesOf(most - alone.requestHeader - '; '.length)
        const { written, cookie, read } = await roundTrip(preset, name, bytes, others)

        expect(written.status).toBe(200)
        expect(cookie).toHaveLength(most)
        expect(read.status).toBe(200)
        expect(JSON.parse(read.body)).toEqual({ userId: 'u-1', text: textOf(bytes) })
        expect(await linesOf(sessions, bytes, `${others}v; ${stampOf()}`)).toBeUndefined()
      },
    )

    test("limits: node, to Node's own fetch, which accepts little more", async () => {
      const bytes = await largest(guarded.node)
      const { cookies } = await reportOf(guarded.node, bytes)
      const root = `http://127.0.0.1:${servers.ports.node}`
      const response = await fetch(`${root}/node/set?bytes=${bytes}`)
      await response.text()

      expect(response.headers.getSetCookie()).toHaveLength(cookies)
      await expect(fetch(`${root}/unguarded/set?bytes=${bytes + 1024}`)).rejects.toMatchObject({
        cause: { code: 'UND_ERR_HEADERS_OVERFLOW' },
      })
    })

    test.each(PAIRS)(
      'limits: %s, through %s, and one byte more sets no cookie',
      async (...pair) => {
        const [preset, name] = pair
        const bytes = (await largest(guarded[preset], stampOf())) + 1
        const { written } = await roundTrip(preset, name, bytes)
        const { level } = await reportOf(guarded[preset], bytes, stampOf())

        expect(level).toBe('over')
        expect(written.status).toBe(507)
        expect(written.setCookie).toEqual([])
      },
    )
  })

  describe('a session beyond the size guard', () => {
    const responses: readonly (readonly [ServerName, number, number])[] = [
      ['nginx', 3000, 502],
      ['haproxy', 12_000, 502],
    ]
    test.each(responses)(
      'is lost on its way out at %s: %i bytes of text are answered %i',
      async (name, bytes, status) => {
        const refused = await visit(servers.ports[name], `/unguarded/set?bytes=${bytes}`)
        const direct = await visit(servers.ports.node, `/unguarded/set?bytes=${bytes}`)

        expect(refused.status).toBe(status)
        expect(refused.setCookie).toEqual([])
        expect(direct.status).toBe(200)
        expect(direct.setCookie.length).toBeGreaterThan(0)
        expect(await linesOf(guarded[name], bytes)).toBeUndefined()
      },
    )

    const requests: readonly (readonly [ServerName, number, number])[] = [
      ['nginx', 6000, 400],
      ['apache', 6000, 400],
      ['haproxy', 11_500, 400],
      ['node', 12_000, 431],
    ]
    test.each(requests)(
      'locks its user out of %s: %i bytes of text are answered %i',
      async (name, bytes, status) => {
        const lines = (await linesOf(unguarded, bytes)) ?? []
        const cookie = lines.map(pairOf).join('; ')
        const answer = await visit(servers.ports[name], '/unguarded/read', cookie)

        expect(answer.status).toBe(status)
        expect(await linesOf(guarded[name], bytes)).toBeUndefined()
      },
    )

    test('passes apache completely, which limits only single lines of a response', async () => {
      const bytes = await largest(unguarded)
      const answer = await visit(servers.ports.apache, `/unguarded/set?bytes=${bytes}`)

      expect(answer.status).toBe(200)
      expect(answer.setCookie).toHaveLength(16)
    })
  })
})
