// Translates links between the Markdown files of the repository into links between the pages of the
// site, and headings into the anchors that GitHub gives them, so one link works in both places.

import { posix } from 'node:path'

/** Pages of `docs/site/` stand at the top of the site. */
export const REWRITES: Readonly<Record<string, string>> = { 'site/:page': ':page' }

/** The files beside `docs/` that are pages: `docs/site/` includes each of them. */
const INCLUDED: Readonly<Record<string, string>> = {
  'README.md': 'start.md',
  'SECURITY.md': 'security.md',
  'CHANGELOG.md': 'changelog.md',
}

/** Returns the anchor that GitHub gives a heading. */
export function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

/** Returns the file whose text a page shows: itself, or the one that it includes. */
export function sourceOf(file: string): string {
  const source = Object.entries(INCLUDED).find(([, page]) => file === `docs/site/${page}`)
  return source?.[0] ?? file
}

/** Returns the site's page that a file of the repository becomes, or `undefined` if it is none. */
export function pageOf(file: string): string | undefined {
  const included = INCLUDED[file]
  if (included !== undefined) return included
  if (!file.startsWith('docs/') || !file.endsWith('.md')) return undefined
  return file.slice('docs/'.length)
}

/**
 * Returns a link as the site needs it, or `undefined` if it leads to a file that is no page.
 *
 * @param file the path in the repository of the file that holds the link
 * @param href the link as it is written there
 */
export function siteLink(file: string, href: string): string | undefined {
  if (/^(?:[a-z][a-z+.-]*:|#)/i.test(href)) return href
  const [path = '', anchor] = href.split('#', 2)
  const page = pageOf(posix.join(posix.dirname(file), path))
  if (page === undefined) return undefined
  const link = posix.relative(posix.dirname(pageOf(file) ?? file), page)
  return `./${link}${anchor === undefined ? '' : `#${anchor}`}`
}
