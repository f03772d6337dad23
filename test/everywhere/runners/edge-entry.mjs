// The entry that Vercel's edge runtime evaluates.

import * as library from 'sealed-session'
import * as device from 'sealed-session/device'
import { examine } from './suite.mjs'

export const results = () => examine(library, device, 'none')
