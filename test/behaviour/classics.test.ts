// The features of classic session systems: the rows of classics.md, each with the cookies of a
// browser.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as devalue from 'devalue'
import { compactDecrypt } from 'jose'
import { CookieJar } from 'tough-cookie'
import { describe, expect, test } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { createJar, toCookieHeader } from '../support/cookie-jar.ts'
import {
  DAY,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  dayKey,
  tokenHeader,
  mint,
  toToken,
  untyped,
} from '../support/mint.ts'
import { setUp as setUpWith } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

type Handler = (request: Request) => Response | Promise<Response>
type Page = (session: Session<Data>, request: Request) => unknown

const ORIGIN = 'https://example.test'
const root = new URL('../..', import.meta.url).pathname

/** Creates a browser, an adjustable clock, and the sessions of the application that it visits. */
function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const { time, sessions, make: create } = setUpWith(options)
  const browser = createJar(ORIGIN)
  /** Sends one request, and stores the cookies of its response. */
  const send = async (handler: Handler, path = '/', init?: RequestInit) => {
    const response = await handler(browser.request(path, init))
    browser.store(response)
    return response
  }
  /** Sends one request to a page. Returns the result of the page. */
  const visit = async <T>(page: (session: Session<Data>, request: Request) => T, path = '/') => {
    const found: T[] = []
    const handler = sessions.wrap(async (request, session) => {
      found.push(page(session, request))
      return new Response()
    })
    const response = await send(handler, path)
    const [result] = found
    return { result: untyped<T>(result), lines: response.headers.getSetCookie() }
  }
  return { time, create, sessions, browser, send, visit }
}

function form(fields: Readonly<Record<string, string>>): RequestInit {
  return { method: 'POST', body: new URLSearchParams(fields) }
}

function redirect(path: string): Response {
  return Response.redirect(ORIGIN + path, 303)
}

describe('Plone', () => {
  test('P1: opening and reading create nothing: no session, no id, no cookie', async () => {
    const { browser, visit } = setUp()
    const look: Page = (session) => [
      session.get('cart'),
      session.isNew,
      session.isEmpty,
      session.id,
    ]
    const { result, lines } = await visit(look)
    expect(result).toEqual([undefined, true, true, undefined])
    expect([lines, browser.names()]).toEqual([[], []])
    await visit((session) => session.set('cart', []))
    expect((await visit(look)).result).toEqual([[], false, false, expect.any(String)])
  })

  test('P2: JSON is kept unchanged, and with a serializer dates, maps, sets, big integers and cycles', async () => {
    const json = { text: 'zoë', n: -1.5e-7, list: [null, true, { deep: [] }], '': {} }
    const plain = setUp()
    await plain.visit((session) => session.set('form', json))
    expect((await plain.visit((session) => session.get('form'))).result).toEqual(json)

    const cycle: Data = { name: 'parent' }
    cycle['child'] = { parent: cycle }
    const rich = {
      at: new Date(0),
      map: new Map([[1, new Set(['a'])]]),
      big: 2n ** 70n,
      bytes: Uint8Array.of(1, 2),
      cycle,
    }
    const { visit } = setUp({ serializer: devalue })
    await visit((session) => session.set('rich', rich))
    expect((await visit((session) => session.get('rich'))).result).toEqual(rich)
  })

  test('P3: the id is kept by tickets, new after regenerate and renewId, and undefined without a session', async () => {
    const { time, visit } = setUp()
    const id = (session: Session<Data>) => session.id
    expect((await visit(id)).result).toBeUndefined()
    const anonymous = await visit((session) => {
      session.set('seen', true)
      return session.id
    })
    time.now += 20_000
    const renewed = await visit(id)
    expect(renewed.lines).toHaveLength(1)
    expect(renewed.result).toBe(anonymous.result)
    const login = await visit((session) => {
      session.regenerate({ keep: ['seen'] })
      return session.id
    })
    expect(login.result).not.toBe(anonymous.result)
    expect((await visit(id)).result).toBe(login.result)
    const promoted = await visit((session) => {
      session.renewId()
      return session.id
    })
    expect(promoted.result).not.toBe(login.result)
    expect((await visit(id)).result).toBe(promoted.result)
  })

  test('P4: a token or a cookie header opens anywhere, without its request', async () => {
    const { create, browser, sessions, visit } = setUp()
    await visit((session) => session.set('user', 'ada'))
    const elsewhere = create()
    const session = await elsewhere.open(browser.header())
    expect(session.get('user')).toBe('ada')
    const token = await elsewhere.seal(session)
    const opened = await sessions.unseal(token)
    expect([opened.get('user'), opened.id]).toEqual(['ada', session.id])
  })

  test('P5: each add-on has a scope, created by its first entry, and a change in place is stored', async () => {
    const { visit } = setUp()
    await visit((session) => session.scope<{ items: string[] }>('getpaid').set('items', ['tea']))
    await visit((session) =>
      session.scope<{ items: string[] }>('getpaid').get('items')?.push('milk'),
    )
    const { result, lines } = await visit((session) => [
      session.scope('getpaid').get('items'),
      session.scope('other').isEmpty,
      session.size,
    ])
    expect(result).toEqual([['tea', 'milk'], true, 0])
    expect(lines).toEqual([])
  })

  test('P6: a deleted key is gone in the next request, as has reports', async () => {
    const { visit } = setUp()
    await visit((session) => {
      session.set('a', 1)
      session.set('b', 2)
    })
    expect((await visit((session) => [session.has('a'), session.delete('a')])).result).toEqual([
      true,
      true,
    ])
    const { result } = await visit((session) => [session.has('a'), session.has('b')])
    expect(result).toEqual([false, true])
  })

  test("P7: a test creates a valid cookie, for a handler and for a browser's storage state", async () => {
    const { time, sessions } = setUp()
    const page = sessions.wrap((_, session) => new Response(String(session.get('user'))))
    const made = await sessions.open(null)
    made.set('user', 'ada')
    const lines = await sessions.setCookies(made)
    const request = (cookie: string) => new Request(ORIGIN, { headers: { cookie } })
    expect(await (await page(request(toCookieHeader(lines)))).text()).toBe('ada')

    const state = {
      cookies: lines.map((line) => {
        const [name = '', value = ''] = line.split(';', 1).join().split('=')
        const attributes = { domain: 'example.test', path: '/', httpOnly: true, secure: true }
        return Object.assign(attributes, { name, value, expires: -1, sameSite: 'Lax' as const })
      }),
      origins: [],
    }
    const sent = state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    expect(await (await page(request(sent))).text()).toBe('ada')
    time.now += DAY + 5
    expect(await (await page(request(sent))).text()).toBe('undefined')
  })

  test('P8: any JOSE library with the secret can read the session, and write one', async () => {
    const { browser, visit } = setUp()
    const { result: id } = await visit((session) => {
      session.set('user', 'ada')
      return session.id
    })
    const token = toToken(browser.header().slice(`${NAME}=`.length))
    const { plaintext, protectedHeader } = await compactDecrypt(token, dayKey())
    expect(protectedHeader).toEqual(tokenHeader())
    const payload: unknown[] = JSON.parse(new TextDecoder().decode(plaintext))
    expect(payload).toEqual([id, START % DAY, 7 * DAY, 0, { user: 'ada' }])

    const theirs = JSON.stringify(payload.with(0, 'A'.repeat(22)), null, 2)
    browser.put(NAME, mint(theirs.replace('ada', 'zoe')))
    const { result } = await visit((session) => [session.get('user'), session.id])
    expect(result).toEqual(['zoe', 'A'.repeat(22)])
  })

  test('P9: a session survives restarts, deploys and moves to another machine', async () => {
    const { time, browser, create, visit } = setUp()
    await visit((session) => session.set('user', 'ada'))
    const otherProcess = `
      import { createSessions } from 'sealed-session'
      const { SESSION_SECRETS: secrets, NOW, COOKIE } = process.env
      const session = await createSessions({ secrets, clock: () => Number(NOW) }).open(COOKIE)
      console.log(session.get('user'), session.id)`
    const env = {
      PATH: process.env['PATH'],
      SESSION_SECRETS: SECRET,
      NOW: `${(time.now - 4) * 1000}`,
      COOKIE: browser.header(),
    }
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', otherProcess], {
      cwd: root,
      env,
      encoding: 'utf8',
    })
    const { result: id } = await visit((session) => session.id)
    expect(stdout).toBe(`ada ${id}\n`)

    const deployed = create({ secrets: [OTHER_SECRET, SECRET], limits: 'node', touchInterval: 60 })
    expect((await deployed.open(browser.header())).get('user')).toBe('ada')
  })
})

describe('Zope 3', () => {
  test('Z1: two packages store the same key in separate scopes', async () => {
    const { visit } = setUp()
    await visit((session) => {
      session.scope('products.foo').set('color', 'red')
      session.scope('products.bar').set('color', 'blue')
    })
    await visit((session) => session.scope('products.bar').clear())
    const { result } = await visit((session) =>
      ['products.foo', 'products.bar'].map((name) => session.scope(name).get('color')),
    )
    expect(result).toEqual(['red', undefined])
  })

  test('Z2: two sessions of one handler have separate lifetimes and limits, and undo no write of each other', async () => {
    const { time, browser, create, send } = setUp()
    const accounts = create({ idleTimeout: 600, touchInterval: 60 })
    const carts = create({ cookie: { name: '__Host-cart' }, idleTimeout: 5 * DAY, limits: 'node' })
    const around =
      (page: (account: Session<Data>, cart: Session<Data>) => unknown): Handler =>
      (request) =>
        accounts.wrap((again, account) =>
          carts.wrap((_, cart) => Response.json(page(account, cart) ?? null))(again),
        )(request)
    const show = around((account, cart) => [account.get('user'), cart.get('items')])
    await send(around((account, cart) => (account.set('user', 'ada'), cart.set('items', 0))))
    expect(browser.names()).toEqual(['__Host-cart', NAME])

    // Concurrent writers of both sessions, whose responses arrive in either order.
    const login = around((account) => account.set('user', 'eve'))
    const add = around((_, cart) => cart.set('items', Number(cart.get('items')) + 1))
    for (const order of [
      [login, add],
      [add, login],
    ]) {
      const requests = order.map((handler) => handler(browser.request()))
      for (const response of requests) browser.store(await response)
    }
    expect(await (await send(show)).json()).toEqual(['eve', 2])

    // Data that exceeds one session fits the other.
    const large = 'tea,'.repeat(1500)
    await expect(send(around((account) => account.set('note', large)))).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
    })
    await send(around((_, cart) => cart.set('note', large)))
    time.now += 606
    expect(await (await send(show)).json()).toEqual([null, 2])
    expect((await carts.open(browser.header())).get('note')).toBe(large)
    time.now += 5 * DAY + 6
    expect(await (await send(show)).json()).toEqual([null, null])
    // The browser itself drops what has ended, by its Max-Age.
    await send(around((account, cart) => (account.destroy(), cart.destroy())))
    expect(browser.names()).toEqual(['__Host-cart.x', `${NAME}.x`])
  })

  test('Z3: a session that is read stays with its browser, without code in the application', async () => {
    const { time, visit } = setUp()
    const { result: id } = await visit((session) => {
      session.set('user', 'ada')
      return session.id
    })
    for (let visits = 0; visits < 8; visits++) {
      time.now += 72_000
      const { result } = await visit((session) => [session.id, session.get('user')])
      expect(result).toEqual([id, 'ada'])
    }
  })

  test('Z4: a session that is not used for idleTimeout is over', async () => {
    const { time, visit } = setUp({ idleTimeout: 1200, clockTolerance: 0 })
    await visit((session) => session.set('user', 'ada'))
    time.now += 1199
    expect((await visit((session) => session.get('user'))).result).toBe('ada')
    time.now += 1200
    const { result } = await visit((session) => [session.get('user'), session.rejection?.reason])
    expect(result).toEqual([undefined, 'idle'])
    // The cookie is not deleted, but replaced by the next session.
    await visit((session) => session.set('user', 'eve'))
    expect((await visit((session) => session.get('user'))).result).toBe('eve')
  })

  test('Z5: a value that cannot be stored is an error with its path, and the browser keeps its cookies', async () => {
    const { browser, visit } = setUp()
    await visit((session) => session.set('cart', [{ sku: 'tea' }]))
    const before = browser.header()
    const refusal = { code: 'ERR_SESSION_DATA', path: 'cart[1].addedAt' }
    const bad = { addedAt: new Date(0) }
    const atSet = visit((session) => session.set('cart', [{}, bad]))
    await expect(atSet).rejects.toMatchObject(refusal)
    const atCommit = visit((session) => untyped<unknown[]>(session.get('cart')).push(bad))
    await expect(atCommit).rejects.toMatchObject(refusal)
    expect(browser.header()).toBe(before)
    expect((await visit((session) => session.toJSON())).result).toEqual({ cart: [{ sku: 'tea' }] })
  })

  test('Z6: a template reads the session by get, by iteration and as JSON', async () => {
    const { visit } = setUp()
    await visit((session) => {
      session.set('user', 'ada')
      session.set('visits', 2)
    })
    const template: Page = (session) =>
      [
        `<h1>${String(session.get('user', 'you'))}</h1>`,
        ...[...session].map(([key, value]) => `<li>${key}: ${String(value)}</li>`),
        `<script type="application/json">${JSON.stringify(session)}</script>`,
      ].join('')
    expect((await visit(template)).result).toBe(
      '<h1>ada</h1><li>user: ada</li><li>visits: 2</li>' +
        '<script type="application/json">{"user":"ada","visits":2}</script>',
    )
  })

  test('Z7: a page counter counts every visit, and no server stores data', async () => {
    const { browser, create, send } = setUp()
    for (let visits = 1; visits <= 20; visits++) {
      // Each request goes to another server, which knows only the secret.
      const handler = create().wrap((_, session) => {
        session.set('visits', Number(session.get('visits', 0)) + 1)
        return Response.json(session.get('visits'))
      })
      expect(await (await send(handler)).json()).toBe(visits)
    }
    expect(browser.names()).toEqual([NAME])
  })
})

describe('repoze.session', () => {
  test('R1: every use restarts the idle time, and the session ends without use', async () => {
    const { time, visit } = setUp({ idleTimeout: 3600, touchInterval: 0 })
    await visit((session) => session.set('user', 'ada'))
    for (let use = 0; use < 10; use++) {
      time.now += 3000
      expect((await visit((session) => session.get('user'))).result).toBe('ada')
    }
    time.now += 3606
    expect((await visit((session) => session.rejection)).result).toEqual({ reason: 'idle' })
  })

  test('R2: use is recorded once in each touchInterval, and the session itself is not written', async () => {
    const { time, browser, visit } = setUp({ idleTimeout: 3600, touchInterval: 5 })
    await visit((session) => session.set('user', 'ada'))
    const recorded: number[] = []
    const before = browser.value(NAME)
    for (let second = 1; second <= 15; second++) {
      time.now = START + second
      const { lines } = await visit((session) => session.get('user'))
      if (lines.length > 0) recorded.push(second)
    }
    expect(recorded).toEqual([5, 10, 15])
    expect(browser.value(NAME)).toBe(before)
  })

  test('R3: a session opens under the configured secrets, and under no others', async () => {
    const { browser, create, visit } = setUp({ secrets: OLDER_SECRET })
    await visit((session) => session.set('user', 'ada'))
    const opened = async (secrets: string) => {
      const session = await create({ secrets }).open(browser.header())
      return session.rejection?.reason ?? session.get('user')
    }
    expect(await opened(OLDER_SECRET)).toBe('ada')
    expect(await opened(`${SECRET},${OLDER_SECRET}`)).toBe('ada')
    expect(await opened(SECRET)).toBe('unknown-key')
  })

  test('R4: every caller that opens the same request gets the same session', async () => {
    const { browser, sessions, send } = setUp()
    const deepInside = async (request: Request) => (await sessions.open(request)).set('user', 'ada')
    const handler: Handler = async (request) => {
      const [one, other] = await Promise.all([sessions.open(request), sessions.open(request)])
      await deepInside(request)
      expect([one === other, one.get('user')]).toEqual([true, 'ada'])
      return sessions.commit(request, new Response())
    }
    await send(handler)
    expect((await sessions.open(browser.header())).get('user')).toBe('ada')
  })
})

describe('Beaker', () => {
  test('B1: the session is a dictionary, in the next request too', async () => {
    const { visit } = setUp()
    await visit((session) => {
      session.set('x', 1)
      session.set('y', [2])
    })
    const { result } = await visit((session) => [
      session.get('x'),
      session.get('z', 'default'),
      session.keys(),
      Object.fromEntries(session),
      session.size,
    ])
    expect(result).toEqual([1, 'default', ['x', 'y'], { x: 1, y: [2] }, 2])
    await visit((session) => session.clear())
    expect((await visit((session) => [session.size, session.isNew])).result).toEqual([0, true])
  })

  test('B2: a request that never opens the session costs neither time nor headers', async () => {
    const { browser, send, sessions, visit } = setUp()
    await visit((session) => session.set('user', 'ada'))
    const events: string[] = []
    const { create } = setUp({ observe: (event) => void events.push(event.type) })
    const lazy = create()
    const response = new Response('hello')
    const request = browser.request()
    expect(await lazy.commit(request, response)).toBe(response)
    expect([...response.headers.keys()]).toEqual(['content-type'])
    expect(events).toEqual([])

    const untouched = await send(sessions.wrap(() => new Response('hello')))
    expect([...untouched.headers.keys()]).toEqual(['content-type'])
    await lazy.open(request)
    expect(events).toEqual(['opened'])
  })

  test('B3: commit, setCookies and wrap write the same session', async () => {
    const { browser, sessions, send, visit } = setUp()
    const count = (session: Session<Data>) => {
      session.set('count', Number(session.get('count', 0)) + 1)
    }
    await visit(count)
    await send(async (request) => {
      const session = await sessions.open(request)
      count(session)
      return sessions.commit(session, new Response())
    })
    const session = await sessions.open(browser.header())
    count(session)
    browser.store(await sessions.setCookies(session))
    expect((await visit((last) => [last.get('count'), last.id])).result).toEqual([3, session.id])
  })

  test("B4: name, domain and path are the application's, and a prefix that forbids them is an error", async () => {
    const { create } = setUp()
    const cookie = { name: 'shop', domain: 'example.test', path: '/shop' }
    const sessions = create({ cookie })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })
    for (const line of await sessions.setCookies(session)) {
      jar.setCookieSync(line, 'https://www.example.test/shop')
    }
    const userAt = async (url: string) => {
      const opened = await sessions.open(jar.getCookieStringSync(url))
      return opened.get('user')
    }
    expect(await userAt('https://other.example.test/shop/cart')).toBe('ada')
    expect(await userAt('https://other.example.test/')).toBeUndefined()
    expect(await userAt('https://example.org/shop')).toBeUndefined()

    for (const wrong of [{ domain: 'example.test' }, { path: '/shop' }]) {
      expect(() => create({ cookie: untyped(wrong) })).toThrow(
        expect.objectContaining({
          code: 'ERR_SESSION_CONFIG',
          option: expect.stringMatching(/^cookie\./),
          message: expect.stringContaining('__Host-'),
        }),
      )
    }
  })

  test('B5: a cookie can end with the browser, and the session keeps its own end', async () => {
    const { time, browser, visit } = setUp({ cookie: { persistent: false } })
    const { lines } = await visit((session) => session.set('user', 'ada'))
    expect(lines.join()).not.toMatch(/max-age|expires/i)
    expect((await visit((session) => session.get('user'))).result).toBe('ada')
    time.now += DAY + 5
    expect(browser.names()).toEqual([NAME])
    expect((await visit((session) => session.rejection)).result).toEqual({ reason: 'idle' })
  })

  test('B6: a message is shown by the page after the redirect, and by no other', async () => {
    const { sessions, send } = setUp()
    const save = sessions.wrap((_, session) => {
      session.flash('notice', 'Saved.')
      return redirect('/list')
    })
    const list = sessions.wrap((_, session) => Response.json(session.flash('notice')))
    expect((await send(save, '/save', form({}))).headers.get('location')).toBe(`${ORIGIN}/list`)
    expect(await (await send(list, '/list')).json()).toEqual(['Saved.'])
    expect(await (await send(list, '/list')).json()).toEqual([])
  })

  test('B7: a form and a header carry a token, a new string each time, and no other site has one', async () => {
    const { browser, sessions, send } = setUp()
    const page = sessions.wrap(
      (_, session) =>
        new Response(
          `<form method="post"><input type="hidden" name="csrf" value="${session.csrfToken()}">`,
        ),
    )
    const change = sessions.wrap(async (request, session) => {
      const token =
        request.headers.get('x-csrf-token') ?? (await request.formData()).get('csrf') ?? undefined
      return new Response(null, { status: session.verifyCsrfToken(token) ? 204 : 403 })
    })
    const tokenOf = async (from: Response) => /value="([^"]*)"/.exec(await from.text())?.[1] ?? ''
    const first = await tokenOf(await send(page))
    const second = await tokenOf(await send(page))
    expect(first).not.toBe(second)
    for (const csrf of [first, second]) {
      expect((await send(change, '/', form({ csrf }))).status).toBe(204)
      const headers = { 'x-csrf-token': csrf }
      expect((await send(change, '/', { method: 'POST', headers })).status).toBe(204)
    }
    // Another site can send the browser here with its cookies, but knows only its own token.
    const own = await tokenOf(await page(new Request(ORIGIN)))
    expect(browser.names()).toEqual([NAME])
    expect((await send(change, '/', form({ csrf: own }))).status).toBe(403)
    expect((await send(change, '/', form({}))).status).toBe(403)
  })

  test('B8: a client without cookies sends the session in a header', async () => {
    const { sessions } = setUp()
    const handler: Handler = async (request) => {
      const session = await sessions.unseal(request.headers.get('x-session'))
      session.set('visits', Number(session.get('visits', 0)) + 1)
      const headers = { 'x-session': await sessions.seal(session), 'cache-control': 'no-store' }
      return Response.json(session.get('visits'), { headers })
    }
    let headers = {}
    for (let visits = 1; visits <= 3; visits++) {
      const response = await handler(new Request(ORIGIN, { headers }))
      expect(await response.json()).toBe(visits)
      expect(response.headers.getSetCookie()).toEqual([])
      headers = { 'x-session': response.headers.get('x-session') ?? '' }
    }
    // It does not open as a cookie, nor a cookie as such a token.
    const token = new Headers(headers).get('x-session')
    const asCookie = await sessions.open(`${NAME}=${token}`)
    expect(asCookie.rejection).toEqual({ reason: 'malformed' })
  })

  test('B9: two applications behind one host share a session by sharing the options', async () => {
    const { browser, create, send } = setUp()
    const applications: Record<string, Handler> = {
      shop: create().wrap((_, session) => {
        session.set('user', 'ada')
        session.scope('shop').set('items', 2)
        return new Response()
      }),
      forum: create().wrap((_, session) => {
        session.scope('forum').set('read', 7)
        return Response.json([session.get('user'), session.scope('shop').get('items')])
      }),
      stranger: create({ cookie: { name: '__Host-other' } }).wrap((_, session) =>
        Response.json(session.isNew),
      ),
    }
    const host: Handler = (request) =>
      applications[new URL(request.url).pathname.slice(1)]?.(request) ?? Response.error()
    await send(host, '/shop')
    expect(await (await send(host, '/forum')).json()).toEqual(['ada', 2])
    expect(await (await send(host, '/stranger')).json()).toBe(true)
    await send(host, '/shop')
    const session = await create().open(browser.header())
    expect(session.scope('forum').get('read')).toBe(7)
  })

  test('B10: isNew and id tell the first request from the second', async () => {
    const { visit } = setUp()
    const page: Page = (session) => {
      session.set('seen', true)
      return [session.isNew, session.id]
    }
    const first = untyped<[boolean, string]>((await visit(page)).result)
    const second = untyped<[boolean, string]>((await visit(page)).result)
    expect([first[0], second[0]]).toEqual([true, false])
    expect(first[1]).toMatch(/^[\w-]{22}$/)
    expect(second[1]).toBe(first[1])
  })

  test('B11: a language that was chosen once is spoken on every page', async () => {
    const { sessions, send } = setUp()
    const greetings: Record<string, string> = { en: 'Hello', de: 'Hallo', fr: 'Bonjour' }
    const site = sessions.wrap(async (request, session) => {
      if (request.method === 'POST') {
        const language = (await request.formData()).get('language')
        if (typeof language === 'string' && Object.hasOwn(greetings, language)) {
          session.set('language', language)
        }
        return redirect('/')
      }
      const asked = request.headers.get('accept-language')?.slice(0, 2) ?? 'en'
      const language = String(session.get('language', asked))
      return new Response(greetings[language] ?? 'Hello', {
        headers: { 'content-language': language },
      })
    })
    const german = { headers: { 'accept-language': 'de' } }
    const page = async (path: string) => (await send(site, path, german)).text()
    expect(await page('/')).toBe('Hallo')
    await send(site, '/language', form({ language: 'fr' }))
    expect([await page('/'), await page('/about')]).toEqual(['Bonjour', 'Bonjour'])
    await send(site, '/language', form({ language: '__proto__' }))
    expect(await page('/')).toBe('Bonjour')
  })
})

describe('Django', () => {
  test('D1: what one request sets, the next one gets, changes and deletes', async () => {
    const { visit } = setUp()
    await visit((session) => session.set('fav_color', 'blue'))
    expect((await visit((session) => session.get('fav_color', 'red'))).result).toBe('blue')
    await visit((session) => session.set('fav_color', 'green'))
    expect((await visit((session) => session.has('fav_color'))).result).toBe(true)
    expect((await visit((session) => session.delete('fav_color'))).result).toBe(true)
    expect((await visit((session) => session.get('fav_color', 'red'))).result).toBe('red')
  })

  test('D2: a test cookie tells a browser that keeps cookies from one that does not', async () => {
    const { browser, sessions, send } = setUp()
    const login = sessions.wrap((request, session) => {
      if (request.method === 'POST') {
        if (!session.testCookieWorked()) return new Response('Please enable cookies.')
        session.deleteTestCookie()
        return new Response('You are logged in.')
      }
      session.setTestCookie()
      return new Response('<form method="post">')
    })
    await send(login)
    expect(browser.names()).toEqual([NAME])
    expect(await (await send(login, '/', form({}))).text()).toBe('You are logged in.')
    expect(browser.names()).toEqual([])
    // A browser that stores no cookies.
    await login(new Request(ORIGIN))
    const answer = await login(new Request(ORIGIN, form({})))
    expect(await answer.text()).toBe('Please enable cookies.')
  })

  test('D3: however often it is edited, a session is written once', async () => {
    const { visit } = setUp()
    const { lines } = await visit((session) => {
      for (let edit = 0; edit < 100; edit++) session.set(`key${edit % 3}`, edit)
      session.delete('key0')
      session.flash('notice', 'x')
      session.scope('a').set('b', 1)
    })
    expect(lines).toHaveLength(1)
    const { result, lines: none } = await visit((session) => {
      session.set('key1', 'other')
      session.set('key1', 97)
      return session.toJSON()
    })
    expect([result, none]).toEqual([{ key1: 97, key2: 98 }, []])
  })

  test('D4: no key is reserved, with or without an underscore', async () => {
    const { visit } = setUp()
    const keys = [
      '_auth_user_id',
      '_',
      '__proto__',
      'constructor',
      'id',
      's',
      'f',
      'c',
      't',
      'o',
      'l',
    ]
    const { result: id } = await visit((session) => {
      for (const key of keys) session.set(key, `my ${key}`)
      return session.id
    })
    const { result } = await visit((session) => [
      session.entries(),
      session.id,
      session.testCookieWorked(),
    ])
    expect(result).toEqual([keys.map((key) => [key, `my ${key}`]), id, false])
  })

  test('D5: a cookie header is read outside a request, its end too, and by a command', async () => {
    // The command uses the real clock; the clock of this test stands still.
    const begun = Date.now()
    const { browser, sessions, visit } = setUp({ clock: () => begun })
    await visit((session) => session.set('user', 'ada'))
    const session = await sessions.open(browser.header())
    expect([session.get('user'), session.isNew]).toEqual(['ada', false])
    const left = Number(session.expiresAt) - Number(session.startedAt)
    expect(left).toBe(DAY * 1000)

    const command = new URL('../../dist/bin/sealed-session.js', import.meta.url).pathname
    const { stdout, status } = spawnSync(
      process.execPath,
      [command, 'inspect', '--json', '--idle-timeout', '1d'],
      {
        env: { PATH: process.env['PATH'], SESSION_SECRETS: SECRET },
        input: browser.header(),
        encoding: 'utf8',
      },
    )
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: true,
      id: session.id,
      expiresAt: session.expiresAt?.toISOString(),
      data: { user: 'ada' },
    })
  })

  test('D6: a cookie is sent when there is something to keep, and deleted when there is no more', async () => {
    const { browser, visit } = setUp()
    expect((await visit((session) => session.get('user'))).lines).toEqual([])
    expect((await visit((session) => session.delete('user'))).lines).toEqual([])
    expect((await visit((session) => session.set('user', 'ada'))).lines).toHaveLength(1)
    expect((await visit((session) => session.set('user', 'ada'))).lines).toEqual([])
    expect(browser.names()).toEqual([NAME])
    const { lines } = await visit((session) => session.delete('user'))
    expect(lines).toEqual([expect.stringMatching(/^__Host-session=; Max-Age=0/)])
    expect(browser.names()).toEqual([])
  })

  test('D7: a visitor comments once, logs in, and logs out for good', async () => {
    const { browser, sessions, send } = setUp()
    const pages: Record<string, (session: Session<Data>) => string> = {
      '/comment': (session) => {
        if (session.get('hasCommented', false) === true) return 'You have commented already.'
        session.set('hasCommented', true)
        return 'Thanks for your comment!'
      },
      '/login': (session) => {
        session.regenerate({ keep: ['hasCommented'] })
        session.set('memberId', 7)
        return 'You are logged in.'
      },
      '/logout': (session) => {
        session.destroy()
        session.flash('notice', 'You are logged out.')
        return 'Goodbye.'
      },
      '/member': (session) => String(session.get('memberId', 'nobody')),
      '/': (session) => session.flash('notice').join(),
    }
    const site = sessions.wrap((request, session) => {
      const page = pages[new URL(request.url).pathname]
      return new Response(page?.(session))
    })
    const ask = async (path: string) => (await send(site, path)).text()
    expect(await ask('/comment')).toBe('Thanks for your comment!')
    expect(await ask('/comment')).toBe('You have commented already.')
    const anonymous = (await sessions.open(browser.header())).id
    expect(await ask('/login')).toBe('You are logged in.')
    expect(await ask('/comment')).toBe('You have commented already.')
    const member = browser.header()
    expect((await sessions.open(member)).id).not.toBe(anonymous)
    expect(await ask('/member')).toBe('7')

    // This request is concurrent with the logout, and is answered last.
    const late = await site(new Request(`${ORIGIN}/comment?late`, { headers: { cookie: member } }))
    const touched = await sessions.open(member)
    touched.touch()
    const lateLines = await sessions.setCookies(touched)
    expect(await ask('/logout')).toBe('Goodbye.')
    expect(await ask('/')).toBe('You are logged out.')
    browser.store(late)
    browser.store(lateLines)
    expect(await ask('/member')).toBe('nobody')
    expect(await ask('/comment')).toBe('Thanks for your comment!')
  })

  test('D8: a handler that is not wrapped has no session, and no cookie', async () => {
    const { browser, sessions, send, visit } = setUp()
    await visit((session) => session.set('user', 'ada'))
    const before = browser.header()
    const page = (_: Request, session?: Session<Data>) =>
      new Response(String(session?.get('user', 'nobody')))
    const switched = (on: boolean): Handler =>
      on ? sessions.wrap(page) : (request) => page(request)
    const off = await send(switched(false))
    expect([await off.text(), off.headers.getSetCookie()]).toEqual(['undefined', []])
    expect(off.headers.get('vary')).toBeNull()
    expect(browser.header()).toBe(before)
    expect(await (await send(switched(true))).text()).toBe('ada')
  })
})

test('every row of classics.md has a test here that says the same, and every test a row', () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
  const rows = [...read('classics.md').matchAll(/^\| ([PZRBD]\d+) +\|[^|]*\| (.*?) +\|$/gm)].map(
    ([, id = '', holds = '']) => `${id}: ${holds}`,
  )
  const titles = [...read('classics.test.ts').matchAll(/^ +test\((['"])(.*)\1, async/gm)].map(
    ([, , title = '']) => title,
  )
  expect(titles.toSorted()).toEqual(rows.toSorted())
  // Nine, seven, four, eleven and eight rows, so that none can be lost in both files.
  const ids = rows.map((row) => row.split(':', 1).join())
  const counts = { P: 9, Z: 7, R: 4, B: 11, D: 8 }
  const all = Object.entries(counts).flatMap(([system, count]) =>
    Array.from({ length: count }, (_, at) => `${system}${at + 1}`),
  )
  expect(ids).toEqual(all)
})
