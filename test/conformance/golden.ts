// Cookies and tokens that were sealed once, without the library, and must open in every later
// version and runtime.

import { DAY } from '../support/format.ts'
import { check, equal, holds } from './check.ts'
import type { Check } from './check.ts'
import { mint, formatPayload, decryptValue } from './mint.ts'
import { createScene, filler, NAME, OLDER_SECRET, START } from './scene.ts'

const PLAIN =
  '57J2.20522.3DL3G26XBqMNbTz7.N9aOripItpSzJ-qi7hdLTdssV0_xqD7OtVgvsmhHSiDm-ZTYWsx5U41qIr' +
  '1kewW9U6oaRGSATeY.d_3hHS2mdPQOEqVXFXV6Sg'

const WORDS =
  '57J2.20522.rWjnYpSF3pbgjl-g.RZtdtp7yf4y3ghndU6MWD-7KGNmNmAPjEX3PjjJX7mMihfeX-zczQF0x4p' +
  '-chLS5ay0ZXQGSULQ9J-fW_aqjyeiwifwhh-PPr0G62n_jw3H8kv9JTROMImEoujeM.RmsExVrZTxNJxjJEORR' +
  'tqA'

const NAMED =
  'winter-2025.20522.ok8qqwYlykGvmS7O.GrthsJIkYRx5t3qsS-aZvoognTCIyB1MIcI3WMUL6IHjX6ww9Ax' +
  'fjTf-_RQBr37WFtNxlj-3pW8.6jTL70mThctAzeeePO_NGw'

/** Sealed with a secret whose id looks like a count. */
const DIGITS =
  '2.20522.xYthd9eITxw2hWDp.w9nO-WNcz-GATuAarwhoICdV_vJunLn4KOVB8UC5kvn8UBh_v3cv62w9-fAG7' +
  '_oJ393NHa9LxE0.Y8q_QdUxv_DXKOiOyBP5vg'

const PARTS = [
  '3.57J2.20522.q7HNLw2Bi5UW2Mh5.-JiK9pfkmYhPQHNeY7JyNfJbYENHCFKJ20b8PDV_uBz9y3vrWmDtXnQO' +
    'cwoMf3yYVW5iBIE4y_zaapDotMYin4wV7qoHZQiHYkV6LVYxPp7ddwHO9MGDM5JjcLWxxpdnkyOjly54wtU3nr' +
    'SQrHRefGLa2OqyzaC6_gLyQli88v_1IeUpiC_cG6zJPhcTA4x_3RqdWTLY',
  'R6Hc0Jr6vW-iSPfUQUI6bgmix3eT_xWf731SV2NosvIDaA9UEK5UkghT_e2AFALndHuPTI7odKNYKlMjcxWUSK' +
    'Li3Vr55o6eL9Gr7DfCvD__-SOAS2A0pskAYjEVFCJE1X1vZWbHXBGSBaL9Ot-_ta5cMrV99HpAXpMfQ9TANpwj' +
    'NPwZoeoTksDaLyTfL3Q7FvqI8BIvIL41CH5gOYh0SvMCF51YvY4vGwlJ',
  'vpa24rFHP-c4XVw0HYpZI7HvnbfORLmWuVto-mlPVj59MXGMLsluPYbnk5efuNWuJa6o1Y4N7a3kQ5RdDOHVQ4' +
    'mbb1HWiELlFDYroKezk3S18Xfb5avb5fkj4rQo3-kkvEUoIVDmNSaxj65xraSYsRi4u15FzLOxNXAaWrZZ_FZW' +
    'A4JVx-iZ7QOxuiLPn1WBaLa6Y7HXaKA.xTs902qrndyLda7ndqQfIw',
]

const DIGIT_PARTS = [
  '2.2.20522.7YACjIcWjSfz6wbD.Zy0fqpfsZQ4QmANwc4WF3Y39aX1lqR7-bmVUapP7eeOgQPA3lBRVp_SFLKj' +
    'BhfbYtp9ioBMMEKJRpM64BwlGhq8JgVeZlphcPRAxQvC5Vk5Lq0geStR',
  'oAG88ckGHuHsG7tW7V2dT4mTppavToT_L2248JtUIhsXt5ZIRITHKS57ba7tDjlNO_4RuMNvvKjVwlHVWUMzK3' +
    '7WM-7gq6ZA_AtNphZgm7eVIOjxX_SM.ZOZQp_xgMBtQqOjuyDWGzQ',
]

/** Begun with two logout stamps, and written again an hour later. */
const RESEALED =
  '57J2.20522.MXsIyHC7NtIyaBQL.J724FAdL0iJYxSeVQAN72slnrWbVNfU0kBXodUHg8Dcr0o6fREERCLgReS' +
  'mRnBbkeUZ_V89Q8mGalr5ZFKrR2TnmnaB6NrNjTKKxNdzJOkOXe8tTROYX.lfSCC9bMe_BgEBfg9L9C2Q'

/** The ticket of PLAIN: used 50 000 seconds after its start, which is on the next day. */
const TICKET = '57J2.20523.o-U6jDZwyrbpkD43.Xaq317LDMI6VJ_64R1Tw2Uc.5h4SNSKR6Kq19flSbpEt7g'

const REMEMBERED =
  '57J2.20522.yKH8rLjAWP1mvCmb.7D_Po1yucEeGk2hYF8xy8IUy-wBar0hLlIlwt6KuNUaNDFUGzRTgaQSAU6' +
  'ASLyRrQtjnKf6gfBx7MzLn_WIRxCY75cAx4cWiDesPOg.baG8r4t-7W4EZypoHafOGg'

const CONTENTS =
  '57J2.20522.qDtaqHeRlRNrdxuD.vNwcelJEqGeWre2ZZ71mmx5D9QanbxipQscE3BwzefAVZOwEmILzinyVwJ' +
  'dAblFlLYYYUiUfHplji1VqUOy0lXJ3XNKKKEJb8NWaYSODKWnkolZ-NIJN1fhEImV4e58EJrE6LCd4xUqURAHe' +
  'wtpOfOXFVAbAhMFc9vkPH6L2PFcxvGVsKdi3BYmEuz_cpcbGGMKHSrM2qDIPR8ZtiCuXCa4CG10iOK6cQJt8F4' +
  'Y0loqYYuGZ7-N3pGNLaRrHSOi9Xt2On1cMeQy7nj9uYkJ-2SC05w.xK1nBuanx-ff7ESp-vMWSQ'

const BARE =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..A_rjJEJzWhG4u2g1.Y5R' +
  'M4ozIVFTp2J3JnxgC79HqU0rSccNHJ7Amz1oH9lsJyVRVZEGk0B-A59WEwew6q9bVxvr8pxQ.vdub3rcTXbZSy' +
  'RRTdHOHRQ'

const BARE_FOR_RESET =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..Gk8TiLKnblxoJ5Ia.xvi' +
  '5Mig6lgL2vS95cde2RCcYzaK3GzhJjlbvYglkEtjnfvhpYvH9QaaGBJWEnKN22CoZZen-eEs.VgcKSDRyO6oNK' +
  'zGMkuHqsw'

const PLAIN_ID = 'hrvVUm-cPXrZk3iX4K3qZA'

function headerOf(parts: readonly string[]): string {
  return parts.map((part, index) => `${NAME}${index === 0 ? '' : `.${index}`}=${part}`).join('; ')
}

export const golden: readonly Check[] = [
  check('golden: a session in one cookie opens with its id and its times', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${PLAIN}`)
    equal([session.toJSON(), session.id, session.isNew], [{ user: 'ada' }, PLAIN_ID, false])
    equal(session.startedAt, new Date(START * 1000))
    equal(session.expiresAt, new Date((START + DAY) * 1000))
  }),

  check('golden: text beyond ASCII opens', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${WORDS}`)
    equal(session.toJSON(), {
      'gr\u00fc\u00dfe': '\u65e5\u672c\u8a9e \u{1f36a}',
      n: [0, -1.5, null, true],
    })
  }),

  check('golden: a session under a secret with a name opens', async (library) => {
    const secrets = [{ secret: OLDER_SECRET, id: 'winter-2025' }]
    const { sessions } = createScene(library, { secrets })
    equal((await sessions.open(`${NAME}=${NAMED}`)).get('user'), 'ada')
  }),

  check('golden: an id of digits is not mistaken for a count', async (library) => {
    const secrets = [{ secret: OLDER_SECRET, id: '2' }]
    const { sessions } = createScene(library, { secrets })
    equal((await sessions.open(`${NAME}=${DIGITS}`)).get('user'), 'ada')
    equal((await sessions.open(headerOf(DIGIT_PARTS))).toJSON(), { text: filler(120) })
  }),

  check('golden: a session in three cookies opens', async (library) => {
    const { sessions } = createScene(library)
    equal((await sessions.open(headerOf(PARTS))).toJSON(), { text: filler(420) })
  }),

  check(
    'golden: a session that was written again keeps its start and its stamps',
    async (library) => {
      const { sessions, at } = createScene(library)
      at(3600)
      const session = await sessions.open(`${NAME}=${RESEALED}; ${NAME}.x=c1D2; ${NAME}.x=aB-_`)
      equal(session.toJSON(), { user: 'ada', visits: 2 })
      equal(session.startedAt, new Date(START * 1000))
      equal(session.expiresAt, new Date((START + 3600 + DAY) * 1000))
      const later = await sessions.open(`${NAME}=${RESEALED}; ${NAME}.x=_c1D`)
      equal(later.rejection?.reason, 'destroyed')
    },
  ),

  check('golden: a ticket states when its session was last used', async (library) => {
    const { sessions, at } = createScene(library)
    at(DAY + 5)
    equal((await sessions.open(`${NAME}=${PLAIN}`)).rejection?.reason, 'idle')
    const session = await sessions.open(`${NAME}=${PLAIN}; ${NAME}.t=${TICKET}`)
    equal(session.get('user'), 'ada')
    equal(session.expiresAt, new Date((START + 50_000 + DAY) * 1000))
  }),

  check('golden: a session of a named lifetime ends when that ends', async (library) => {
    const lifetimes = { remembered: { maxAge: 30 * DAY, idleTimeout: 20 * DAY } }
    const { sessions, at } = createScene(library, { lifetimes })
    at(19 * DAY)
    const session = await sessions.open(`${NAME}=${REMEMBERED}`)
    equal(session.get('user'), 'ada')
    equal(session.expiresAt, new Date((START + 20 * DAY) * 1000))
    at(20 * DAY + 5)
    equal((await sessions.open(`${NAME}=${REMEMBERED}`)).rejection?.reason, 'idle')
    const without = createScene(library)
    without.at(DAY + 5)
    equal((await without.sessions.open(`${NAME}=${REMEMBERED}`)).rejection?.reason, 'idle')
  }),

  check('golden: scopes, messages, the CSRF secret and the test cookie open', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${CONTENTS}`)
    equal(session.scope('shop').toJSON(), { coupon: 'TEA' })
    equal(session.scope('shop').scope('checkout').toJSON(), { step: 2 })
    equal([session.flash('notice'), session.flash('error')], [['Saved.', 'Sent.'], [7]])
    holds(session.testCookieWorked(), 'the test cookie came')
    // The secret 00 01 … 0f with the mask 00 10 … f0.
    const token = 'ABAgMEBQYHCAkKCwwNDg8AARIjNEVWZ3iJmqu8zd7v8'
    holds(session.verifyCsrfToken(token), 'the CSRF token is that of the secret')
  }),

  check('golden: bare tokens open for their own purpose', async (library) => {
    const { sessions } = createScene(library)
    equal((await sessions.unseal(BARE)).toJSON(), { user: 'ada' })
    equal((await sessions.unseal(BARE_FOR_RESET, 'password reset')).toJSON(), { user: 'ada' })
    const other = await sessions.unseal(BARE_FOR_RESET, 'invitation')
    equal(other.rejection?.reason, 'undecryptable')
    equal((await sessions.unseal(BARE_FOR_RESET)).rejection?.reason, 'undecryptable')
    equal((await sessions.unseal(BARE, 'password reset')).rejection?.reason, 'undecryptable')
  }),

  check('a sealed value opens as docs/format.md describes', async (library) => {
    const { visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'gr\u00fc\u00dfe'))
    const value = browser.cookies.get(NAME) ?? ''
    const payload = await decryptValue(value)
    holds(/^\["[\w-]{22}",43200,604800,0,\{"user":"gr\u00fc\u00dfe"\}\]$/.test(payload), payload)
    equal(value.split('.', 2), PLAIN.split('.', 2), 'the id of the secret and the day')
  }),

  check('another spelling of another writer opens, and reading keeps it', async (library) => {
    const usual = formatPayload({ data: { user: 'ada', cart: [] } })
    for (const payload of [` ${usual}`, `${usual}\n`, usual.replaceAll(',', ', ')]) {
      const { visit, look, browser, at } = createScene(library, { revoked: () => false })
      browser.cookies.set(NAME, await mint({ payload }))
      equal((await look()).toJSON(), { user: 'ada', cart: [] })
      at(60)
      const response = await visit((session) => {
        session.get('cart')
      })
      equal(response.headers.getSetCookie(), [])
      await visit((session) => session.set('user', 'eve'))
      equal((await look()).toJSON(), { user: 'eve', cart: [] })
      equal((await look()).startedAt, new Date(START * 1000))
    }
  }),
]
