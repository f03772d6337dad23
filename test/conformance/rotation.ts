// Secrets that change by configuration while sessions exist.

import { DAY } from '../support/format.ts'
import { check, equal, errorOf } from './check.ts'
import type { Check } from './check.ts'
import { kidOf } from './mint.ts'
import { createScene, NAME, OLDER_SECRET, OTHER_SECRET, SECRET, START } from './scene.ts'
import type { Scene } from './scene.ts'

export const rotation: readonly Check[] = [
  check(
    "'new,old' opens what the old secret sealed and seals with the new one",
    async (library) => {
      const before = createScene(library, { secrets: OLDER_SECRET })
      await before.visit((session) => session.set('user', 'ada'))
      const after = createScene(library, { secrets: `${SECRET},${OLDER_SECRET}` }, before.browser)
      equal((await after.look()).get('user'), 'ada')
      equal(kidIn(after), await kidOf(OLDER_SECRET))
      await after.visit((session) => session.set('user', 'eve'))
      equal(kidIn(after), await kidOf(SECRET))
      equal((await before.look()).rejection?.reason, 'unknown-key')
    },
  ),

  check(
    'activeFrom stages a secret: it opens at once and seals from its second on',
    async (library) => {
      const activeFrom = START + 100
      const secrets = [{ secret: SECRET, activeFrom }, OLDER_SECRET]
      const { visit, at, browser, ...rest } = createScene(library, { secrets })
      const early = createScene(library, { secrets: SECRET })
      await early.visit((session) => session.set('user', 'ada'))
      equal((await rest.sessions.open(early.browser.header())).get('user'), 'ada')

      const sealedUnder = async (seconds: number) => {
        at(seconds)
        await visit((session) => session.set('seconds', seconds))
        return kidIn({ browser })
      }
      equal(await sealedUnder(99), await kidOf(OLDER_SECRET))
      equal(await sealedUnder(100), await kidOf(SECRET))
    },
  ),

  check('a JWK Set, as an object or as a string, names its keys', async (library) => {
    const k = btoa(SECRET).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')
    const set = { keys: [{ kty: 'oct', k, kid: 'spring' }] }
    const { visit, browser } = createScene(library, { secrets: set })
    await visit((session) => session.set('user', 'ada'))
    equal(kidIn({ browser }).split('.')[0], 'spring')
    const fromText = createScene(library, { secrets: JSON.stringify(set) }, browser)
    equal((await fromText.look()).get('user'), 'ada')
  }),

  check(
    'a secrets function is called again, and the last good secrets survive its failure',
    async (library) => {
      let answer: () => Promise<string> = () => Promise.resolve(OLDER_SECRET)
      const scene = createScene(library, { secrets: () => answer(), secretsRefresh: 60 })
      const { visit, at, events } = scene
      const visitAt = async (seconds: number) => {
        at(seconds)
        await visit((session) => session.set('seconds', seconds))
        // The function is called beside the request: its result is available in the next turn.
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await visitAt(0)
      equal(kidIn(scene), await kidOf(OLDER_SECRET))
      answer = () => Promise.resolve(`${SECRET},${OLDER_SECRET}`)
      await visitAt(60)
      await visitAt(61)
      equal(kidIn(scene), await kidOf(SECRET))
      answer = () => Promise.reject(new Error('the vault is sealed'))
      await visitAt(121)
      await visitAt(122)
      equal(kidIn(scene), await kidOf(SECRET))
      equal(
        events.flatMap((event) => (event.type === 'secrets' ? [event.outcome] : [])),
        ['changed', 'failed'],
      )
    },
  ),

  check(
    'a secrets function that fails at first fails the request, and is called again',
    async (library) => {
      let works = false
      const { look } = createScene(library, {
        secrets: () => {
          if (works) return SECRET
          throw new Error('the vault is sealed')
        },
      })
      const forged = createScene(library)
      await forged.visit((session) => session.set('user', 'ada'))
      const { sessions } = createScene(library, {
        secrets: () => {
          if (works) return SECRET
          throw new Error('the vault is sealed')
        },
      })
      const { code } = await errorOf(() => sessions.open(forged.browser.header()))
      equal(code, 'ERR_SESSION_CONFIG')
      works = true
      equal((await sessions.open(forged.browser.header())).get('user'), 'ada')
      equal((await look()).isEmpty, true)
    },
  ),

  check(
    'reading does not change a session’s secret, and its ticket has the newest',
    async (library) => {
      const before = createScene(library, { secrets: OLDER_SECRET })
      await before.visit((session) => session.set('user', 'ada'))
      const after = createScene(library, { secrets: [SECRET, OLDER_SECRET] }, before.browser)
      after.at(10_000)
      await after.visit((session) => {
        session.get('user')
      })
      equal(kidIn(after), await kidOf(OLDER_SECRET))
      equal(kidIn(after, `${NAME}.t`), await kidOf(SECRET))
      equal((await after.look()).expiresAt, new Date((START + 10_000 + DAY) * 1000))
    },
  ),

  check('a removed secret ends its sessions, and their cookies are kept', async (library) => {
    const before = createScene(library, { secrets: OTHER_SECRET })
    await before.visit((session) => session.set('user', 'ada'))
    const after = createScene(library, {}, before.browser)
    const session = await after.look()
    equal([session.isEmpty, session.rejection?.reason], [true, 'unknown-key'])
    const response = await after.visit((gone) => {
      gone.get('user')
    })
    equal(response.headers.getSetCookie(), [])
    equal((await before.look()).get('user'), 'ada')
  }),
]

/** Returns the secret id in the value of a browser's cookie. */
function kidIn({ browser }: Pick<Scene, 'browser'>, name: string = NAME): string {
  const [id = '', day = ''] = (browser.cookies.get(name) ?? '').split('.')
  return `${id}.${day}`
}
