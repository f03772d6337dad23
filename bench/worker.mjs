// The same for workerd, where clocks stand still while a request is computed: `/size/name/count`
// runs an operation this many times, and the client measures the time.

import { portableOperations } from './portable.mjs'

const known = new Map()

export default {
  async fetch(request, { BENCH_SECRET: secret }) {
    const [, size, name, count] = new URL(request.url).pathname.split('/').map(decodeURIComponent)
    if (known.size === 0) {
      const operations = await portableOperations(secret)
      for (const [each, of] of Object.entries(operations)) known.set(each, of)
    }
    if (size === '') {
      const names = [...known].map(([each, of]) => [each, Object.keys(of)])
      return Response.json(Object.fromEntries(names))
    }
    const operation = known.get(size)[name]
    // oxlint-disable-next-line no-await-in-loop
    for (let done = 0; done < Number(count); done++) await operation()
    return new Response('done')
  },
}
