// The error of a `secrets` function that failed, which never contains a secret.

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createProviderError } from '../../../src/token/provider-error.ts'
import { catchError, configError } from '../../support/errors.ts'

const SECRET = 'uVc7pLQkrqZ0A9dFSuQxX8nyj0pWkNfGzcrTg2vM1bE'

const everything = (error: unknown) => inspect(error, { depth: Infinity, showHidden: true })

describe('the error of a secrets function that failed', () => {
  test('has the name, the code and the stack frame of the thrown error', () => {
    const thrown = Object.assign(new TypeError('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const error = createProviderError(thrown)
    expect(error).toEqual(configError('secrets'))
    expect(error.message).toMatch(
      /^secrets is a function that failed \(TypeError, ECONNREFUSED\): /,
    )
    expect(error.cause).toMatchObject({ name: 'TypeError', code: 'ECONNREFUSED' })
    expect(everything(error)).toContain('provider-error.test.ts')
  })

  test.each<[string, unknown, string]>([
    ['an HTTP status', Object.assign(new Error('x'), { code: 503 }), 'Error, 503'],
    ['no code', new RangeError('x'), 'RangeError'],
    ['a string', 'no vault', 'Error'],
    ['nothing', undefined, 'Error'],
    ['an object with a code', { code: 'E_DOWN' }, 'Error, E_DOWN'],
  ])('is the same for %s', (_, thrown, what) => {
    expect(createProviderError(thrown).message).toContain(`failed (${what}):`)
  })

  test.each<[string, unknown]>([
    ['the message of JSON.parse', catchError(() => JSON.parse(SECRET))],
    ['a message', new Error(`no vault for ${SECRET}`)],
    ['a message of several lines', new Error(`no vault\n    at ${SECRET}\n    at b`)],
    ['a message that is the secret', new Error(SECRET)],
    ['a cause', new Error('outer', { cause: new Error(SECRET) })],
    ['errors', new AggregateError([new Error(SECRET)], 'all failed')],
    ['a member', Object.assign(new Error('x'), { response: { body: SECRET } })],
    ['a code', Object.assign(new Error('x'), { code: SECRET })],
    ['a name', Object.assign(new Error('x'), { name: SECRET })],
    [
      'a message that was changed later',
      Object.assign(new Error(`for ${SECRET}`), { message: 'x y' }),
    ],
    [
      'a message that was shortened later',
      Object.assign(new Error(`zzz ${SECRET}`), { message: 'zzz' }),
    ],
    ['a stack of its own', Object.assign(new Error('no vault'), { stack: SECRET })],
    ['a string', SECRET],
    ['an object', { secret: SECRET, code: `E_${SECRET}` }],
    ['a function', () => SECRET],
  ])('S13: does not repeat a secret that stands in %s', (_, thrown) => {
    const shown = everything(createProviderError(thrown))
    expect(shown).not.toContain(SECRET.slice(0, 4))
  })
})
