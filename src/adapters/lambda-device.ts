// A device's requests as events of Lambda, and the answers as results.

import type { DeviceAnswer, DeviceRequest } from '../device-option.ts'
import { isRecord, ownProperty } from '../validate.ts'
import { attachToResult } from './lambda-result.ts'
import type { LambdaEvent, LambdaForm, LambdaResponse } from './lambda-result.ts'

/**
 * Returns the fields of an event that are read: payload 1.0 and load balancers name them
 * differently from 2.0.
 */
export function deviceEvent(event: LambdaEvent): DeviceRequest {
  const context = ownProperty(event, 'requestContext')
  const http = isRecord(context) ? ownProperty(context, 'http') : undefined
  const method = isRecord(http) ? ownProperty(http, 'method') : ownProperty(event, 'httpMethod')
  const path = ownProperty(event, 'rawPath') ?? ownProperty(event, 'path')
  return {
    method: typeof method === 'string' ? method : '',
    path: typeof path === 'string' ? path : '',
    field: (name) => findField(event, name),
    source: event,
  }
}

/** Returns an answer as a Lambda result. */
export function answerResult(answer: DeviceAnswer, form: LambdaForm): LambdaResponse {
  const { status, fields, setCookie, body } = answer
  const result = { statusCode: status, headers: Object.fromEntries(fields), body }
  return attachToResult<LambdaResponse>(result, form, {
    lines: setCookie,
    isOwnCookie: () => false,
    reportOverwrite: () => {},
    registration: undefined,
  })
}

function findField(event: LambdaEvent, name: string): string | undefined {
  for (const place of ['headers', 'multiValueHeaders']) {
    const headers = ownProperty(event, place)
    if (!isRecord(headers)) continue
    const [, value] =
      Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase()) ?? []
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string') return first
  }
  return undefined
}
