// Tokens that were sealed once and must open for ever, everywhere.

import { check, equal, holds } from './check.ts'
import type { Check } from './check.ts'
import { craft, uncraft } from './craft.ts'
import { createScene, DAY, filler, NAME, OLDER_SECRET, START } from './scene.ts'

const PLAIN =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..FgStGRfBheSuOmVV.Ne7' +
  'B8PkdnlcMzk3WHdwfYEVVTdLHMAUxoCNiG7tsHCCcjVHe_z0-xEnT-QRv2yxCRcdBz5VTXG8Bc75zdltJlkFi9' +
  'nMNjAtoH575Nrmc3pKKMhbgqQ.KRQOeBjAVHG9auT7J8EY9g'

const WORDS =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..XVH8Ur07_giVAvKJ.yEk' +
  'Xe6TEYZ2Gc99gp22CqYH_6DuoTigIQY9xoKS6E71aP9OF__POny-ktUN122tsQJKU7Q15W2ZGrDCMxLkLR6yXo' +
  'PjfFHUzkL9zc7xeJ_4UlIqu5vnu5o3WZzjdCyUJ1jO6aLh8fyi0Yl-GW8BwJ0PId_vE8rQI8QU.XiPC27l6xT7' +
  'lSJz0b3petQ'

const NAMED =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoid2ludGVyLTIwMjUuMjA1MjIifQ..erkzDfboYr' +
  'RE-E--.d0zLCgVaGC52Tf74ufcdl2a5FZy4xpO9rb4BWCC889hVqT3Krje3RQLXghcLeEHnZv9nnIv77UPAmzn' +
  'dVuRhgBbIPirAPvtKBEVz7vFssJf0F1zUiQ.BbgrziYH6OtpOWjLZEl3rQ'

const PARTS = [
  '3.eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..u_ljEKveOSARU__t.F' +
    'svi-9ArwL5di_ZQJJK9ql3A92lozxQB1ZCpqX87z_OqRIUsJUD9jsm4nZbFQ_CUuK_mshhDykRLqW1wOVpy0os' +
    'P8oSNxAEIeh_3GJuYHNScWN6ykEg7eqv4KpMSryvcHIAxpd4RUn2t9DB2yfnhDVhBgfws6XorTNCDyEGQOyUZA' +
    '9K9t8-ogJm0KqI1gRLNkYf_7igrj6VaNlK8u2nIH9LI_OXMUR8llkW1Akis4Ypc9jrz0MvIS',
  'FueZD1w_nWzb9t849WYkeBgxG6Z_Hig1DUPi2j2gG0T0A5BluYRJeGJwoIMPbTeVXPmmwtThLAYAt4ghiDDKaF' +
    'o3g--FnOsyfZDXHnGRsVLEqAskSCEim5LegmVuNsp3xQ3UtXofi00l8U3-SOCoUWNeCUNkBhl2k8pXIjfwsVjC' +
    'Fg2fNb5-tKnCiFR0FRIpbcJ5SllJvyzEyHDdiQzn4kGYuzuPIX7lyQWRH2sRhC4Zr8YwoSxtk1HxLFda8wCZIE' +
    'tduPSf61VzPEAyWZ32iOiP_nb9UOldk8TlYmVJQeeDbqLBsjiXIKjsQAXXHtx61EfEcRrc',
  'KuR3Q9H3qqAefRNQnZlqA8d9A2jV_xuHQEbgOfXuOIF8NZRd6pBWuZQ4U_-IBCVxLulNjxqLfy5KvW95M7-KMY' +
    'FkYLdcUtbDw.fTkos6jTn7ihA7qBsoxPrA',
]

/** Begun after two logouts, and sealed again an hour later. */
const RENEWED =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..9K-XeESVnBtItreS.tBE' +
  'VK7GgIkyWN5RA0iGmKjPzzh5TZYtAgkc1uVQ46cIgYrZvJANVYA10eIyx-tAxB3wCX6smAOcKdag5-RZbfsCZ4' +
  'YFsAYFow6M9P4G5zM41GNhyyX7uroONyyMW_Q1PsOmK3wqhORkP9-cybM2r-VmTGHSikxKNdw.ZUqMpxNoTfRb' +
  'TQRV__n6rw'

const BARE =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiNTdKMi4yMDUyMiJ9..WaiEdwfJswJtqn2x.LuT' +
  'SUBCtRHR2SsyYqawiD1z9NxqhZdimfumf7pyWmOw2KZeUb_QIFJhAmhsiHO_sSWioaM6mKG8N5kdfaLmcSrOL3' +
  'LbRYyBUMSfVK3LTEFOlX4SrRQ.EYAaKNzN12ODw3Q_lOzlLA'

export const golden: readonly Check[] = [
  check('golden: a session in one cookie opens with its id and its times', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(`${NAME}=${PLAIN}`)
    equal(
      [session.toJSON(), session.id, session.isNew],
      [{ user: 'ada' }, 'hLMNuWRO6fXHG5Wo42BLXA', false],
    )
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
    const session = await sessions.open(`${NAME}=${NAMED}`)
    equal(session.get('user'), 'ada')
  }),

  check('golden: a session in three cookies opens', async (library) => {
    const { sessions } = createScene(library)
    const names = [NAME, `${NAME}.1`, `${NAME}.2`]
    const header = PARTS.map((part, index) => `${names[index]}=${part}`).join('; ')
    equal((await sessions.open(header)).toJSON(), { text: filler(420) })
  }),

  check(
    'golden: a renewed session keeps its start, and a third logout ends it',
    async (library) => {
      const { sessions, at } = createScene(library)
      at(3600)
      const session = await sessions.open(`${NAME}=${RENEWED}; ${NAME}.x=2`)
      equal(session.toJSON(), { user: 'ada', visits: 2 })
      equal(session.startedAt, new Date(START * 1000))
      equal(session.expiresAt, new Date((START + 3600 + DAY) * 1000))
      const later = await sessions.open(`${NAME}=${RENEWED}; ${NAME}.x=3`)
      equal(later.rejection?.reason, 'destroyed')
    },
  ),

  check('golden: a bare token opens', async (library) => {
    const { sessions } = createScene(library)
    equal((await sessions.unseal(BARE)).toJSON(), { user: 'ada' })
  }),

  check('what is sealed here opens by the description of the format', async (library) => {
    const { visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'gr\u00fc\u00dfe'))
    const token = browser.cookies.get(NAME) ?? ''
    const payload = await uncraft(token)
    holds(
      /^\{"jti":"[\w-]{22}","iat":1773144000,"exp":1773230400,"d":\{"user":"gr\u00fc\u00dfe"\}\}$/.test(
        payload,
      ),
      payload,
    )
    equal(token.split('.')[0], PLAIN.split('.')[0], 'the protected header')
  }),

  check(
    'what another writer sealed, its claims in another order, opens and is kept',
    async (library) => {
      const { visit, look, browser, at } = createScene(library)
      const times = `"exp":${START + DAY},"iat":${START}`
      const payload = `{"d":{"user":"ada","n":1},${times},"jti":"AAECAwQFBgcICQoLDA0ODw"}`
      browser.cookies.set(NAME, await craft({ payload }))
      equal((await look()).toJSON(), { user: 'ada', n: 1 })
      at(9000)
      const response = await visit((session) => {
        session.get('user')
      })
      equal(response.headers.getSetCookie().length, 1)
      equal((await look()).toJSON(), { user: 'ada', n: 1 })
    },
  ),
]
