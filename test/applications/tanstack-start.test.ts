// The TanStack Start example, built for production on Node 22 and driven.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ON_NODE_22 } from './application.ts'
import { describeExample } from './scenario.ts'

describeExample(
  {
    folder: 'tanstack-start',
    page: 'tanstack-start',
    framework: 'TanStack Start',
    package: '@tanstack/react-start',
    runtime: 'Node.js',
    settings: ON_NODE_22,
  },
  (stage) => {
    test("nothing of the session is in the browser's bundle", () => {
      const assets = join(stage.folder, 'dist/client/assets')
      const texts = readdirSync(assets).map((name) => readFileSync(join(assets, name), 'utf8'))
      expect(texts.length).toBeGreaterThan(0)
      expect(texts.filter((text) => /SESSION_SECRETS|A256GCM/.test(text))).toEqual([])
    })
  },
)
