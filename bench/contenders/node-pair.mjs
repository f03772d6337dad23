// A Node request with a `Cookie` header, and its response, as they stand before a socket is there.

import { IncomingMessage, ServerResponse } from 'node:http'

/** Never connected, and made once: a socket for each would cost more than the session. */
const NOWHERE = { destroyed: false, encrypted: true, on() {}, once() {}, removeListener() {} }

export function pairOfNode(cookie) {
  const request = new IncomingMessage(NOWHERE)
  request.headers = { cookie }
  request.method = 'GET'
  return { request, response: new ServerResponse(request) }
}
