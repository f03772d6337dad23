// The playground as one fetch handler. It serves the files that need no session, and passes all other
// requests to the routes, with their sessions.

import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { except } from 'hono/combine'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { SessionError, SessionTooLargeError } from 'sealed-session'
import { createConfiguration } from './configuration.ts'
import type { Configuration, PlaygroundOptions } from './configuration.ts'
import { page } from './page.ts'
import { createRoutes } from './routes.ts'
import { viewOf } from './view.ts'

const ASSETS = {
  'style.css': 'text/css',
  'page.js': 'text/javascript',
  'icon.svg': 'image/svg+xml',
}

export function createPlayground(
  options: PlaygroundOptions,
): (request: Request) => Response | Promise<Response> {
  const configuration = createConfiguration(options)
  const routes = createRoutes(configuration)
  const app = new Hono()

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: 'same-origin',
      strictTransportSecurity: false,
    }),
  )
  // Browsers send the origin of a form. A request without it is curl's, and not of another site's
  // page.
  app.use(except(saysNoOrigin, csrf()))

  for (const [name, type] of Object.entries(ASSETS)) {
    const content = readFileSync(new URL(name, import.meta.url), 'utf8')
    app.get(`/${name}`, (c) => c.body(content, 200, { 'Content-Type': type }))
  }

  app.all('*', (c) => {
    const { sessions } = configuration
    const visit = sessions.wrap((request, session) => routes.fetch(request, { session, sessions }))
    return visit(c.req.raw)
  })

  app.onError((error, c) => {
    if (error instanceof SessionError) return refuse(c, configuration, error)
    if (error instanceof HTTPException) return error.getResponse()
    throw error
  })

  return (request) => app.fetch(request)
}

/** Answers that the session could not be written. The visitor's cookies do not change. */
async function refuse(
  c: Context,
  configuration: Configuration,
  refusal: SessionError,
): Promise<Response> {
  const status = refusal instanceof SessionTooLargeError ? 413 : 422
  if (!c.req.header('Accept')?.includes('text/html')) return c.text(`${refusal.message}\n`, status)
  const { sessions } = configuration
  const { raw } = c.req
  const session = await sessions.open(raw)
  // The page shows the session as the browser has it, without the change that did not fit.
  session.discard()
  const view = await viewOf({ headers: raw.headers, session, sessions, configuration })
  return sessions.commit(session, await c.html(page({ ...view, refusal }), status))
}

function saysNoOrigin(c: Context): boolean {
  return c.req.header('Sec-Fetch-Site') === undefined && c.req.header('Origin') === undefined
}
