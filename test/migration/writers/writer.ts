// The old version of an application: its use of a library's session in one request.

/** The data of a session. */
export type Data = Record<string, unknown>

/** Returns the new data of a session; `undefined` to end it. */
export type Change = (data: Data) => Data | undefined

/** Reads the session of a `Cookie` header and writes it, with the library. Returns `Set-Cookie` lines. */
export type Write = (header: string, change: Change) => Promise<string[]>

export const SECRET: string = process.env['OLD_SECRET'] ?? ''
