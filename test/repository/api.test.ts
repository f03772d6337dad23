// The public types, as a file that is kept in the repository: `npm run api` rewrites it.

import { expect, test } from 'vitest'
import { Report, makeApiReport } from './api-report.ts'

test('etc/api.md has the current public types: npm run api writes them', async () => {
  await expect(await makeApiReport()).toMatchFileSnapshot('../../etc/api.md')
})

test('a report lists the exports and what they refer to, each once, and nothing else', () => {
  const files: Readonly<Record<string, string>> = {
    'index.d.ts': "export { open } from './a.ts';\nexport type { One as First } from './a.ts';\n",
    'adapters/node.d.ts':
      "import type { One } from '../a.ts';\nexport declare function node(one: One): void;\n",
    'a.d.ts':
      "import type { Two, Unused } from './b.ts';\n/** Doc: not listed. */\n" +
      'export declare function open(two: Two): One;\nexport interface One {\n    // inside\n' +
      '    readonly two: Two;\n}\nexport interface Private {\n}\nexport {};\n',
    'b.d.ts': 'export type Two = Three | 2;\ntype Three = 3;\nexport interface Unused {\n}\n',
  }
  const report = new Report((file) => files[file] ?? '')
  expect(report.section('main', 'index.d.ts')).toBe(
    '## main\n\n```ts\nexport interface One {\n    readonly two: Two;\n}\n\n' +
      'export declare function open(two: Two): One;\n\nexport { One as First }\n```\n\n' +
      '### Not exported, but part of these types\n\n' +
      '```ts\nexport type Two = Three | 2;\n\ntype Three = 3;\n```\n',
  )
  expect(report.section('main/node', 'adapters/node.d.ts')).toBe(
    '## main/node\n\n```ts\nexport declare function node(one: One): void;\n```\n',
  )
})
