// The suites of the root, with one breakage planted: its number is in `BREAKAGE`.

import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'
import { BREAKAGES } from './breakages.ts'

const breakage = BREAKAGES[Number(process.env['BREAKAGE'])]
if (breakage === undefined) throw new Error('BREAKAGE must be the number of a breakage')
const { file, from, to } = breakage

export default defineConfig({
  resolve: { alias },
  plugins: [
    {
      name: 'planted-breakage',
      enforce: 'pre',
      transform(code, id) {
        if (!id.endsWith(`/src/${file}`)) return undefined
        if (code.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`)
        return code.replace(from, () => to)
      },
    },
  ],
  test: { include: ['test/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
})
