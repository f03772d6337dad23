// Runs the suite on workerd, bundled with the installed package as a Worker is. Every response
// contains the results.

import * as library from 'sealed-session'
import * as device from 'sealed-session/device'
import { examine } from './suite.mjs'

export default {
  async fetch() {
    return Response.json(await examine(library, device, 'commas'))
  },
}
