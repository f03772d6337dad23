// `request.session` against a model: after any operations over several requests, it holds the data
// that a JSON object would hold.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRequestSession } from '../../../src/adapters/request-session.ts'
import { createSessions } from '../../../src/create-sessions.ts'
import { getInternals } from '../../../src/internals.ts'
import { createJar } from '../../support/cookie-jar.ts'
import { SECRET, START } from '../../support/mint.ts'
import { storableJson } from '../../support/storable-json.ts'

const NAMES = ['user', 'cart', '__proto__', 'constructor', 'toString', 'toJSON', '0', 'length', 'ü']

type Step =
  | { readonly act: 'set'; readonly name: string; readonly value: unknown }
  | { readonly act: 'delete' | 'push'; readonly name: string }
  | { readonly act: 'request' | 'regenerate' | 'replace' | 'reload' }

const names = fc.constantFrom(...NAMES)
const values = storableJson({ maxDepth: 2 })

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant('set' as const), name: names, value: values }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('delete', 'push'), name: names }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom('request', 'regenerate', 'replace', 'reload') }),
  },
)

function copyOf(data: ReadonlyMap<string, unknown>): Map<string, unknown> {
  return new Map(structuredClone([...data]))
}

test('a session holds what a JSON object would hold, over several requests', async () => {
  const sessions = createSessions({
    secrets: SECRET,
    limits: { cookies: 16, requestHeader: 65_000, responseHeader: 65_000 },
    clock: () => START * 1000,
  })
  const internals = getInternals<Record<string, unknown>>(sessions)

  async function begin(header: string) {
    const session = await internals.open(header)
    const own = createRequestSession<Record<string, unknown>>(
      sessions,
      internals,
      session,
      (error) => {
        throw error
      },
    )
    return { session, own }
  }

  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (all) => {
      const jar = createJar()
      let model = new Map<string, unknown>()
      let received = new Map<string, unknown>()
      let { session, own } = await begin('')
      const current = () => own.read() as Record<string, unknown> & { reload(): Promise<void> }

      for (const step of [...all, { act: 'request' } as const]) {
        if (step.act === 'set') {
          Reflect.set(current(), step.name, structuredClone(step.value))
          model.set(step.name, structuredClone(step.value))
        } else if (step.act === 'delete') {
          Reflect.deleteProperty(current(), step.name)
          model.delete(step.name)
        } else if (step.act === 'push') {
          for (const value of [model.get(step.name), Reflect.get(current(), step.name)]) {
            if (Array.isArray(value)) value.push({ more: 1, none: undefined })
          }
        } else if (step.act === 'regenerate') {
          Reflect.apply(Reflect.get(current(), 'regenerate') as () => void, undefined, [])
          model.clear()
        } else if (step.act === 'replace') {
          own.assign(Object.fromEntries([['user', 'new'], ...model]))
          model = new Map<string, unknown>([['user', 'new'], ...model])
        } else if (step.act === 'reload') {
          const isValid = session.rejection === undefined && received.size > 0
          const failed = await current()
            .reload()
            .then(
              () => false,
              () => true,
            )
          expect(failed).toBe(!isValid)
          model = copyOf(received)
        } else {
          own.prepare()
          jar.store(await sessions.setCookies(session))
          ;({ session, own } = await begin(jar.header()))
          model = new Map(
            [...model].map(([name, value]) => [name, JSON.parse(JSON.stringify(value))]),
          )
          received = copyOf(model)
        }
        expect(new Map(Object.entries(current()))).toEqual(model)
        expect(new Set(Object.keys({ ...current() }))).toEqual(new Set(model.keys()))
        for (const name of NAMES) expect(Object.hasOwn(current(), name)).toBe(model.has(name))
      }
    }),
    { numRuns: 150 },
  )
})
