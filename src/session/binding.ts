// What binds a session to a device, as far as its state records it. The proofs are in device/.

import { SessionConfigError } from '../errors.ts'
import { createBinding } from '../token/claims.ts'
import { carriedClaims, fill } from './state.ts'
import type { SessionState } from './state.ts'

/** Gives the session a new binding, which no device has proven. */
export function bindToDevice(state: SessionState): void {
  if (!state.runtime.isBindable) {
    throw new SessionConfigError('device', 'is not set: write device: deviceBound()')
  }
  const { claims } = fill(state)
  const binding = createBinding()
  Object.assign(state, { binding, provenAt: undefined, asksDevice: true })
  state.claims = claims && { ...claims, binding }
}

/** Returns whether a device holds the session. */
export function deviceStatus(state: SessionState): 'none' | 'unproven' | 'proven' {
  if (!carriedClaims(state)?.binding) return 'none'
  return state.provenAt === undefined ? 'unproven' : 'proven'
}
