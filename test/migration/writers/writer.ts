// The old version of an application: what it does with a session of its library in one request.

/** What a session holds. */
export type Data = Record<string, unknown>

/** Returns what a session holds from now on; `undefined` to end it. */
export type Change = (data: Data) => Data | undefined

/** Reads the session of a `Cookie` header and writes it, with the library. Returns `Set-Cookie` lines. */
export type Write = (header: string, change: Change) => Promise<string[]>

export const SECRET: string = process.env['OLD_SECRET'] ?? ''
