// Requests and answers of the option `device`, converted from and to Node's.

import type { DeviceAnswer, DeviceRequest } from '../device-option.ts'
import { hasMember, ownProperty } from '../validate.ts'
import type { SessionInternals } from '../internals.ts'
import type { NodeResponse } from './node-response.ts'

/** Answers a request to the path of the option `device`. Returns whether it was one. */
export async function answerNodeDevice<Data extends object>(
  { answerDevice }: SessionInternals<Data>,
  request: { readonly headers: object },
  response: NodeResponse,
): Promise<boolean> {
  const answering = answerDevice?.(deviceRequest(request))
  if (answering === undefined) return false
  sendAnswer(response, await answering)
  return true
}

/**
 * Returns the parts of a Node request that are read. A framework that mounts handlers has shortened
 * its `url`.
 */
function deviceRequest(request: { readonly headers: object }): DeviceRequest {
  const [method, original, url] = ['method', 'originalUrl', 'url'].map((name) => {
    const value: unknown = hasMember(request, name) ? Reflect.get(request, name) : undefined
    return typeof value === 'string' ? value : undefined
  })
  const { headers } = request
  return {
    method: method ?? '',
    path: (original ?? url ?? '').split('?', 1).join(),
    field(name) {
      const value = ownProperty(headers, name.toLowerCase())
      return typeof value === 'string' ? value : undefined
    },
    source: { headers },
  }
}

/** Sends an answer. */
function sendAnswer(response: NodeResponse, answer: DeviceAnswer): void {
  response.statusCode = answer.status
  for (const [name, value] of answer.fields) response.setHeader(name, value)
  if (answer.setCookie.length > 0) response.setHeader('Set-Cookie', answer.setCookie)
  response.end(answer.body)
}
