// The Fastify example, built and driven.

import { describeExample } from './scenario.ts'

describeExample({
  folder: 'fastify',
  page: 'fastify',
  framework: 'Fastify',
  package: 'fastify',
  runtime: 'Node.js',
})
