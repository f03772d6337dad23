// A device's requests on their way from Node, and the answers on their way to it.

import type { DeviceAnswer, DeviceRequest } from '../device-option.ts'
import { hasMember, ownProperty } from '../validate.ts'
import type { NodeResponse } from './node-response.ts'

/** Returns what is read of a Node request. A framework that mounts handlers has shortened its `url`. */
export function deviceRequest(request: { readonly headers: object }): DeviceRequest {
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
export function sendAnswer(response: NodeResponse, answer: DeviceAnswer): void {
  response.statusCode = answer.status
  for (const [name, value] of answer.fields) response.setHeader(name, value)
  if (answer.setCookie.length > 0) response.setHeader('Set-Cookie', answer.setCookie)
  response.end(answer.body)
}
