// The Elysia example, driven on Bun.

import { ON_BUN } from './application.ts'
import { describeExample } from './scenario.ts'

describeExample({
  folder: 'elysia',
  page: 'elysia',
  framework: 'Elysia',
  package: 'elysia',
  runtime: 'Bun',
  settings: ON_BUN,
})
