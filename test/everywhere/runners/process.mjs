// Runs the suite with the installed package on Node, Bun or Deno. Prints one line of JSON.

// oxlint-disable-next-line import/no-unassigned-import -- for what it does
import './engine.mjs'
import * as library from 'sealed-session'
import * as device from 'sealed-session/device'
import { examine } from './suite.mjs'

const gaps = process.versions.deno === undefined ? 'none' : 'commas'
console.log(JSON.stringify(await examine(library, device, gaps)))
