// `Set-Cookie` lines as the `Cookie` header that a browser sends back.

export function pairOf(line) {
  return line.split(';', 1)[0]
}

/** The `Cookie` header of lines, without those that delete. */
export function cookieOf(lines) {
  return lines
    .map(pairOf)
    .filter((pair) => pair.indexOf('=') < pair.length - 1)
    .join('; ')
}

/** Characters of all values of a `Cookie` header, without names and separators. */
export function valueLength(cookie) {
  return cookie.split('; ').reduce((total, pair) => total + pair.length - pair.indexOf('=') - 1, 0)
}
