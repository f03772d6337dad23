// The React Router example, built for production and driven: version 8 on Node 22, and version 7.

import { ON_NODE_22 } from './application.ts'
import { describeExample } from './scenario.ts'

const shared = { page: 'react-router', package: 'react-router', runtime: 'Node.js' }

describeExample({
  ...shared,
  folder: 'react-router',
  framework: 'React Router 8',
  settings: ON_NODE_22,
})

describeExample({ ...shared, folder: 'react-router-7', framework: 'React Router 7' })
