// Calls a function's bundle in Vercel's edge runtime, with the environment of a project, for a browser that
// visits twice, logs out and visits again. Prints the answers.

import { readFileSync } from 'node:fs'
import { EdgeVM } from '@edge-runtime/vm'

const vm = new EdgeVM({
  extend: (context) => Object.assign(context, { process: { env: { ...process.env } } }),
  initialCode: readFileSync(process.argv[2], 'utf8'),
})
let cookie = ''
const answers = []
for (const method of ['GET', 'GET', 'POST', 'GET']) {
  const init = JSON.stringify({ method, headers: { cookie } })
  const request = `new Request('https://app.example/api/visits', ${init})`
  const response = await vm.evaluate(`route.${method}(${request})`)
  const lines = response.headers.getSetCookie()
  cookie = lines
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';', 1).join())
    .join('; ')
  answers.push([response.status, await response.text(), lines.length])
}
console.log(JSON.stringify(answers))
