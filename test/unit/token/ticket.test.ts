import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOf } from '../../../src/token/day.ts'
import {
  BOUND_TICKET_BYTES,
  TICKET_BYTES,
  belongsTo,
  formatBoundTicket,
  formatTicket,
  parseBoundTicket,
  parseTicket,
} from '../../../src/token/ticket.ts'

const ID = 'AAECAwQFBgcICQoLDA0ODw'
const DAY = 86_400

/** 2026-01-15 12:00 UTC. */
const NOON = 1_768_478_400
const TODAY = dayOf(NOON)

describe('formatTicket', () => {
  test('returns the first eight characters of the id and the seconds of the day', () => {
    expect(formatTicket(ID, NOON)).toBe('["AAECAwQF",43200]')
    expect(formatTicket(ID, TODAY * DAY)).toBe('["AAECAwQF",0]')
    expect(formatTicket(ID, TODAY * DAY - 1)).toBe('["AAECAwQF",86399]')
  })

  test('returns at most as many bytes as the size guard counts', () => {
    expect(TICKET_BYTES).toBe(formatTicket(ID, DAY - 1).length)
    expect(formatTicket(ID, NOON).length).toBeLessThanOrEqual(TICKET_BYTES)
  })

  test('is undone by parseTicket, for every session and moment', () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/)
    fc.assert(
      fc.property(ids, fc.nat(2 ** 33), (id, usedAt) => {
        const ticket = parseTicket(formatTicket(id, usedAt), dayOf(usedAt))
        expect(ticket).toEqual({ prefix: id.slice(0, 8), usedAt })
        expect(ticket !== undefined && belongsTo(ticket, id)).toBe(true)
      }),
    )
  })
})

describe('parseTicket', () => {
  test('counts from the start of the day of the key that opened it', () => {
    expect(parseTicket('["AAECAwQF",43200]', TODAY)?.usedAt).toBe(NOON)
    expect(parseTicket('["AAECAwQF",43200]', TODAY - 1)?.usedAt).toBe(NOON - DAY)
    expect(parseTicket(' [ "\\u0041AECAwQF", 4.32e4 ]', TODAY)?.usedAt).toBe(NOON)
  })

  test.each([
    '',
    '[',
    'null',
    '5',
    '"AAECAwQF"',
    '{}',
    '[]',
    '["AAECAwQF"]',
    '["AAECAwQF",1,0]',
    '[["AAECAwQF",1]]',
    '[["AAECAwQF"],1]',
    '{"0":"AAECAwQF","1":1,"length":2}',
    '["AAECAwQF",1] x',
    '["AAECAwQ",1]',
    '["AAECAwQFB",1]',
    '["AAECAwQ=",1]',
    '[null,1]',
    '[5,1]',
    '["",1]',
    '["AAECAwQF",-1]',
    '["AAECAwQF",86400]',
    '["AAECAwQF",0.5]',
    '["AAECAwQF","1"]',
    '["AAECAwQF",null]',
    '["AAECAwQF",true]',
    '["AAECAwQF",1e999]',
    '["AAECAwQF",[1]]',
  ])('refuses %j', (text) => {
    expect(parseTicket(text, TODAY)).toBeUndefined()
  })
})

describe('belongsTo', () => {
  const ticket = { prefix: 'AAECAwQF', usedAt: NOON }

  test('compares the first characters of the id', () => {
    expect(belongsTo(ticket, ID)).toBe(true)
    for (const other of [
      `B${ID.slice(1)}`,
      `AAECAwQ-${ID.slice(8)}`,
      ID.toLowerCase(),
      '',
      'AAEC',
    ]) {
      expect(belongsTo(ticket, other)).toBe(false)
    }
  })

  test('is false for the tickets of many other sessions', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{22}$/), {
      minLength: 2,
      maxLength: 2,
      selector: (id) => id.slice(0, 8),
    })
    fc.assert(
      fc.property(ids, ([one = '', other = '']) => {
        const own = parseTicket(formatTicket(one, NOON), TODAY)
        expect(own !== undefined && belongsTo(own, other)).toBe(false)
      }),
    )
  })
})

describe('the ticket of a bound session', () => {
  const bound = { binding: 'Zk3vQ9rW', usedAt: NOON, isProven: true }

  test('is parsed as it is formatted, and has the counted length', () => {
    for (const isProven of [true, false]) {
      const text = formatBoundTicket({ ...bound, isProven })
      expect(text).toBe(`["Zk3vQ9rW",43200,${isProven ? 1 : 0}]`)
      expect(parseBoundTicket(text, TODAY)).toEqual({ ...bound, isProven })
      expect(text.length).toBe(BOUND_TICKET_BYTES)
    }
  })

  test.each([
    '["Zk3vQ9rW",43200]',
    '["Zk3vQ9rW",43200,2]',
    '["Zk3vQ9rW",43200,true]',
    '["Zk3vQ9rW",43200,1,1]',
    '["Zk3vQ9rW",86400,1]',
    '["Zk3vQ9rW",-1,1]',
    '["Zk3vQ9rW",043200,1]',
    '["Zk3vQ9r",43200,1]',
    '["Zk3vQ9rWx",43200,1]',
    '[12345678,43200,1]',
    ' ["Zk3vQ9rW",43200,1]',
    '["Zk3vQ9rW",43200,1] ',
    '["Zk3vQ9rW", 43200,1]',
    '{}',
    '',
  ])('is none in %s', (text) => {
    expect(parseBoundTicket(text, TODAY)).toBeUndefined()
  })

  test('is no ticket of an unbound session, nor the reverse', () => {
    expect(parseTicket(formatBoundTicket(bound), TODAY)).toBeUndefined()
    expect(parseBoundTicket(formatTicket(ID, NOON), TODAY)).toBeUndefined()
  })
})
