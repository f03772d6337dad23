import { createRequire } from 'node:module'
import { authCore } from './auth-core.mjs'
import { betterAuth } from './better-auth.mjs'
import { cookieSession } from './cookie-session.mjs'
import { expressOpenidConnect } from './express-openid-connect.mjs'
import { fastifySecureSession, secretbox } from './fastify-secure-session.mjs'
import { h3 } from './h3.mjs'
import { ironSession } from './iron-session.mjs'
import { rawNode, rawSubtle } from './limits.mjs'
import { nextjsAuth0 } from './nextjs-auth0.mjs'
import { reactRouter } from './react-router.mjs'
import { engineJose, engineNode, sealedSession, sealedSessionSubtle } from './sealed-session.mjs'

/** Contenders from text to text. */
export const formats = [
  rawNode,
  engineNode,
  secretbox,
  rawSubtle,
  engineJose,
  ironSession,
  authCore,
  betterAuth,
]

/** Contenders from a `Cookie` header over a change to `Set-Cookie` lines. */
export const sessions = [
  sealedSession,
  sealedSessionSubtle,
  fastifySecureSession,
  cookieSession,
  expressOpenidConnect,
  reactRouter,
  nextjsAuth0,
  h3,
  ironSession,
  authCore,
  betterAuth,
]

const require = createRequire(import.meta.url)

/** A contender's name with its installed version. */
export function titleOf({ name, package: from }) {
  if (from === undefined) return name
  const { version } = require(`../node_modules/${from}/package.json`)
  return `${name} ${version}`
}
