// One scenario for every example: it is built for production, started, and visited with a browser's cookie
// jar. The number of passed checks is a row of the table in docs/frameworks/index.md.

import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { close, listen } from '../servers/programs.ts'
import { createVisitor } from '../support/visitor.ts'
import type { Visitor } from '../support/visitor.ts'
import { build, expectFilesOfPage, install, start } from './application.ts'
import type { RunningApplication, Settings } from './application.ts'
import { CHECKS } from './checks.ts'
import { DEFAULT_ACTIONS } from './example.ts'
import type { Example } from './example.ts'
import { countGlueLines, findRow, readSources, recordRow, versionOf } from './rows.ts'

/** The running example, for tests of its own. */
export interface Stage {
  readonly folder: string
  readonly application: RunningApplication
  /** Returns a browser without cookies. */
  createBrowser(): Visitor
}

/** Builds an example and drives it. `more` adds tests of the example's own, while it runs. */
export function describeExample(example: Example, more?: (stage: Stage) => void): void {
  describe(`${example.framework} on ${example.runtime}`, () => {
    const actions = { ...DEFAULT_ACTIONS, ...example.actions }
    const { launch = start, failureStatus = 500 } = example
    const upstream = createUpstream()
    let settings: Settings = {}
    let folder = ''
    let application: RunningApplication | undefined
    let began = 0
    let passed = 0

    beforeAll(async () => {
      folder = install(example.folder)
      began = performance.now()
      settings = { ...example.settings, UPSTREAM: `http://127.0.0.1:${await listen(upstream)}` }
      build(folder, settings)
      application = await launch(folder, settings)
    })

    afterAll(async () => {
      await application?.stop()
      await close(upstream)
    })

    const stage: Stage = {
      get folder() {
        return folder
      },
      get application() {
        if (application === undefined) throw new Error('the example does not run')
        return application
      },
      createBrowser() {
        const { origin } = stage.application
        // As browsers send them with a form of the page itself.
        return createVisitor(origin, {
          origin,
          'sec-fetch-site': 'same-origin',
          ...example.headers,
        })
      },
    }

    async function restart(): Promise<void> {
      await stage.application.stop()
      application = await launch(folder, settings)
    }

    test('has the files that its page prints', () => {
      expectFilesOfPage(folder, example.page)
    })

    for (const { name, title, run } of CHECKS) {
      if (example.without?.includes(name) === true) continue
      test(title, async () => {
        const { createBrowser } = stage
        const browser = createBrowser()
        await run({ browser, actions, failureStatus, createBrowser, restart })
        passed++
      })
    }

    more?.(stage)

    test('the table of the frameworks has its row', () => {
      const sources = readSources(folder, example.otherFiles)
      const row = {
        framework: example.framework,
        version: versionOf(folder, example.package),
        runtime: example.runtime,
        lines: countGlueLines(sources),
        checks: passed,
      }
      recordRow({ ...row, seconds: (performance.now() - began) / 1000 })
      const printed = findRow(example.framework, example.runtime)
      expect(printed?.row).toEqual(row)
      const ours = printed?.ours ?? []
      expect(ours.length).toBeGreaterThan(0)
      expect(ours.filter((code) => !sources.some((text) => text.includes(code)))).toEqual([])
    })
  })
}

/** Returns a server that allows every cache to keep its answers. */
function createUpstream(): Server {
  return createServer((_, response) => {
    response.setHeader('Cache-Control', 'public, max-age=3600')
    response.setHeader('CDN-Cache-Control', 'max-age=3600')
    response.end('from upstream')
  })
}
