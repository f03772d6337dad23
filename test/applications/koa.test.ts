// The Koa example, built and driven.

import { describeExample } from './scenario.ts'

describeExample({
  folder: 'koa',
  page: 'koa',
  framework: 'Koa',
  package: 'koa',
  runtime: 'Node.js',
})
