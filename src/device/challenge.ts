// Challenges: sealed, so that the server stores none of them.

import type { Pipeline } from '../pipeline/pipeline.ts'
import { openArray, sealArray } from './sealed-arrays.ts'

/** The purpose of a challenge. Only an answer to one of the first kind may bring a key. */
export type ChallengeKind = 'register' | 'prove'

/** How long a browser may take to answer: a signature of secure hardware, and a slow network. */
const CHALLENGE_SECONDS = 60

/** Returns a challenge for a binding. */
export async function sealChallenge(
  kind: ChallengeKind,
  binding: string,
  pipeline: Pipeline,
): Promise<string> {
  return sealArray('device-challenge', [kind, binding], pipeline)
}

/**
 * Returns why a string is not a valid challenge of this kind for this binding; `undefined` if it
 * is.
 */
export async function checkChallenge(
  text: string,
  kind: ChallengeKind,
  binding: string,
  pipeline: Pipeline,
): Promise<'challenge' | 'expired' | undefined> {
  const opened = await openArray('device-challenge', text, pipeline)
  const [givenKind, givenBinding] = opened?.items ?? []
  if (opened === undefined || givenKind !== kind || givenBinding !== binding) return 'challenge'
  const { now, lifetimes } = pipeline
  const end = opened.sealedAt + CHALLENGE_SECONDS + lifetimes.clockTolerance
  return now() > end ? 'expired' : undefined
}
