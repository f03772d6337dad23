// The Markdown of the repository for its tests: code blocks, headings and links.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { slugify } from '../../docs/.vitepress/links.ts'

export interface CodeBlock {
  /** The document's path in the repository. */
  readonly file: string
  readonly line: number
  readonly language: string
  /** The words after the language, as in `ts no-run`. */
  readonly flags: readonly string[]
  readonly code: string
}

/** A link whose file or section does not exist. */
export interface DeadLink {
  readonly file: string
  readonly line: number
  readonly href: string
}

/** Pages whose code needs a framework that is installed in `test/framework-types` alone. */
const FRAMEWORK_PAGES: ReadonlySet<string> = new Set(
  [
    'astro',
    'elysia',
    'h3',
    'hono',
    'koa',
    'nest',
    'nextjs',
    'nuxt',
    'react-router',
    'remix',
    'sveltekit',
    'tanstack-start',
    'trpc',
    'yoga',
  ].map((page) => `docs/frameworks/${page}.md`),
)

/** Pages whose files are those of an example, which `test/applications` builds and drives. */
const EXAMPLE_PAGES: ReadonlySet<string> = new Set(
  ['elysia', 'express', 'fastify', 'h3', 'hono', 'koa', 'nest', 'remix', 'trpc', 'yoga'].map(
    (page) => `docs/frameworks/${page}.md`,
  ),
)

export const repository: URL = new URL('../../', import.meta.url)

const FENCE = /^```(\w*)([^\n]*)\n([\s\S]*?)^```$/gm

/** Lists the documents: those of the root, and every page of `docs/` that is written by hand. */
export function listDocuments(): string[] {
  const pages = readdirSync(new URL('docs/', repository), { recursive: true, encoding: 'utf8' })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !/^docs\/(?:api|dist|site|node_modules)\//.test(path))
  return ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...pages.toSorted()]
}

/** Reads a document of the repository. */
export function readDocument(file: string): string {
  return readFileSync(new URL(file, repository), 'utf8')
}

/** Finds the code blocks of a document. */
export function findCodeBlocks(file: string, text: string = readDocument(file)): CodeBlock[] {
  return Array.from(text.matchAll(FENCE), (match) => {
    const [, language = '', flags = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return { file, line, language, flags: flags.split(' ').filter((flag) => flag !== ''), code }
  })
}

/** Returns the name of the module that a block becomes. */
export function moduleName({ file, line }: CodeBlock): string {
  return `${file.replace(/\.md$/, '').replaceAll('/', '-')}-${line}.ts`
}

/** Whether a block is code that `test/framework-types` compiles, with the frameworks' own types. */
export function isCheckedWithTypes(block: CodeBlock): boolean {
  const { file, language } = block
  const isCode = language === 'ts' || language === 'tsx'
  return FRAMEWORK_PAGES.has(file) && isCode && !isFileOfExample(block)
}

/** Whether a block is a file of an example, which the example's own compiler checks. */
export function isFileOfExample(block: CodeBlock): boolean {
  return EXAMPLE_PAGES.has(block.file) && isFile(block)
}

/**
 * Returns the file that a block says in its first line that it is, as in `// src/session.ts` and
 * `<!-- app/pages/index.vue -->`.
 */
export function fileOfBlock(block: CodeBlock): string {
  return pathInFirstLine(block) ?? moduleName(block)
}

/** Whether a block is a file of an application, and says so in its first line. */
export function isFile(block: CodeBlock): boolean {
  return pathInFirstLine(block) !== undefined
}

/** Whether a block is a template, which only the framework of its example compiles. */
export function isTemplate(block: CodeBlock): boolean {
  return /^(?:astro|svelte|vue)$/.test(block.language) && isFile(block)
}

function pathInFirstLine({ code }: CodeBlock): string | undefined {
  return /^(?:---\n)?(?:\/\/|<!--) ([\w./+-]+\.\w+)(?: -->)?\n/.exec(code)?.[1]
}

/** Returns the output of a block, by the comments after its `console.log`. */
export function expectedOutput(code: string): string[] {
  return code
    .split('\n')
    .filter((line) => line.includes('console.log('))
    .map((line) => /\/\/ (.*)$/.exec(line)?.[1] ?? `no comment behind: ${line}`)
}

/** Returns the anchors of a document's headings. A repeated heading gets a number, as on GitHub. */
export function findAnchors(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#+ (.*)$/gm)) {
    const anchor = slugify(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** Finds the links of a document that lead to a file or a section that does not exist. */
export function findDeadLinks(file: string, text: string = readDocument(file)): DeadLink[] {
  return findLinks(file, text).filter(({ href }) => {
    if (/^(?:https?|mailto):/.test(href)) return false
    const [path = '', anchor] = href.split('#', 2)
    const target = path === '' ? file : posix.join(posix.dirname(file), path)
    if (!existsSync(new URL(target, repository))) return true
    if (anchor === undefined) return false
    return !findAnchors(target === file ? text : readDocument(target)).has(anchor)
  })
}

function findLinks(file: string, text: string): DeadLink[] {
  return withoutCode(text)
    .split('\n')
    .flatMap((content, index) =>
      Array.from(content.matchAll(/\]\(([^)\s]+)\)/g), ([, href = '']) => ({
        file,
        line: index + 1,
        href,
      })),
    )
}

/** Empties code blocks and code spans, and keeps the lines. Headings keep the text of their spans. */
function withoutCode(text: string): string {
  return text
    .replace(FENCE, (block) => block.replace(/[^\n]/g, ''))
    .split('\n')
    .map((line) => (line.startsWith('#') ? line.replaceAll('`', '') : line.replace(/`[^`]*`/g, '')))
    .join('\n')
}
