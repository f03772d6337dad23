// The documentation site: which files are pages, their order, and how links are translated.

import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import type { DefaultTheme, MarkdownRenderer } from 'vitepress'
import { REWRITES, siteLink, slugify, sourceOf } from './links.ts'

/** Where the site is served from, as in `/sealed-session/` on GitHub Pages. */
const base = process.env['DOCS_BASE'] ?? '/'

const root = new URL('../../', import.meta.url).pathname

/** Pages that are one wide table. */
const WIDE_PAGES: ReadonlySet<string> = new Set(['comparison.md', 'requirements.md'])

const icon = readFileSync(new URL('icon.svg', import.meta.url), 'base64')

export default defineConfig({
  title: 'sealed-session',
  description: 'The whole session in the browser’s cookies: encrypted, expiring, rotating.',
  lang: 'en',
  base,
  rewrites: REWRITES,
  outDir: 'dist/site',
  cacheDir: 'node_modules/.cache/vitepress',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml;base64,${icon}` }]],
  markdown: {
    anchor: { slugify },
    languageAlias: { abnf: 'ini' },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' },
    config: translateLinks,
  },
  // Wide tables get the room of the outline.
  transformPageData({ relativePath, frontmatter }) {
    if (WIDE_PAGES.has(relativePath)) frontmatter['aside'] = false
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Recipes', link: '/recipes/log-out-everywhere', activeMatch: '/recipes/' },
      { text: 'Security', link: '/security' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
    ],
    sidebar: sidebar(),
  },
})

function sidebar(): DefaultTheme.SidebarItem[] {
  return [
    group('Introduction', '', [
      ['Start', 'start'],
      ['Concepts', 'concepts'],
      ['FAQ', 'faq'],
      ['Comparison', 'comparison'],
    ]),
    group('Frameworks', 'frameworks/', [
      ['All of them', ''],
      ['Fetch handlers', 'fetch'],
      ['Node http', 'node'],
      ['AWS Lambda', 'lambda'],
      ['Next.js', 'nextjs'],
      ['SvelteKit', 'sveltekit'],
      ['React Router', 'react-router'],
      ['TanStack Start', 'tanstack-start'],
      ['Astro', 'astro'],
      ['Nuxt', 'nuxt'],
      ['Nitro 3 and h3 2', 'h3'],
      ['Hono', 'hono'],
      ['Elysia', 'elysia'],
      ['Express and Connect', 'express'],
      ['In place of express-session', 'express-session'],
      ['Fastify', 'fastify'],
      ['Koa', 'koa'],
      ['Nest', 'nest'],
      ['Remix fetch-router', 'remix'],
      ['tRPC', 'trpc'],
      ['GraphQL Yoga', 'yoga'],
      ['Cookie stores', 'cookie-stores'],
    ]),
    group('Recipes', 'recipes/', [
      ['Where secrets live', 'secrets'],
      ['Log out everywhere', 'log-out-everywhere'],
      ['Remember me', 'remember-me'],
      ['CSRF tokens', 'csrf'],
      ['OIDC tokens', 'oidc-tokens'],
      ['Subdomains', 'subdomains'],
      ['Tenants', 'tenants'],
      ['WebSockets', 'websockets'],
      ['Bare tokens', 'bare-tokens'],
      ['Testing', 'testing'],
      ['TLS proxies', 'tls-proxies'],
      ['Plain http', 'plain-http'],
      ['Hot reload', 'hot-reload'],
    ]),
    group('Operation', '', [
      ['Device-bound sessions', 'device-bound-sessions'],
      ['Size and limits', 'size-and-limits'],
      ['What does not fit', 'overflow'],
      ['Rotation', 'rotation'],
      ['Moving over', 'migrating'],
      ['Troubleshooting', 'troubleshooting'],
    ]),
    group('Reference', '', [
      ['API', 'api/'],
      ['Security', 'security'],
      ['Published requirements', 'requirements'],
      ['Whose object is it?', 'ownership'],
      ['Format', 'format'],
      ['Changelog', 'changelog'],
    ]),
  ]
}

function group(
  text: string,
  folder: string,
  pages: readonly (readonly [text: string, page: string])[],
): DefaultTheme.SidebarItem {
  return { text, items: pages.map(([title, page]) => ({ text: title, link: `/${folder}${page}` })) }
}

/** Translates the links of every page. A link to a file that is no page becomes its text. */
function translateLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('translate-links', ({ tokens, env }) => {
    const file = fileOf(env)
    for (const { children } of tokens) {
      let dropped = false
      for (const token of children ?? []) {
        if (token.type === 'link_close' && dropped) {
          token.hidden = true
          token.type = 'text'
          dropped = false
        }
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href === null) continue
        const link = siteLink(file, href)
        if (link === undefined) {
          token.type = 'text'
          token.hidden = true
          dropped = true
        } else {
          token.attrSet('href', link)
        }
      }
    }
  })
}

/** Returns the path in the repository of the file that is rendered. */
function fileOf(env: unknown): string {
  if (typeof env !== 'object' || env === null || !('realPath' in env || 'path' in env)) return ''
  const { realPath, path } = env as { readonly realPath?: string; readonly path?: string }
  return sourceOf((realPath ?? path ?? '').replace(root, ''))
}
