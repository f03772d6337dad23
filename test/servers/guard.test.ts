// What the guard lets pass, unconfigured servers let pass, both ways; what is forced past it, they
// refuse.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  UNGUARDED,
  largest,
  RENEWAL,
  linesOf,
  pairOf,
  reportOf,
  sessionsWith,
  startApplication,
  textOf,
} from './application.ts'
import type { Application } from './application.ts'
import { PLACES, PROGRAMS, startPlaces } from './places.ts'
import type { Place, Places } from './places.ts'
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

/** The safe default must pass everywhere, each other preset at its own place. */
const PAIRS: readonly (readonly [keyof typeof guarded, Place])[] = [
  ...PLACES.map((place) => ['portable', place] as const),
  ...PLACES.map((place) => [place, place] as const),
]

describe.skipIf(!areInstalled('size guard against servers', ...PROGRAMS))('servers', () => {
  let application: Application
  let places: Places

  beforeAll(async () => {
    application = await startApplication({ ...guarded, unguarded })
    places = await startPlaces(application.port)
  })

  afterAll(async () => {
    await places?.stop()
    await application?.stop()
  })

  /** Writes a session through a place, then brings it back as a browser would. */
  async function roundTrip(preset: string, place: Place, bytes: number, others = '') {
    const written = await visit(places.ports[place], `/${preset}/set?bytes=${bytes}`, others)
    const cookie = [others, ...written.setCookie.map(pairOf)].filter(Boolean).join('; ')
    const read = await visit(places.ports[place], `/${preset}/read`, cookie)
    return { written, cookie, read }
  }

  describe('the largest session the guard passes goes through', () => {
    test.each(PAIRS)('limits: %s, through %s', async (preset, place) => {
      const sessions = guarded[preset]
      const bytes = await largest(sessions)
      const report = await reportOf(sessions, bytes)
      const { written, cookie, read } = await roundTrip(preset, place, bytes)

      expect(report.used).toBeGreaterThan(0.999)
      expect(written.status).toBe(200)
      expect(written.setCookie).toHaveLength(report.cookies)
      expect(cookie).toHaveLength(report.bytes.requestHeader)
      expect(read.status).toBe(200)
      expect(JSON.parse(read.body)).toEqual({ userId: 'u-1', text: textOf(bytes) })
    })

    test.each(PAIRS)(
      'limits: %s, through %s, beside other cookies up to the last byte',
      async (preset, place) => {
        const sessions = guarded[preset]
        const bytes = (await largest(sessions)) - 40
        const { limits, bytes: alone } = await reportOf(sessions, bytes)
        const most = limits.requestHeader - RENEWAL
        const others = cookiesOf(most - alone.requestHeader - '; '.length)
        const { written, cookie, read } = await roundTrip(preset, place, bytes, others)

        expect(written.status).toBe(200)
        expect(cookie).toHaveLength(most)
        expect(read.status).toBe(200)
        expect(JSON.parse(read.body)).toEqual({ userId: 'u-1', text: textOf(bytes) })
        expect(await linesOf(sessions, bytes, `${others}v`)).toBeUndefined()
      },
    )

    test("limits: node, to Node's own fetch, which takes little more", async () => {
      const bytes = await largest(guarded.node)
      const { cookies } = await reportOf(guarded.node, bytes)
      const root = `http://127.0.0.1:${places.ports.node}`
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
        const [preset, place] = pair
        const bytes = (await largest(guarded[preset])) + 1
        const { written } = await roundTrip(preset, place, bytes)
        const { level } = await reportOf(guarded[preset], bytes)

        expect(level).toBe('over')
        expect(written.status).toBe(507)
        expect(written.setCookie).toEqual([])
      },
    )
  })

  describe('a session forced past the guard', () => {
    const responses: readonly (readonly [Place, number, number])[] = [
      ['nginx', 3000, 502],
      ['haproxy', 12_000, 502],
    ]
    test.each(responses)(
      'is lost on its way out at %s: %i bytes of text are answered %i',
      async (place, bytes, status) => {
        const refused = await visit(places.ports[place], `/unguarded/set?bytes=${bytes}`)
        const direct = await visit(places.ports.node, `/unguarded/set?bytes=${bytes}`)

        expect(refused.status).toBe(status)
        expect(refused.setCookie).toEqual([])
        expect(direct.status).toBe(200)
        expect(direct.setCookie.length).toBeGreaterThan(0)
        expect(await linesOf(guarded[place], bytes)).toBeUndefined()
      },
    )

    const requests: readonly (readonly [Place, number, number])[] = [
      ['nginx', 6000, 400],
      ['apache', 6000, 400],
      ['haproxy', 11_500, 400],
      ['node', 12_000, 431],
    ]
    test.each(requests)(
      'locks its user out of %s: %i bytes of text are answered %i',
      async (place, bytes, status) => {
        const lines = (await linesOf(unguarded, bytes)) ?? []
        const cookie = lines.map(pairOf).join('; ')
        const answer = await visit(places.ports[place], '/unguarded/read', cookie)

        expect(answer.status).toBe(status)
        expect(await linesOf(guarded[place], bytes)).toBeUndefined()
      },
    )

    test('goes out whole through apache, which bounds single lines of a response', async () => {
      const bytes = await largest(unguarded)
      const answer = await visit(places.ports.apache, `/unguarded/set?bytes=${bytes}`)

      expect(answer.status).toBe(200)
      expect(answer.setCookie).toHaveLength(16)
    })
  })
})
