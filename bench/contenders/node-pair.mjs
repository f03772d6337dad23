// A Node request with a `Cookie` header, and its response, without a socket.

import { IncomingMessage, ServerResponse } from 'node:http'

/** Never connected, and created once: a socket for each would cost more than the session. */
const NOWHERE = { destroyed: false, encrypted: true, on() {}, once() {}, removeListener() {} }

export function pairOfNode(cookie) {
  const request = new IncomingMessage(NOWHERE)
  request.headers = { cookie }
  request.method = 'GET'
  return { request, response: new ServerResponse(request) }
}
