// What the store of the option `overflow` holds of a session.

/** The contents that did not fit the cookies. Never changed: another write makes another parcel. */
export interface Parcel {
  /** 128 random bits in 22 characters. */
  readonly id: string
  /** The contents, as the body of a payload. */
  readonly body: string
  readonly secretId: string
}
