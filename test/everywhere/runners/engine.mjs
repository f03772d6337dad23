// Imported first, because it decides which engine the library finds when it is loaded.

if (process.argv.includes('webcrypto')) {
  Object.defineProperty(process, 'getBuiltinModule', { value: undefined })
}
