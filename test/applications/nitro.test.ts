// The Nitro example, built and driven.

import { describeExample } from './scenario.ts'

describeExample({
  folder: 'nitro',
  page: 'h3',
  framework: 'Nitro',
  package: 'nitro',
  runtime: 'Node.js',
})
