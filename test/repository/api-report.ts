// Builds the API report: all types that the declaration files of the package expose to an
// application, as one document. Comments are omitted, so that the report changes only with a type.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { format } from 'prettier'

/** A name in a declaration file. */
interface Reference {
  readonly file: string
  readonly name: string
}

/** The contents of a declaration file, by name. */
interface DeclarationFile {
  /** Its own declarations, without comments. A function with overloads has several. */
  readonly own: ReadonlyMap<string, readonly string[]>
  /** Imported and re-exported names. */
  readonly others: ReadonlyMap<string, Reference>
  readonly exported: readonly string[]
}

const root = new URL('../../', import.meta.url).pathname

const HEAD = `# Public API

Made by \`npm run api\` from the declaration files of the package; not to be edited. A test fails while it is
out of date, so that every change of a public type is seen in review.
`

/** Returns the report on all entry points, in Markdown, formatted by Prettier. */
export async function makeApiReport(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'api-'))
  try {
    emitDeclarations(folder)
    const report = new Report((file) => readFileSync(join(folder, file), 'utf8'))
    const sections = entryPoints().map(({ name, file }) => report.section(name, file))
    const style: object = JSON.parse(readFileSync(`${root}.prettierrc.json`, 'utf8'))
    return await format([HEAD, ...sections].join('\n'), { ...style, parser: 'markdown' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes the declaration files, even with type errors: another check finds those. */
function emitDeclarations(folder: string): void {
  const options = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder]
  try {
    execFileSync(`${root}node_modules/.bin/tsc`, options, { cwd: root, stdio: 'pipe' })
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error)) throw error
  }
}

/** Returns the entry points in package.json, with the declaration file of each. */
function entryPoints(): { name: string; file: string }[] {
  const manifest: {
    name: string
    exports: Readonly<Record<string, { types: string } | string>>
  } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  return Object.entries(manifest.exports).flatMap(([path, entry]) => {
    if (typeof entry === 'string') return []
    return [{ name: posix.join(manifest.name, path), file: entry.types.replace('./dist/', '') }]
  })
}

/** Collects declarations from files that refer to each other. Lists none twice. */
export class Report {
  readonly #read: (file: string) => string
  readonly #files = new Map<string, DeclarationFile>()
  readonly #listed = new Set<string>()

  constructor(read: (file: string) => string) {
    this.#read = read
  }

  /** Lists what an entry point exports, and then, apart, what those declarations refer to. */
  section(title: string, file: string): string {
    const names = this.#fileOf(file).exported
    const exported = names.map((name) => this.#resolve({ file, name }))
    const renamed = exported.flatMap(({ name }, at) =>
      names[at] === name ? [] : [`export { ${name} as ${names[at] ?? ''} }`],
    )
    const declarations = [...exported.flatMap((reference) => this.#list(reference)), ...renamed]
    const others: string[] = []
    // The array grows during the loop: a declaration that is reached refers to further ones.
    const reached = exported.flatMap((reference) => this.#referencesOf(reference))
    for (const reference of reached) {
      const found = this.#list(reference)
      if (found.length > 0) reached.push(...this.#referencesOf(reference))
      others.push(...found)
    }
    const heading = '### Not exported, but part of these types\n'
    return [
      `## ${title}\n`,
      codeBlock(declarations),
      ...(others.length > 0 ? [heading, codeBlock(others.toSorted())] : []),
    ].join('\n')
  }

  #fileOf(file: string): DeclarationFile {
    const known = this.#files.get(file)
    if (known !== undefined) return known
    const parsed = parseDeclarations(file, this.#read(file))
    this.#files.set(file, parsed)
    return parsed
  }

  /** Follows imports and re-exports to the file that has the declaration. */
  #resolve(reference: Reference): Reference {
    const next = this.#fileOf(reference.file).others.get(reference.name)
    return next === undefined ? reference : this.#resolve(next)
  }

  /** Returns the declarations of a name at the first call for it. */
  #list({ file, name }: Reference): readonly string[] {
    const id = `${file} ${name}`
    if (this.#listed.has(id)) return []
    this.#listed.add(id)
    return this.#fileOf(file).own.get(name) ?? []
  }

  /** Finds the names of types and symbols in the declarations of a name. */
  #referencesOf({ file, name }: Reference): Reference[] {
    const { own, others } = this.#fileOf(file)
    const text = own.get(name)?.join('\n') ?? ''
    const words = text.match(/\b[A-Z]\w*|(?<=\[|typeof )[a-z]\w*/g) ?? []
    return [...new Set(words)]
      .filter((word) => own.has(word) || others.has(word))
      .map((word) => this.#resolve({ file, name: word }))
  }
}

function codeBlock(declarations: readonly string[]): string {
  return ['```ts', declarations.join('\n\n'), '```', ''].join('\n')
}

/** Parses a declaration file. The compiler writes each statement from the beginning of a line. */
export function parseDeclarations(file: string, text: string): DeclarationFile {
  const own = new Map<string, string[]>()
  const others = new Map<string, Reference>()
  const exported = new Set<string>()
  const code = text.replace(/^ *\/\*[\s\S]*?\*\/\n?|^ *\/\/.*\n/gm, '')
  for (const statement of code.split(/\n(?=[a-z])/)) {
    const [, kind, names, from] =
      /^(import|export) (?:type )?\{([^}]*)\} from '(\.[^']*)'/.exec(statement) ?? []
    if (names !== undefined && from !== undefined) {
      const target = posix.join(posix.dirname(file), from).replace(/\.[jt]s$/, '.d.ts')
      for (const item of names.split(',').filter((part) => part.trim() !== '')) {
        const [name = '', local = name] = item
          .trim()
          .replace(/^type /, '')
          .split(' as ')
        others.set(local, { file: target, name })
        if (kind === 'export') exported.add(local)
      }
      continue
    }
    const [, mark, name] =
      /^(export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type) ([\w$]+)/.exec(
        statement,
      ) ?? []
    if (name === undefined) continue
    own.set(name, [...(own.get(name) ?? []), statement.trim()])
    if (mark !== undefined) exported.add(name)
  }
  return { own, others, exported: [...exported].toSorted() }
}
