// Both sides of every limit of time.

import { DAY } from '../support/format.ts'
import { check, equal } from './check.ts'
import type { Check } from './check.ts'
import { parseLine } from './browser.ts'
import { createScene, NAME } from './scene.ts'
import type { Scene } from './scene.ts'

const TICKET = `${NAME}.t`

export const lifetimes: readonly Check[] = [
  check(
    'a session idles out at idleTimeout plus clockTolerance, to the second',
    async (library) => {
      const scene = createScene(library)
      await begin(scene)
      equal(await verdictAt(scene, DAY + 4), undefined)
      equal(await verdictAt(scene, DAY + 5), 'idle')
    },
  ),

  check('a session in use ends at maxAge plus clockTolerance, to the second', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    for (let hours = 12; hours < 7 * 24; hours += 12) {
      scene.at(hours * 3600)
      await scene.visit((session) => session.set('hours', hours))
    }
    equal(await verdictAt(scene, 7 * DAY + 4), undefined)
    equal(await verdictAt(scene, 7 * DAY + 5), 'expired')
  }),

  check(
    'a session from a clock that is ahead opens only within clockTolerance',
    async (library) => {
      const scene = createScene(library)
      await begin(scene)
      equal(await verdictAt(scene, -5), undefined)
      equal(await verdictAt(scene, -6), 'not-yet-valid')
      equal(await verdictAt(scene, -2 * DAY), 'not-yet-valid')
    },
  ),

  check('reading writes a ticket from touchInterval on, to the second', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    equal(await readAt(scene, 8639), [])
    equal(await readAt(scene, 8640), [TICKET])
    equal(await readAt(scene, 8640 + 8639), [])
    equal(await verdictAt(scene, 8640 + DAY + 4), undefined)
    equal(await verdictAt(scene, 8640 + DAY + 5), 'idle')
  }),

  check('a write has no ticket beside it, however long ago the last use was', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    scene.at(80_000)
    const response = await scene.visit((session) => session.set('user', 'eve'))
    equal(namesIn(response), [NAME])
  }),

  check('a ticket of another session has no effect', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    equal(await readAt(scene, 8640), [TICKET])
    const ticket = scene.browser.cookies.get(TICKET) ?? ''
    const other = createScene(library)
    await begin(other)
    other.browser.cookies.set(TICKET, ticket)
    equal(await verdictAt(other, DAY + 4), undefined)
    equal(await verdictAt(other, DAY + 5), 'idle')
  }),

  check('a ticket that cannot be read has no effect', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    const token = scene.browser.cookies.get(NAME) ?? ''
    for (const value of ['', 'x', token, `${token.slice(0, -2)}AA`, '9'.repeat(4000)]) {
      scene.browser.cookies.set(TICKET, value)
      equal(await verdictAt(scene, DAY + 4), undefined)
      equal(await verdictAt(scene, DAY + 5), 'idle')
    }
  }),

  check('data and ticket stay in the browser to the absolute end', async (library) => {
    const scene = createScene(library)
    const ages = (response: Response) =>
      response.headers.getSetCookie().map((line) => /Max-Age=(\d+)/.exec(line)?.[1])
    equal(ages(await scene.visit((session) => session.set('user', 'ada'))), ['604800'])
    scene.at(10_000)
    equal(ages(await scene.visit((session) => session.touch())), ['594800'])
  }),

  check('a named lifetime is chosen at a login, kept, and checked', async (library) => {
    const remembered = { maxAge: 30 * DAY, idleTimeout: false, persistent: true } as const
    const scene = createScene(library, {
      lifetimes: { remembered },
      cookie: { persistent: false },
    })
    const [line = ''] = (await begin(scene)).headers.getSetCookie()
    equal(line.includes('Max-Age'), false)
    const login = await scene.visit((session) => {
      session.regenerate({ lifetime: 'remembered' })
      session.set('user', 'ada')
    })
    equal(login.headers.getSetCookie()[0]?.includes(`Max-Age=${30 * DAY}`), true)
    // Without the name in the configuration, the default lifetime applies.
    equal(await verdictAt(createScene(library, {}, scene.browser), 7 * DAY + 5), 'expired')
    equal(await verdictAt(scene, 30 * DAY + 4), undefined)
    await scene.visit((session) => session.set('user', 'eve'))
    equal(await verdictAt(scene, 30 * DAY + 5), 'expired')
  }),

  check('a lower maxAge and idleTimeout apply to existing sessions', async (library) => {
    const { visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const shorter = createScene(library, { maxAge: 100, idleTimeout: false }, browser)
    equal(await verdictAt(shorter, 104), undefined)
    equal(await verdictAt(shorter, 105), 'expired')
    const idler = createScene(library, { idleTimeout: 50 }, browser)
    equal(await verdictAt(idler, 54), undefined)
    equal(await verdictAt(idler, 55), 'idle')
  }),

  check('without idleTimeout only maxAge ends a session', async (library) => {
    const scene = createScene(library, { idleTimeout: false })
    await begin(scene)
    equal(await verdictAt(scene, 7 * DAY + 4), undefined)
    equal(await verdictAt(scene, 7 * DAY + 5), 'expired')
  }),

  check('a session opens across midnight, under the key of the day before', async (library) => {
    const scene = createScene(library)
    scene.at(DAY / 2 - 1)
    await begin(scene)
    equal(await verdictAt(scene, DAY / 2), undefined)
    scene.at(DAY / 2)
    await scene.visit((session) => session.set('user', 'eve'))
    equal((await scene.look()).get('user'), 'eve')
  }),
]

async function begin({ visit }: Scene): Promise<Response> {
  return visit((session) => session.set('user', 'ada'))
}

/**
 * Reads the session so many seconds after the start. Returns the names of the cookies that are set.
 */
async function readAt({ at, visit }: Scene, seconds: number): Promise<string[]> {
  at(seconds)
  const response = await visit((session) => {
    session.get('user')
  })
  return namesIn(response)
}

function namesIn(response: Response): string[] {
  return response.headers.getSetCookie().map((line) => parseLine(line).name)
}

async function verdictAt({ at, look }: Scene, seconds: number): Promise<string | undefined> {
  at(seconds)
  const session = await look()
  equal(session.isEmpty, session.rejection !== undefined, 'isEmpty')
  return session.rejection?.reason
}
