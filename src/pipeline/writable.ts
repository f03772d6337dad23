// Whether what a session has become can be written: asked before anything is sealed.

import { assertBodyReadable, formatBody } from '../session/body.ts'
import type { Contents } from '../session/contents.ts'
import { assertFitsSchema } from '../session/schema.ts'
import type { SessionState } from '../session/state.ts'
import { resealClaims } from '../token/claims.ts'
import { dayOf } from '../token/day.ts'
import { formatPayload } from '../token/payload.ts'
import { currentClaims, hasUnwrittenChange } from './changes.ts'
import type { Pipeline } from './pipeline.ts'
import { assertWouldFit } from './session-size.ts'

/**
 * Throws unless the next request will find what is written now.
 *
 * @throws SessionDataError
 */
export function assertWritable(
  contents: Contents,
  { schema, serializer }: Pipeline,
): Promise<void> | undefined {
  assertBodyReadable(contents, serializer)
  return schema && assertFitsSchema(contents.data, schema, serializer)
}

/**
 * Throws what a commit would throw now. Writes nothing, reports nothing, and leaves the session open.
 *
 * @throws SessionDataError, SessionTooLargeError
 */
export async function assertCommittable(state: SessionState, pipeline: Pipeline): Promise<void> {
  if (!hasUnwrittenChange(state, pipeline)) return
  await assertWritable(state.contents, pipeline)
  const now = pipeline.now()
  const claims = resealClaims(currentClaims(state, pipeline), now)
  const key = await pipeline.ring.sealing('cookie', dayOf(claims.sealedAt), now)
  const payload = formatPayload(claims, formatBody(state.contents, claims, pipeline.serializer))
  assertWouldFit(state, new TextEncoder().encode(payload).length, key, pipeline)
}
