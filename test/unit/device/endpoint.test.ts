import { describe, expect, test } from 'vitest'
import { deviceBound } from 'sealed-session/device'
import { getInternals } from '../../../src/internals.ts'
import type { Sessions } from '../../../src/sessions.ts'
import { challengeOf, deviceRequest, ENDPOINT, signProof } from '../../support/device-browser.ts'
import { deviceScene } from '../../support/device-scene.ts'
import type { DeviceScene } from '../../support/device-scene.ts'
import { untyped } from '../../support/mint.ts'

/** Returns the body that ends a binding in the browser. */
async function endedBy(scene: DeviceScene, id: string, cookies: string): Promise<object> {
  const answer = await scene.app(deviceRequest(cookies, { id }))
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []])
  return answer.json()
}

describe('the endpoint', () => {
  test('names the session that it ends, if the id has the form of a binding', async () => {
    const scene = deviceScene()
    expect(await endedBy(scene, 'AAAAAAAA', '')).toEqual({
      session_identifier: 'AAAAAAAA',
      continue: false,
    })
    for (const id of ['AAAAAAA', 'not a binding', '"', '']) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await endedBy(scene, id, '')).toEqual({ continue: false })
    }
  })

  test('refuses a proof of a session that is not there, with the reason in the event', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    scene.events.length = 0
    await endedBy(scene, id, '')
    expect(scene.events).toEqual([
      { type: 'device', id: undefined, outcome: 'refused', reason: 'session' },
    ])
  })

  test('ends a binding that a logout has ended', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const before = scene.browser.header(ENDPOINT)
    await scene.visit('/logout')
    const cookies = `${before}; ${scene.browser.header(ENDPOINT)}`
    expect(await endedBy(scene, id, cookies)).toMatchObject({ continue: false })
  })

  test('counts idle time from the key where the ticket is gone, and from the ticket where it is newer', async () => {
    const scene = deviceScene({ idleTimeout: 1000, maxAge: 100_000 })
    const id = await scene.enrol()
    for (let times = 0; times < 3; times++) {
      scene.time.now += 900
      // oxlint-disable-next-line no-await-in-loop
      expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    }
    const pairs = scene.browser.header(ENDPOINT).split('; ')
    const isTicket = (pair: string) => pair.includes('.d.')
    scene.time.now += 900
    const withoutTicket = pairs.filter((pair) => !isTicket(pair)).join('; ')
    const challenged = await scene.app(deviceRequest(withoutTicket, { id }))
    expect(challengeOf(challenged)?.id).toBe(id)
    expect((await scene.browser.refresh(id, scene.app)).status).toBe(200)
    scene.time.now += 900
    // The key of the proof before, beside the newest ticket.
    const ticket = scene.browser.header().split('; ').find(isTicket)
    const newer = await scene.app(deviceRequest(`${withoutTicket}; ${ticket}`, { id }))
    expect(challengeOf(newer)?.id).toBe(id)
    expect(await endedBy(scene, id, withoutTicket)).toMatchObject({ continue: false })
  })

  test('ends a session that is not bound, whatever binding is named', async () => {
    const scene = deviceScene()
    await scene.visit('/plain')
    expect(await endedBy(scene, 'AAAAAAAA', scene.browser.header(ENDPOINT))).toMatchObject({
      continue: false,
    })
    const answer = await scene.app(deviceRequest(scene.browser.header(ENDPOINT), { proof: 'x' }))
    expect(answer.status).toBe(403)
    expect(scene.events.at(-1)).toMatchObject({ outcome: 'refused', reason: 'session' })
  })

  test('asks for a proof with nothing but the challenge', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const challenged = await scene.app(deviceRequest(scene.browser.header(ENDPOINT), { id }))
    expect([...challenged.headers.keys()]).toEqual(['cache-control', 'secure-session-challenge'])
    const refused = await scene.app(deviceRequest('', {}))
    expect([...refused.headers.keys()]).toEqual(['cache-control'])
  })

  test('compares the audience with the authority of HTTP/2, and reads cookies that are parsed', async () => {
    const scene = deviceScene()
    const id = await scene.enrol()
    const { device: support } = getInternals(untyped<Sessions<object>>(scene.sessions)).pipeline
    const { device } = scene.browser.known.get(id) ?? {}
    if (support === undefined || device === undefined) throw new Error('not registered')
    const cookies = scene.browser.header(ENDPOINT)
    const challenged = await scene.app(deviceRequest(cookies, { id }))
    const { challenge = '' } = challengeOf(challenged) ?? {}
    const jar = new Map(cookies.split('; ').map((pair) => pair.split('=') as [string, string]))
    const source = { getAll: () => Array.from(jar, ([name, value]) => ({ name, value })) }
    const send = async (aud: string) => {
      const fields: Readonly<Record<string, string>> = {
        ':authority': 'shop.example',
        'Sec-Secure-Session-Id': id,
        'Secure-Session-Response': await signProof(device, challenge, false, { payload: { aud } }),
      }
      const request = { method: 'POST', path: ENDPOINT, field: (name: string) => fields[name] }
      return (await support.answer({ ...request, source }))?.status
    }
    expect(await send(`https://shop.example${ENDPOINT}`)).toBe(200)
    expect(await send(`https://example.test${ENDPOINT}`)).toBe(403)
  })

  test('is for POST alone, also where an adapter asks', async () => {
    const { sessions } = deviceScene({ device: deviceBound() })
    const { device } = getInternals(untyped<Sessions<object>>(sessions)).pipeline
    const request = { path: ENDPOINT, field: () => undefined, source: '' }
    expect(device?.answer({ ...request, method: 'GET' })).toBeUndefined()
    expect((await device?.answer({ ...request, method: 'POST' }))?.status).toBe(403)
  })
})
