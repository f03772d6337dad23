// All suites for one browser. If browsers differ, a test asserts what holds in each of them, and
// records the behaviour of this one.

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

/** Runs all suites in a browser. If it is not installed, they are skipped; in CI, that is an error. */
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
