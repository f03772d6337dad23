// The description of an example, by which the scenario runs it.

import { findMessages, sendForm } from './forms.ts'
import type { RunningApplication, Settings } from './application.ts'
import type { Visitor } from '../support/visitor.ts'

/** The checks of the scenario. */
export type CheckName =
  | 'reading'
  | 'login and flash'
  | 'several cookies'
  | 'too large'
  | 'failing handler'
  | 'streaming'
  | 'upstream'
  | 'health'
  | '200 visitors'
  | 'logout and replay'
  | 'forgery'
  | 'restart'

/** The data of an example's session, as `GET /me` returns it. */
export interface Me {
  readonly user?: string
  readonly notes: number
}

/** The actions of a visitor. The defaults send the forms of the page `/`, and read `GET /me`. */
export interface Actions {
  login(visitor: Visitor, user: string): Promise<Response>
  logout(visitor: Visitor): Promise<Response>
  /** Keeps a text in the session. */
  keep(visitor: Visitor, text: string): Promise<Response>
  /** Calls what changes the session and then fails. */
  fail(visitor: Visitor): Promise<Response>
  /** Calls what counts the visit, and then streams lines. The first is `visit N`. */
  stream(visitor: Visitor): Promise<Response>
  /** Reads the session. */
  me(visitor: Visitor): Promise<Response>
  /** Returns what an answer of `me` says. */
  readMe(response: Response): Promise<Me>
  /** Reads the messages, which takes them from the session. */
  messages(visitor: Visitor): Promise<string[]>
}

export interface Example {
  /** The folder in `examples/`. */
  readonly folder: string
  /** The page in `docs/frameworks/`, which prints files of the example. */
  readonly page: string
  /** The framework as its row names it, and the package whose version the row has. */
  readonly framework: string
  readonly package: string
  readonly runtime: string
  /** Files and folders of the example that another row counts. */
  readonly otherFiles?: readonly string[]
  /** Variables for the build and the server. */
  readonly settings?: Settings
  /** Header fields of each request, as a proxy would set them. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the framework cannot do. The note of the table says why. */
  readonly without?: readonly CheckName[]
  readonly actions?: Partial<Actions>
  /** The status of what fails; 500 by default. */
  readonly failureStatus?: number
  /** Starts what was built, in another way than by `npm start`. */
  readonly launch?: (folder: string, settings: Settings) => Promise<RunningApplication>
}

export const DEFAULT_ACTIONS: Actions = {
  login: (visitor, user) => sendForm(visitor, 'name="user"', { user }),
  logout: (visitor) => sendForm(visitor, 'Log out'),
  keep: (visitor, text) => sendForm(visitor, 'name="text"', { text }),
  fail: (visitor) => visitor.visit('/fail', { method: 'POST' }),
  stream: (visitor) => visitor.visit('/stream'),
  me: (visitor) => visitor.visit('/me'),
  readMe: async (response) => (await response.json()) as Me,
  messages: async (visitor) => findMessages(await (await visitor.visit('/')).text()),
}
