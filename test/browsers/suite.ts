// All that is examined in a browser. Where one of them differs, the test says what holds all the same,
// and notes what the browser does.

import { describe, test } from 'vitest'
import { attributes } from './attributes.ts'
import type { Product } from './browser.ts'
import { flight } from './flight.ts'
import { hosts } from './hosts.ts'
import { pages } from './pages.ts'
import { playground } from './playground.ts'
import { restart } from './restart.ts'
import { sceneOf } from './scene.ts'
import { sizes } from './sizes.ts'

/** In CI nobody would read that a browser was missing: there it is an error. */
export function examine(product: Product): void {
  const { name, packages, isInstalled } = product
  const missing = `needs: apt-get install -y --no-install-recommends ${packages}`
  if (isInstalled) {
    describe(name, () => {
      const scene = sceneOf(product)
      for (const suite of [attributes, hosts, sizes, flight, pages, restart, playground]) {
        suite(scene)
      }
    })
  } else if (process.env['CI']) {
    test(name, () => {
      throw new Error(`${name} ${missing}`)
    })
  } else {
    console.warn(`${name}: skipped, ${missing}`)
    test.skip(name)
  }
}
