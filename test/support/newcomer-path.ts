// The section "From an empty folder" of a page: commands that make an application, the files of the page
// that are written into it, and the command that serves it.

import { fileOfBlock, findCodeBlocks, isFile, readDocument } from './documents.ts'

export interface NewcomerPath {
  /** Commands of a shell that make the application. The last folder they change to is its root. */
  readonly setUp: string
  /** Commands that build it, in its root. */
  readonly build: string
  /** The command that serves it. */
  readonly serve: string
  /** Every file that the page prints, by its path from the root. */
  readonly files: ReadonlyMap<string, string>
}

/** The pages that have the section. */
export const PAGES = ['nextjs', 'express', 'sveltekit', 'nuxt', 'hono'] as const

const HEADING = '\n## From an empty folder\n'

/** Reads the section of a page. Its last block of a shell builds and serves, in its last line. */
export function readNewcomerPath(page: string): NewcomerPath {
  const file = `docs/frameworks/${page}.md`
  const [, rest = ''] = readDocument(file).split(HEADING)
  const [section = ''] = rest.split('\n## ', 1)
  const commands = findCodeBlocks(file, section).filter(({ language }) => language === 'sh')
  const last = commands.at(-1)?.code.trimEnd().split('\n') ?? []
  const files = findCodeBlocks(file).filter(isFile)
  return {
    setUp: commands
      .slice(0, -1)
      .map(({ code }) => code)
      .join(''),
    build: last.slice(0, -1).join('\n'),
    serve: last.at(-1) ?? '',
    files: new Map(files.map((block) => [fileOfBlock(block), block.code])),
  }
}
