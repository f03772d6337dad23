import { describe, expect, test } from 'vitest'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { assertCommittable, assertWritable } from '../../../src/pipeline/writable.ts'
import { createContents } from '../../../src/session/contents.ts'
import { createState } from '../../../src/session/state.ts'
import type { SessionState } from '../../../src/session/state.ts'
import { valueLength } from '../../../src/token/jwe.ts'
import { formatPayload } from '../../../src/token/payload.ts'
import { ID, SECRET, START, dayOf } from '../../support/mint.ts'
import { schemaOf } from '../../support/schema.ts'

const common = { secrets: SECRET, clock: () => START * 1000 }
const pipeline = createPipeline(common)

const contentsOf = (data: object) => createContents(new Map(Object.entries(data)))

const times = { startedAt: START, sealedAt: START, life: 1000 }
const claims = { id: ID, ...times, stamps: '', lifetime: '', binding: '' }

/** Returns a session that was received as `{ user: 'ada' }`, and has this data now. */
function stateOf(data: object, more: Partial<SessionState> = {}, length = 150): SessionState {
  const session = { body: '{"user":"ada"}', claims, usedAt: START, secretId: '', length }
  const state = createState(pipeline.runtime, { ...session, contents: contentsOf(data) })
  return Object.assign(state, more)
}

const check = async (state: SessionState, by = pipeline) => assertCommittable(state, by)

describe('assertCommittable', () => {
  test('throws for a session that is too large, and for no other', async () => {
    const large = { text: 'x'.repeat(9000) }
    await expect(check(stateOf(large, { changed: true }))).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
    })
    await expect(
      check(stateOf({ text: 'x'.repeat(900) }, { changed: true })),
    ).resolves.toBeUndefined()
  })

  test('lets a session become smaller, or keep its size, however large it is', async () => {
    const data = { text: 'x'.repeat(9000) }
    const state = (length: number) => stateOf(data, { changed: true }, length)
    const payload = formatPayload(claims, JSON.stringify(data))
    const length = valueLength(payload.length, { id: 'aaaa', day: dayOf(START) })
    await expect(check(state(length))).resolves.toBeUndefined()
    await expect(check(state(length - 1))).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
  })

  test('lets a logout leave a message that does not fit, because it is left out', async () => {
    const text = { text: 'x'.repeat(9000) }
    const state = stateOf(text, { changed: true, logoutStamp: 'aaaa' })
    await expect(check(state)).resolves.toBeUndefined()
  })

  test('throws for a value that was changed in place into one that JSON would lose', async () => {
    await expect(
      check(stateOf({ user: { at: new Date(0) } }, { mayBeMutated: true })),
    ).rejects.toMatchObject({ code: 'ERR_SESSION_DATA' })
  })

  test('asks neither size nor values of a session that is not going to be written', async () => {
    const state = stateOf({ text: 'x'.repeat(9000), at: new Date(0) })
    await expect(check(state)).resolves.toBeUndefined()
  })

  test('leaves the session open, and unwritten', async () => {
    const state = stateOf({ user: 'eve' }, { changed: true })
    const before = { ...state }
    await expect(check(state)).resolves.toBeUndefined()
    expect(state).toEqual(before)
  })
})

describe('assertWritable', () => {
  const checkContents = async (data: object, options: object) =>
    assertWritable(contentsOf(data), createPipeline({ ...common, ...options }))

  test('throws for what a serializer writes and does not read again', async () => {
    const serializer = { stringify: JSON.stringify, parse: () => ({}) }
    await expect(checkContents({ user: 'ada' }, { serializer })).rejects.toMatchObject({
      code: 'ERR_SESSION_DATA',
    })
  })

  test('throws for what the schema rejects', async () => {
    const schema = schemaOf((value) =>
      Object.hasOwn(Object(value), 'user') ? { value } : { issues: [{}] },
    )
    await expect(checkContents({ user: 'ada' }, { schema })).resolves.toBeUndefined()
    await expect(checkContents({ name: 'ada' }, { schema })).rejects.toMatchObject({
      code: 'ERR_SESSION_DATA',
    })
  })
})
