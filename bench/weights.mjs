// What the kilobytes of a bundle buy: each feature is left out of the source in turn, and the bundle is
// weighed again. Its functions do nothing then, so such a bundle weighs and does not work.

import { gzipSync } from 'node:zlib'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { parseAst } from 'rolldown/parseAst'
import { EDGE } from './edge.mjs'

const source = new URL('../src/', import.meta.url).pathname
const DEPENDENCIES = ['jose', 'cookie']

/** What a reader knows it by -> the files that are there for it alone. */
const FEATURES = {
  'JSON that loses nothing: what it would change, by its path': ['data/strict-json'],
  'guessable secrets: published ones, words, patterns': [
    'token/guessable-texts',
    'token/secret-strength',
  ],
  'secrets as strings, entries and JWK Sets, the guessable ones included': [
    'token/secrets',
    'token/secret-mistakes',
  ],
  'secrets from a function, while it fails too': ['token/secrets-provider', 'token/provider-error'],
  'the size guard: presets, numbers, report, advice': [
    'size/presets',
    'size/limits',
    'size/measure',
    'size/report',
    'size/advice',
    'pipeline/session-size',
  ],
  'serializers: copies, and reading back what was written': ['data/copy', 'data/round-trip'],
  schemas: ['session/schema'],
  'the rules of browsers for the option cookie': ['cookies/cookie-options'],
  'lifetimes, the named ones too': ['lifetime-options'],
  'requests of every shape, and cookie stores': ['cookies/source', 'cookies/cookie-store'],
  'the engine over node:crypto': ['token/jwe-node'],
  'the engine over jose': ['token/jwe-jose', 'token/jose'],
  'caches: Vary, Cache-Control, the fields of CDNs': ['http/caching', 'http/header-fields'],
  'responses that are never changed': ['http/response', 'http/own-cookies'],
  'a token in several cookies': ['cookies/chunks'],
  'tickets: reading never writes': ['token/ticket', 'pipeline/tickets'],
  'flash messages and CSRF tokens': ['session/flash', 'session/messages', 'session/csrf'],
  'regenerate and its options': ['session/regenerate-options'],
  'what breaks without an error': ['pipeline/warnings'],
  'asked again before anything is sealed': ['pipeline/recheck'],
}

/**
 * @returns `{ own, all, allOfNode22, features: name -> gzipped bytes, dependencies: name -> gzipped bytes }`:
 * npm installs cookie 2 for Node 22 and later, an ES module of which bundlers take what is used
 */
export async function weighFeatures() {
  const whole = await bundle([], DEPENDENCIES)
  const own = weightOf(whole)
  const features = {
    'the sentences of errors, and the lists of guessable texts':
      own - weightOf(withoutTexts(whole)),
  }
  for (const [name, files] of Object.entries(FEATURES)) {
    // oxlint-disable-next-line no-await-in-loop
    features[name] = own - weightOf(await bundle(files, DEPENDENCIES))
  }
  const all = weightOf(await bundle([], []))
  const cookie2 = fileURLToPath(import.meta.resolve('cookie-2'))
  const allOfNode22 = weightOf(await bundle([], [], { cookie: cookie2 }))
  const dependencies = {}
  for (const name of DEPENDENCIES) {
    // oxlint-disable-next-line no-await-in-loop
    dependencies[name] = all - weightOf(await bundle([], [name]))
  }
  return { own, all, allOfNode22, features, dependencies }
}

/** @returns gzipped bytes of a bundle, without jose and cookie */
export async function weighOwn() {
  return weightOf(await bundle([], DEPENDENCIES))
}

async function bundle(left, external, alias = {}) {
  const { outputFiles } = await build({
    entryPoints: [`${source}index.ts`],
    ...EDGE,
    external: [...EDGE.external, ...external],
    alias,
    target: 'es2023',
    minify: true,
    write: false,
    plugins: [leaveOut(new Set(left.map((file) => `${source}${file}.ts`)))],
  })
  return outputFiles[0].text
}

/** Replaces files by ones with the same names that do nothing. */
function leaveOut(files) {
  return {
    name: 'leave-out',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!files.has(path)) return undefined
        const text = await readFile(path, 'utf8')
        const names = text.matchAll(/^export (?:async )?(function|class|const) (\w+)/gm)
        const stubs = [...names].map(([, kind, name]) => {
          if (kind === 'function') return `export function ${name}() {}`
          return kind === 'class' ? `export class ${name} {}` : `export const ${name} = undefined`
        })
        const reexported = [...text.matchAll(/^export \{ (\w+) \} from/gm)].map(
          ([, name]) => `export const ${name} = undefined`,
        )
        return { contents: [...stubs, ...reexported].join('\n'), loader: 'js' }
      })
    },
  }
}

/** Empties strings and pieces of templates that have a word between two blanks: sentences, and no code. */
function withoutTexts(code) {
  const ranges = []
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return
    const raw = node.type === 'TemplateElement' ? node.value.raw : node.raw
    if (typeof raw === 'string' && / \S+ /.test(raw) && !node.regex) {
      const at = code.indexOf(raw, node.start - 1)
      ranges.push(
        node.type === 'TemplateElement' ? [at, at + raw.length] : [at + 1, at + raw.length - 1],
      )
    }
    for (const inner of Object.values(node)) visit(inner)
  }
  visit(parseAst(code).body)
  let rest = code
  for (const [from, to] of ranges.toSorted(([one], [other]) => other - one)) {
    rest = rest.slice(0, from) + rest.slice(to)
  }
  return rest
}

function weightOf(code) {
  return gzipSync(code, { level: 9 }).length
}
