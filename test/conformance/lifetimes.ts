// Both sides of every bound of time.

import { check, equal } from './check.ts'
import type { Check } from './check.ts'
import { createScene, DAY } from './scene.ts'
import type { Scene } from './scene.ts'

export const lifetimes: readonly Check[] = [
  check(
    'a session idles out at idleTimeout plus clockTolerance, to the second',
    async (library) => {
      const scene = createScene(library)
      await begin(scene)
      equal(await judgementAt(scene, DAY + 4), undefined)
      equal(await judgementAt(scene, DAY + 5), 'idle')
    },
  ),

  check('a session in use ends at maxAge plus clockTolerance, to the second', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    for (let hours = 12; hours < 7 * 24; hours += 12) {
      scene.at(hours * 3600)
      await scene.visit((session) => session.set('hours', hours))
    }
    equal(await judgementAt(scene, 7 * DAY + 4), undefined)
    equal(await judgementAt(scene, 7 * DAY + 5), 'expired')
  }),

  check('a session from a clock ahead is taken within clockTolerance only', async (library) => {
    const scene = createScene(library)
    await begin(scene)
    equal(await judgementAt(scene, -5), undefined)
    equal(await judgementAt(scene, -6), 'not-yet-valid')
    equal(await judgementAt(scene, -2 * DAY), 'not-yet-valid')
  }),

  check(
    'a session that is read is renewed from touchInterval on, to the second',
    async (library) => {
      const scene = createScene(library)
      await begin(scene)
      const read = async (seconds: number) => {
        scene.at(seconds)
        const response = await scene.visit((session) => {
          session.get('user')
        })
        return response.headers.getSetCookie().length
      }
      equal(await read(8639), 0)
      equal(await read(8640), 1)
      equal(await judgementAt(scene, 8640 + DAY + 4), undefined)
    },
  ),

  check('a lower maxAge and idleTimeout apply to sessions that are out', async (library) => {
    const { visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const shorter = createScene(library, { maxAge: 100, idleTimeout: false }, browser)
    equal(await judgementAt(shorter, 104), undefined)
    equal(await judgementAt(shorter, 105), 'expired')
    const idler = createScene(library, { idleTimeout: 50 }, browser)
    equal(await judgementAt(idler, 54), undefined)
    equal(await judgementAt(idler, 55), 'idle')
  }),

  check('without idleTimeout only maxAge ends a session', async (library) => {
    const scene = createScene(library, { idleTimeout: false })
    await begin(scene)
    equal(await judgementAt(scene, 7 * DAY + 4), undefined)
    equal(await judgementAt(scene, 7 * DAY + 5), 'expired')
  }),

  check('a session opens across midnight, under the key of the day before', async (library) => {
    const scene = createScene(library)
    scene.at(DAY / 2 - 1)
    await begin(scene)
    equal(await judgementAt(scene, DAY / 2), undefined)
    scene.at(DAY / 2)
    await scene.visit((session) => session.set('user', 'eve'))
    equal((await scene.look()).get('user'), 'eve')
  }),
]

async function begin({ visit }: Scene): Promise<void> {
  await visit((session) => session.set('user', 'ada'))
}

async function judgementAt({ at, look }: Scene, seconds: number): Promise<string | undefined> {
  at(seconds)
  const session = await look()
  equal(session.isEmpty, session.rejection !== undefined, 'isEmpty')
  return session.rejection?.reason
}
