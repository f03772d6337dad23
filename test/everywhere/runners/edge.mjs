// Evaluates a bundle of the suite and the installed package in the VM of Vercel's edge runtime.

import { readFileSync } from 'node:fs'
import { EdgeVM } from '@edge-runtime/vm'

const vm = new EdgeVM({ initialCode: readFileSync(process.argv[2], 'utf8') })
console.log(JSON.stringify(await vm.evaluate('bundle.results()')))
