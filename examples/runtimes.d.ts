// What the examples use of runtimes whose types are not installed here.

declare module 'cloudflare:workers' {
  export const env: Readonly<Record<string, string | undefined>>
}

declare namespace Deno {
  const env: { get(name: string): string | undefined }
}

declare namespace Bun {
  type Handler = (request: Request) => Response | Promise<Response>
  function serve(options: {
    hostname?: string
    port?: number | string
    routes?: Record<string, Handler | Record<string, Handler>>
    fetch: Handler
  }): { readonly url: URL }
}
