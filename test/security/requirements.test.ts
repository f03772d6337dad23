// The lists of published requirements in docs/requirements.md: no point is missing, and every
// reference of a row exists: a test, a row of threats.md, a section of a document.

import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readTitles } from '../support/titles.ts'

interface Row {
  readonly id: string
  readonly restated: string
  readonly who: string
  readonly how: string
}

const DOES = 'the library does'
const GIVES = 'the library gives, you do'
const ANSWERS = [DOES, GIVES, 'you do', 'does not apply']

/** Returns `V7.1.1`, `V7.1.2`… from the number of items in each section. */
function numbered(chapter: string, counts: readonly number[]): string[] {
  return counts.flatMap((count, section) =>
    Array.from({ length: count }, (_, item) => `${chapter}.${section + 1}.${item + 1}`),
  )
}

/** Returns points that are given as one string. */
function listed(text: string): string[] {
  return text.split(', ')
}

/** Every point of each list, as the documents named there number them. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  // OWASP ASVS, the repository's tag v5.0.0_release, 5.0/en: 0x16, 0x12, 0x18 and 0x20.
  'OWASP ASVS 5.0: sessions (V7)': numbered('V7', [3, 4, 2, 5, 3, 2]),
  'OWASP ASVS 5.0: cookie setup (V3.3)': numbered('V3', [0, 0, 5]),
  'OWASP ASVS 5.0: self-contained tokens (V9)': numbered('V9', [3, 4]),
  'OWASP ASVS 5.0: cryptography (V11)': numbered('V11', [4, 5, 5, 4, 2, 2, 2]),
  // OWASP CheatSheetSeries, commit 6b8819da: the headings that state a requirement, in their order.
  'OWASP Session Management Cheat Sheet': [
    'Session ID Name Fingerprinting',
    'Session ID Entropy',
    'Session ID Length',
    'Session ID Content (or Value)',
    'Built-in Session Management Implementations',
    'Used vs. Accepted Session ID Exchange Mechanisms',
    'Transport Layer Security',
    'Secure Attribute',
    'HttpOnly Attribute',
    'SameSite Attribute',
    'Cookie Name Prefixes',
    'Domain and Path Attributes',
    'Expire and Max-Age Attributes',
    'HTML5 Web Storage API',
    'Web Workers',
    'Permissive and Strict Session Management',
    'Manage Session ID as Any Other User Input',
    'Renew the Session ID After Any Privilege Level Change',
    'Reauthentication After Risk Events',
    'Considerations When Using Multiple Cookies',
    'Session Expiration',
    'Idle Timeout',
    'Absolute Timeout',
    'Renewal Timeout',
    'Logout Button',
    'Web Content Caching and Clear-Site-Data',
    'Initial Login Timeout',
    'Force Session Logout On Web Browser Window Close Events',
    'Disable Web Browser Cross-Tab Sessions',
    'Automatic Client Logout',
    'Session ID Guessing and Brute Force Detection',
    'Detecting Session ID Anomalies',
    'Binding the Session ID to Other User Properties',
    'Logging Sessions Life Cycle',
    'Simultaneous Session Logons',
    'Session Management WAF Protections',
  ],
  // RFC 8725 has 3.1 to 3.12. Its successor's appendix "Changes from RFC 8725" lists the new ones.
  'RFC 8725, JSON Web Token best current practices': [
    ...Array.from({ length: 12 }, (_, index) => `3.${index + 1}`),
    ...listed('3.1 bis, 3.3 bis, 3.10 bis, 3.11 bis, 3.13 bis, 3.14 bis, 3.15 bis'),
  ],
  // draft-ietf-httpbis-rfc6265bis-22: each requirement of section 4 on a server, then those
  // elsewhere that concern one.
  'RFC 6265bis, cookies': [
    ...['grammar', 'name', 'value', 'extensions', 'domain', 'attributes', 'cookies', 'races'].map(
      (point) => `4.1.1 ${point}`,
    ),
    ...listed('4.1.1 dates, 4.1.2.1, 4.1.3, 4.2.1 size, 4.2.1 lines, 4.2.2'),
    ...listed('5.4, 5.5, 5.6, 6.1 size, 6.1 eviction'),
    ...listed('8.2, 8.3 contents, 8.3 channel, 8.4, 8.5, 8.6 siblings, 8.6 keeping, 8.7'),
    ...listed('8.8.1, 8.8.2, 8.8.6'),
  ],
  // NIST SP 800-63B-4, section 5: numbered where the document has numbers.
  'NIST SP 800-63B-4, session management': [
    ...['secret', 'continuity', 'persistence', 'remembering', 'origin', 'level'].map(
      (point) => `5.1 ${point}`,
    ),
    ...[1, 2, 3, 4, 5, 6].map((item) => `5.1 (${item})`),
    ...listed('5.1 erasing, 5.1 storage, 5.1 fall-back, 5.1 forgery, 5.1 logoff'),
    ...[1, 2, 3, 4, 5, 6, 7].map((item) => `5.1.1 (${item})`),
    '5.1.2',
    ...['again', 'end', 'activity', 'reset', 'limits', 'documents', 'federation'].map(
      (point) => `5.2 ${point}`,
    ),
    ...listed('5.3 action, 5.3 privacy'),
  ],
  // The tests of web-platform-tests/wpt, commit f192844f, in its folder of that name.
  'Web Platform Tests: device-bound-session-credentials': listed(
    'create-session, registration-sends-challenge, refresh-does-not-send-challenge, ' +
      'refresh-replaces-config, refresh-with-continue-false, set-early-challenge, ' +
      'credentials-matching, session-cookie-has-no-attributes, set-authorization, include-site, ' +
      'set-scope-origin, set-scope-specification, clear-site-data, not-secure-connection',
  ),
}

const root = new URL('../../', import.meta.url)

/** The document with the lists. Its paths are relative to the repository, as all are here. */
const PLACE = existsSync(new URL('docs/requirements.md', root))
  ? 'docs/requirements.md'
  : 'SECURITY.md'

const lists = read(PLACE)
const threats = idsOf(read('test/security/threats.md'))

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

function idsOf(document: string): Set<string> {
  return new Set(Array.from(document.matchAll(/^\| ([A-Z]\d+) /gm), ([, id = '']) => id))
}

/** Returns the anchors of a document's headings, as GitHub builds them. */
function anchorsOf(document: string): Set<string> {
  const headings = document.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)
  return new Set(
    Array.from(headings, ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Returns the lines of the table under each heading that has one. */
function tablesOf(document: string): Map<string, string[]> {
  const sections = document.split(/^#{2,3} /m).slice(1)
  const tables = sections.map((section) => {
    const [heading = '', ...lines] = section.split('\n')
    return [heading, lines.filter((line) => line.startsWith('|'))] as const
  })
  return new Map(tables.filter(([, lines]) => /\| who +\| how\b/.test(lines[0] ?? '')))
}

function rowsOf(table: readonly string[]): Row[] {
  return table.slice(2).map((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    expect(cells, line).toHaveLength(6)
    const [, id = '', restated = '', who = '', how = ''] = cells
    return { id, restated, who, how }
  })
}

interface References {
  /** Tests: rows of threats.md, and titles in test files. */
  readonly tests: readonly string[]
  /** Sections of documents. */
  readonly sections: readonly string[]
  /** References that do not exist. */
  readonly missing: readonly string[]
}

function referencesOf(how: string): References {
  const titles = [...how.matchAll(/`([\w./-]+\.test\.ts)` "([^"]+)"/g)]
  const links = [...how.matchAll(/\]\(([\w./-]*)(?:#([\w-]+))?\)/g)]
  const prose = how.replace(/`[^`]*`|"[^"]*"|\]\([^)]*\)/g, '')
  const rows = Array.from(prose.matchAll(/\b[A-G]\d{1,2}\b/g), ([id]) => id)
  const missing = [
    ...rows.filter((id) => !threats.has(id)),
    ...titles.filter(([, file = '', title = '']) => !hasTest(file, title)).map(([all]) => all),
    ...links.filter(([, file = '', anchor]) => !hasSection(file, anchor)).map(([all]) => all),
  ]
  return {
    tests: [...rows, ...titles.map(([all]) => all)],
    sections: links.map(([all]) => all),
    missing,
  }
}

/**
 * Whether a file below `test/` has a test, or a group of them, whose title begins with this one.
 */
function hasTest(file: string, title: string): boolean {
  return readTitles().some((known) => known.file === file && known.text.startsWith(title))
}

/** Whether a file exists, relative to the lists, and has the section, if one is named. */
function hasSection(file: string, anchor: string | undefined): boolean {
  const path = file === '' ? PLACE : posix.join(posix.dirname(PLACE), file)
  if (!existsSync(new URL(path, root))) return false
  return anchor === undefined || anchorsOf(read(path)).has(anchor)
}

test('the document has these lists, and no others', () => {
  expect([...tablesOf(lists).keys()]).toEqual(Object.keys(LISTS))
})

describe.each(Object.entries(LISTS))('%s', (heading, points) => {
  const rows = rowsOf(tablesOf(lists).get(heading) ?? [])

  test('has every point once', () => {
    expect(rows.map(({ id }) => id).toSorted()).toEqual(points.toSorted())
  })

  test('states for each what it requires, who fulfils it, and how', () => {
    for (const { id, restated, who, how } of rows) {
      expect(ANSWERS, id).toContain(who)
      expect(restated.length, id).toBeGreaterThan(2)
      expect(how.length, id).toBeGreaterThan(1)
    }
  })

  test('has no broken references', () => {
    for (const { id, how } of rows) expect(referencesOf(how).missing, id).toEqual([])
  })

  test('has a test for each point that the library fulfils, and a test or a section for each it supports', () => {
    for (const { id, who, how } of rows) {
      const { tests, sections } = referencesOf(how)
      if (who === DOES) expect(tests.length, id).toBeGreaterThan(0)
      if (who === GIVES) expect(tests.length + sections.length, id).toBeGreaterThan(0)
    }
  })
})

describe('the check', () => {
  const TEST = '`unit/session/csrf.test.ts` "is false for any other value"'

  test('reads rows and their references', () => {
    const how = `By default: E11, ${TEST}, [x](#nowhere)`
    const { tests, sections, missing } = referencesOf(how)
    expect(tests).toEqual(['E11', TEST])
    expect(sections).toEqual(['](#nowhere)'])
    expect(missing).toEqual(['](#nowhere)'])
  })

  test('finds sections of the document itself and of others', () => {
    const [heading = ''] = anchorsOf(lists)
    expect(hasSection('', heading)).toBe(true)
    expect(hasSection(posix.relative(posix.dirname(PLACE), 'SECURITY.md'), undefined)).toBe(true)
  })

  test.each([
    'A99',
    '`unit/session/csrf.test.ts` "no such title"',
    '`unit/session/csrf.test.ts` "false for any other value"',
    '`csrf.test.ts` "is false for any other value"',
    '[x](#nowhere)',
    '[x](README.md#nowhere)',
    '[x](OTHER.md)',
  ])('notices that there is no %s', (how) => {
    expect(referencesOf(how).missing).toHaveLength(1)
  })

  test('does not read an algorithm or a code as a row of threats.md', () => {
    expect(referencesOf('AES-256-GCM, `A256GCM`, `E11`, SHA-512').tests).toEqual([])
  })
})
