// Requests of a page.

export const URL_OF_PAGE = 'https://example.test/'

/** Returns a request with this `Cookie` header. */
export function requestWith(cookie = ''): Request {
  return new Request(URL_OF_PAGE, { headers: { cookie } })
}
