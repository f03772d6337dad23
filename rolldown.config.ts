// One file for each entry point, and chunks for what they share: a cold start opens few files, and
// `jose` is loaded only where there is no `node:crypto`. Not minified, because users step through it.

import { readFileSync } from 'node:fs'
import { defineConfig } from 'rolldown'
import type { Plugin } from 'rolldown'

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly default: string } | string>>
}

const { exports }: Manifest = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
)

const input = Object.fromEntries(
  Object.values(exports).flatMap((entry) => {
    if (typeof entry === 'string') return []
    const path = entry.default.replace('./dist/', '').replace(/\.js$/, '')
    return [[path, `src/${path}.ts`]]
  }),
)

/**
 * Exports annotated functions where they are declared. Bundlers look for `@__NO_SIDE_EFFECTS__` there,
 * and would keep the whole library in a page that only imports a module with sessions in it.
 */
const exportAnnotated: Plugin = {
  name: 'export-annotated',
  renderChunk(code) {
    const declaration = /^\/\/ @__NO_SIDE_EFFECTS__\nfunction (\w+)/gm
    const names = new Set(Array.from(code.matchAll(declaration), ([, name]) => name))
    return code
      .replace(declaration, '// @__NO_SIDE_EFFECTS__\nexport function $1')
      .replace(/^export \{ (.*) \};$/m, (_, list: string) => {
        const others = list.split(', ').filter((name) => !names.has(name))
        return `export { ${others.join(', ')} };`
      })
  },
}

/**
 * Marks what a module computes when it is loaded as droppable. Bundlers cannot see that by themselves, and
 * would keep it in a page that imports a module with sessions in it.
 */
const annotateConstants: Plugin = {
  name: 'annotate-constants',
  renderChunk(code) {
    return code.replace(/^(const \w+ = )((?:new )?[\w.]+\()/gm, '$1/* @__PURE__ */ $2')
  },
}

const CORE = /src\/(?!adapters\/|device\/|overflow\/|index\.ts|token\/jose\.ts)/

const PARTS = /src\/adapters\/(?:failed-handler|report-error|request-property|node-device)\.ts$/

export default defineConfig({
  input,
  external: ['cookie', /^jose\//],
  platform: 'neutral',
  plugins: [exportAnnotated, annotateConstants],
  output: {
    dir: 'dist',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    minifyInternalExports: false,
    codeSplitting: {
      groups: [
        // In one file, whatever else the other entry points import of it.
        { name: 'create-sessions', test: CORE },
        // Short ones, of which an adapter mostly needs several.
        { name: 'adapter', test: PARTS },
      ],
    },
    comments: { jsdoc: true, annotation: true, legal: true },
  },
})
