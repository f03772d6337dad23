// What sealing and opening need of jose. A file of its own, loaded with the first key and importing nothing
// of ours: bundlers that put all in one file wrap whatever such a file imports.

// One by one, because jose's index loads all of it.
export { JOSEError } from 'jose/errors'
export { compactDecrypt } from 'jose/jwe/compact/decrypt'
export { CompactEncrypt } from 'jose/jwe/compact/encrypt'
