// Each guarantee of SECURITY.md, broken on purpose in a line of `src/`, and the test that must
// notice.

/** One guarantee, broken in one place. */
export interface Breakage {
  /** Its number in SECURITY.md. */
  readonly guarantee: number
  /** The effect of the change. */
  readonly fault: string
  /** Below `src/`. */
  readonly file: string
  /** A string that occurs once in the file. */
  readonly from: string
  /** Its replacement. */
  readonly to: string
  /** Below `test/`, without `.test.ts`. */
  readonly suite: string
  /** Part of the title of a test that must fail. */
  readonly test: string
}

export const BREAKAGES: readonly Breakage[] = [
  {
    guarantee: 1,
    fault: 'the tag of a token is not checked',
    file: 'token/jwe-node.ts',
    from: '        decipher.final()\n      } catch {\n        return undefined',
    to: '        decipher.final()\n      } catch {\n        return decodeText(plaintext)',
    suite: 'unit/token/jwe-node',
    test: 'reject the same altered values, and do not throw',
  },
  {
    guarantee: 1,
    fault: 'an id that no secret has opens with the first secret',
    file: 'token/key-ring.ts',
    from: '(entry) => entry.id === id)\n    return secret',
    to: '(entry) => entry.id === id || id !== "")\n    return secret',
    suite: 'unit/token/key-ring',
    test: 'is zero for an unknown id',
  },
  {
    guarantee: 2,
    fault: 'the purpose is no part of the key',
    file: 'token/key-ring.ts',
    from: "[FORMAT, kind, day, name, ...text].join(' ')",
    to: "[FORMAT, kind && '', day, name].join(' ')",
    suite: 'security/tokens',
    test: 'A10: a value that was sealed for one purpose is rejected for another',
  },
  {
    guarantee: 2,
    fault: "the cookie's name is no part of the key",
    file: 'token/key-ring.ts',
    from: "[FORMAT, kind, day, name, ...text].join(' ')",
    to: "[FORMAT, kind, day, name && '', ...text].join(' ')",
    suite: 'security/tokens',
    test: 'A9: a session of another cookie name is rejected',
  },
  {
    guarantee: 2,
    fault: 'every day has the same key',
    file: 'token/key-ring.ts',
    from: "[FORMAT, kind, day, name, ...text].join(' ')",
    to: "[FORMAT, kind, day && 1, name, ...text].join(' ')",
    suite: 'unit/token/key-ring',
    test: 'gives a different key for another secret, purpose, day',
  },
  {
    guarantee: 3,
    fault: 'a session has no absolute end',
    file: 'token/claims.ts',
    from: "if (absoluteEnd(claims, lifetime) <= latestEnd) return 'expired'",
    to: '',
    suite: 'security/time',
    test: 'B1: every session has an end of its own',
  },
  {
    guarantee: 3,
    fault: 'a write begins the lifetime anew',
    file: 'token/claims.ts',
    from: 'return { ...claims, sealedAt }',
    to: 'return { ...claims, sealedAt, startedAt: sealedAt }',
    suite: 'security/time',
    test: 'B3: a thousand uses and writes on any schedule never move the absolute end',
  },
  {
    guarantee: 3,
    fault: 'a lowered maxAge does not apply to sessions that exist',
    file: 'token/claims.ts',
    from: 'return startedAt + Math.min(life, maxAge)',
    to: 'return startedAt + (maxAge && life)',
    suite: 'security/time',
    test: 'B8: lowered timeouts apply to existing sessions',
  },
  {
    guarantee: 4,
    fault: 'use writes the session again',
    file: 'commit.ts',
    from: 'return needsTicket(state, pipeline) ? yield* ticketCookies(state, claims, pipeline) : NO_WRITES',
    to: `if (!needsTicket(state, pipeline)) return NO_WRITES
  return yield* sessionCookies(state, claims, String(state.written?.body), pipeline)`,
    suite: 'security/reading-never-writes',
    test: 'L1: use costs one ticket of at most 220 bytes',
  },
  {
    guarantee: 5,
    fault: 'a logout stamp that the session does not know is no reason',
    file: 'open.ts',
    from: "(knowsStamps(claims, stamps) ? use.reason : 'destroyed')",
    to: '(knowsStamps(claims, stamps) ? use.reason : use.reason)',
    suite: 'security/logout',
    test: 'C2: nothing in the request restores a destroyed session',
  },
  {
    guarantee: 5,
    fault: 'a logout leaves no stamp',
    file: 'pipeline/end-session.ts',
    from: '    { name: stampName(cookie.name), value: state.logoutStamp, maxAge },\n',
    to: '',
    suite: 'security/logout',
    test: 'C2: nothing in the request restores a destroyed session',
  },
  {
    guarantee: 6,
    fault: 'a refused cookie is deleted',
    file: 'pipeline/end-session.ts',
    from: "state.rejection?.reason !== 'destroyed'",
    to: 'state.rejection === undefined',
    suite: 'security/reading-never-writes',
    test: 'is not deleted by a read',
  },
  {
    guarantee: 6,
    fault: 'a payload that is no JSON throws',
    file: 'token/payload.ts',
    from: '  } catch {\n    return undefined\n',
    to: '  } catch (error) {\n    throw error\n',
    suite: 'security/tokens',
    test: 'A3: a payload under the right key that is not of our form is rejected',
  },
  {
    guarantee: 7,
    fault: 'any number of values of one name is tried',
    file: 'cookies/request-cookies.ts',
    from: 'const MAX_TWINS = 4',
    to: 'const MAX_TWINS = 4000',
    suite: 'security/keys',
    test: 'D5: tickets cost nothing beside a value that does not open, and at most four',
  },
  {
    guarantee: 7,
    fault: 'a value of any length is taken apart',
    file: 'open.ts',
    from: "if (length > MAX_TOKEN) return { reason: 'too-large' }",
    to: '',
    suite: 'security/keys',
    test: 'D5: the total length is bounded before parts are joined',
  },
  {
    guarantee: 8,
    fault: 'a session that does not fit is written',
    file: 'pipeline/session-size.ts',
    from: '  throw new SessionTooLargeError(report)',
    to: '  return report !== undefined',
    suite: 'unit/create-sessions',
    test: 'rejects a session that is too large as commit does, and writes nothing',
  },
  {
    guarantee: 9,
    fault: "cookies are set on the handler's own response",
    file: 'http/response.ts',
    from: 'if (response.status !== 0) return copyResponse(response)',
    to: 'if (response.status !== 0) return copyResponse(response) && response',
    suite: 'security/edges',
    test: 'Y1: a Response that a handler returns twice does not carry the first session to the next visitor',
  },
  {
    guarantee: 9,
    fault: 'a response with a cookie may be kept by caches',
    file: 'http/caching.ts',
    from: 'return `private, no-store${',
    to: 'return `private${',
    suite: 'security/caches',
    test: 'F1: a response that sets or deletes a cookie is stored by no cache',
  },
  {
    guarantee: 9,
    fault: 'a response that used the session does not vary on the cookie',
    file: 'http/caching.ts',
    from: "if (vary === null) return 'Cookie'",
    to: 'if (vary === null) return undefined',
    suite: 'security/caches',
    test: 'F2: a response for which the session was read varies by the cookie',
  },
  {
    guarantee: 9,
    fault: 'a page that only read the session may be stored by caches',
    file: 'http/caching.ts',
    from: "cacheControl.trim() === '' ? 'private' : undefined",
    to: "cacheControl.trim() === '' ? undefined : undefined",
    suite: 'security/caches',
    test: 'F2: a response for which the session was read varies by the cookie',
  },
  {
    guarantee: 9,
    fault: 'a header field that makes a CDN store a response stays beside a cookie',
    file: 'http/header-fields.ts',
    from: '[...fields.keys()].filter(controlsSharedCache)',
    to: '[...fields.keys()].filter((name) => controlsSharedCache(name) && name === name.toUpperCase())',
    suite: 'security/edges',
    test: 'S10: no header for one CDN or proxy is kept beside a cookie',
  },
  {
    guarantee: 10,
    fault: 'the message of a failed secrets function is passed on',
    file: 'token/provider-error.ts',
    from: "new Error('left out')",
    to: 'new Error(String(thrown))',
    suite: 'unit/token/provider-error',
    test: 'does not repeat a secret that is in',
  },
  {
    guarantee: 10,
    fault: "the message of a serializer's error is passed on",
    file: 'data/serialize.ts',
    from: 'const kind = error instanceof Error ? error.name : typeof error',
    to: 'const kind = String(error)',
    suite: 'unit/data/serialize',
    test: 'that throws causes a SessionDataError without its message',
  },
]
