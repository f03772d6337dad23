// The entry that Vercel's edge runtime evaluates.

import * as library from 'sealed-session'
import { examine } from './suite.mjs'

export const results = () => examine(library, 'none')
