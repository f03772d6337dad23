// The files of `src/` for the checks of this folder: imports, declarations, comments, and the code
// without comments and strings. Parses text that Prettier has formatted, so that a declaration
// begins at the beginning of a line.

import { readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'

export interface Source {
  /** Below `src/`. */
  readonly path: string
  readonly text: string
  /** The text without comments, and with every string emptied. It has as many lines. */
  readonly code: string
  readonly comments: readonly Comment[]
  readonly imports: readonly Import[]
  readonly declarations: readonly Declaration[]
}

export interface Comment {
  readonly text: string
  readonly line: number
}

export interface Import {
  /** Below `src/` for a file of ours, else the name of a package. */
  readonly from: string
  readonly typesOnly: boolean
}

/** A declaration at the top level of a file. */
export interface Declaration {
  readonly name: string
  readonly line: number
  readonly isExported: boolean
  /** The doc comment that ends on the line above, or the empty string. */
  readonly doc: string
}

const folder = new URL('../../src/', import.meta.url)

/** Reads every file of `src/`, in alphabetical order. */
export function readSources(): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(new URL(path, folder), 'utf8')))
}

/** Builds a `Source` from the text of a file. */
export function parseSource(path: string, text: string): Source {
  const { code, comments } = separate(text)
  return {
    path,
    text,
    code,
    comments,
    imports: findImports(path, text),
    declarations: findDeclarations(code, comments),
  }
}

/** Finds every `import`, `export … from` and `import()`. */
function findImports(path: string, text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(?:(type)\s[^;'"]*?|[^;'"]*?)from\s+'([^']+)'/gm,
  )
  const others = text.matchAll(/^import\s+()'([^']+)'|\bimport\(\s*()'([^']+)'/gm)
  return [...statements, ...others].map((match) => ({
    from: resolve(path, match[2] ?? match[4] ?? ''),
    typesOnly: match[1] === 'type',
  }))
}

/** Resolves the name in an import to a path below `src/`. Names of packages stay as they are. */
function resolve(path: string, name: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(path), name) : name
}

function findDeclarations(code: string, comments: readonly Comment[]): Declaration[] {
  const docs = new Map(
    comments
      .filter(({ text }) => text.startsWith('/**'))
      .map(({ text, line }) => [line + text.split('\n').length, text]),
  )
  const annotations = new Set(
    comments.filter(({ text }) => text.startsWith('// @__')).map(({ line }) => line),
  )
  const statement =
    /^(export )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) ([\w$]+)/
  const lines = code.split('\n')
  return lines.flatMap((text, index) => {
    const [, exported, name] = statement.exec(text) ?? []
    const line = index + 1
    // Annotations for bundlers are between the doc comment and the function.
    const isAnnotated = annotations.has(index)
    const doc = docs.get(isAnnotated ? index : line) ?? ''
    return name === undefined ? [] : [{ name, line, isExported: exported !== undefined, doc }]
  })
}

/** A comment, a string, a part of a template, or a regular expression where one is possible. */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|[`{}]|(?<=[=(,:?&|!;[{}>\n]\s*|return\s+)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/g

/** Separates comments from code, and empties the strings in the code. Line breaks are kept. */
function separate(text: string): { code: string; comments: Comment[] } {
  const comments: Comment[] = []
  const pattern = new RegExp(TOKEN)
  // The part that a closing brace ends: a block of code, or a value in a template.
  const open: ('block' | 'template')[] = []
  let code = ''
  let from = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    code += text.slice(from, match.index)
    const [token] = match
    let end = pattern.lastIndex
    if (token.startsWith('//') || token.startsWith('/*')) {
      comments.push({ text: token, line: text.slice(0, match.index).split('\n').length })
      code += lineBreaks(token)
    } else if (token === '{') {
      open.push('block')
      code += token
    } else if (token === '}' && open.pop() !== 'template') {
      code += token
    } else if (token === '`' || token === '}') {
      end = endOfTemplate(text, end)
      const isOver = text[end - 1] === '`'
      if (!isOver) open.push('template')
      code += `${token}${lineBreaks(text.slice(match.index, end))}${isOver ? '`' : '${'}`
    } else {
      code += token.startsWith('/') ? '/./' : "''"
    }
    from = end
    pattern.lastIndex = end
  }
  return { code: code + text.slice(from), comments }
}

/** Finds where the characters of a template end: behind a backtick, or behind `${`. */
function endOfTemplate(text: string, from: number): number {
  const match = /(?:\\[\s\S]|(?!\$\{)[^`\\])*(?:`|\$\{)/y
  match.lastIndex = from
  match.test(text)
  return match.lastIndex
}

function lineBreaks(text: string): string {
  return text.replace(/[^\n]/g, '')
}
