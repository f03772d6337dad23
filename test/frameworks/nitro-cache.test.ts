// Cached handlers of Nitro 2, on Node's responses and on mocks: one result goes to all visitors.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNitroOnBun, startNitroOnNode } from './scenario/nitro-2.ts'
import type { RunningShop } from './scenario/shop.ts'

describe.each([
  ['Node', startNitroOnNode],
  ['Bun', startNitroOnBun],
])('a cached handler of Nitro 2 on %s', (_, start) => {
  let shop: RunningShop

  beforeAll(async () => {
    shop = await start('')
  })

  afterAll(() => shop.stop())

  test('is an error if it uses the session', async () => {
    const { status, headers } = await fetch(`${shop.origin}/cached?use`)
    expect([status, headers.getSetCookie()]).toEqual([500, []])
  })

  test('is cached if it does not', async () => {
    const response = await fetch(`${shop.origin}/cached`)
    expect(await response.text()).toBe('the same for all')
    expect(response.headers.get('cache-control')).toContain('max-age=60')
  })
})
