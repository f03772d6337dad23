// The Remix fetch-router example, built and driven.

import { describeExample } from './scenario.ts'

describeExample({
  folder: 'remix',
  page: 'remix',
  framework: 'Remix fetch-router',
  package: '@remix-run/fetch-router',
  runtime: 'Node.js',
})
