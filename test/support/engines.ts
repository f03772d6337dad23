// Both engines of the library in one process: `node:crypto`, and WebCrypto as in a runtime that hides
// Node's modules. The engine is chosen when sessions are created.

/** Calls `create` so that it finds `node:crypto`, or only WebCrypto for any other engine. */
export function inEngine<T>(engine: string, create: () => T): T {
  return engine === 'node:crypto' ? create() : withBuiltinModules(undefined, create)
}

/** Calls `create` with another `process.getBuiltinModule`. */
export function withBuiltinModules<T>(getBuiltinModule: unknown, create: () => T): T {
  const before = process.getBuiltinModule
  try {
    Reflect.set(process, 'getBuiltinModule', getBuiltinModule)
    return create()
  } finally {
    process.getBuiltinModule = before
  }
}
