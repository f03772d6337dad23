// An attacker on a sibling subdomain, who uses the application and sets cookies for all of its
// hosts.

import { assertPromise } from './assert-promise.ts'
import { partNames } from './ledger.ts'
import type { Entry } from './ledger.ts'
import type { Toss } from './steps.ts'
import { ATTACKER, choose, recordOutsideChange } from './world.ts'
import type { World } from './world.ts'

/**
 * Tokens that no server issued: too short, too many fields, no count, an unknown secret, a count
 * too high.
 */
const JUNK = [
  '',
  'x',
  `17.AAAA.20000.${'A'.repeat(16)}.A.${'A'.repeat(22)}`,
  `2.AAAA.20000.${'A'.repeat(16)}.A`,
  `02.AAAA.20000.${'A'.repeat(16)}.A`,
  `AAAA.20468.${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}`,
]

/** Invalid stamps, the highest and the lowest value of a counter, and one of letters. */
const STAMPS = ['', '1', '9999', '0001', 'zzzz', '999999999']

/** Sets cookies from a sibling subdomain, for one page or for all. */
export function toss(world: World, path: number, what: Toss, nth: number, part: number): void {
  for (const pair of tossed(world, what, nth, part)) {
    const attributes = `Domain=example.test; Path=${path % 2 === 0 ? '/' : '/account'}; Secure`
    const outcome = world.store.set(`${pair}; ${attributes}`, ATTACKER)
    world.tally(`tossed ${what} ${outcome}`)
    if (world.setup.cookie === 'host')
      assertPromise(outcome === 'refused', '__Host- keeps subdomains out')
    if (outcome === 'refused') continue
    world.attacked = true
    if (what !== 'ticket' && what !== 'stamp') recordOutsideChange(world)
  }
}

/**
 * Everything that an attacker can set: his own cookies, and those that he can read, with any
 * attributes.
 */
function tossed(world: World, what: Toss, nth: number, part: number): string[] {
  const { ledger, tickets, births, name, setup } = world
  const isHis = ({ owner }: { readonly owner: string }) => owner === 'attacker'
  // Cookies with a Domain are sent to subdomains too, so he can read the visitor's.
  const readable = setup.cookie === 'domain' ? ledger : ledger.filter(isHis)
  const nameOfPart = partNames(name)[part] ?? name
  switch (what) {
    case 'junk':
      // Mostly in the first part, which has the count.
      return [`${partNames(name)[Math.max(part - 3, 0)] ?? name}=${choose(JUNK, nth)}`]
    case 'delete':
      return [`${part === 5 ? `${name}.t` : nameOfPart}=; Max-Age=0`]
    case 'stamp': {
      const known = [...births.values()].flatMap(({ stamps }) => stamps)
      return [`${name}.x=${choose([...STAMPS, ...known], nth + part)}`]
    }
    case 'ticket': {
      const known = setup.cookie === 'domain' ? tickets : tickets.filter(isHis)
      const other = choose(readable, nth)?.pairs[0]?.[1] ?? 'x'
      const ticket = choose(known, nth)
      if (part === 0 || ticket === undefined) return [`${name}.t=${part === 0 ? other : 'x'}`]
      const { value, prefix, isBound } = ticket
      return [`${name}.${isBound ? `d.${prefix}` : 't'}=${value}`]
    }
    case 'own':
      return pairStrings(choose(ledger.filter(isHis), nth))
    default: {
      const pair = choose(pairStrings(choose(readable, nth)), part)
      return pair === undefined ? [] : [pair]
    }
  }
}

function pairStrings(entry: Entry | undefined): string[] {
  return entry?.pairs.map(([name, value]) => `${name}=${value}`) ?? []
}
