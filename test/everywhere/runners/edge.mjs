// Vercel's edge runtime: a bundle of the suite with the installed package, evaluated in its VM.

import { readFileSync } from 'node:fs'
import { EdgeVM } from '@edge-runtime/vm'

const vm = new EdgeVM({ initialCode: readFileSync(process.argv[2], 'utf8') })
console.log(JSON.stringify(await vm.evaluate('bundle.results()')))
