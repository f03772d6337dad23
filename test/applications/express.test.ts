// The Express example, built and driven.

import { describeExample } from './scenario.ts'

describeExample({
  folder: 'express',
  page: 'express',
  framework: 'Express',
  package: 'express',
  runtime: 'Node.js',
})
