// The Nest example, built and driven on Express and on Fastify.

import { start } from './application.ts'
import { describeExample } from './scenario.ts'

const nest = { folder: 'nest', page: 'nest', package: '@nestjs/core', runtime: 'Node.js' }

describeExample({ ...nest, framework: 'Nest on Express', otherFiles: ['src/main-fastify.ts'] })

describeExample({
  ...nest,
  framework: 'Nest on Fastify',
  otherFiles: ['src/main.ts'],
  launch: (folder, settings) => start(folder, settings, 'start:fastify'),
})
