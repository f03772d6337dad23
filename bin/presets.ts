// The names of all presets of `limits`, complete by their type.

import type { LimitsPreset } from 'sealed-session'
import { UsageError } from './inputs.ts'
import { suggest } from './suggestion.ts'

const PRESETS: Readonly<Record<LimitsPreset, true>> = {
  portable: true,
  browsers: true,
  chips: true,
  nginx: true,
  'ingress-nginx': true,
  apache: true,
  haproxy: true,
  node: true,
  bun: true,
  deno: true,
  go: true,
  caddy: true,
  traefik: true,
  envoy: true,
  iis: true,
  kestrel: true,
  tomcat: true,
  jetty: true,
  lighttpd: true,
  varnish: true,
  gunicorn: true,
  uwsgi: true,
  cloudflare: true,
  vercel: true,
  netlify: true,
  'aws-alb': true,
  'aws-apigateway': true,
  'aws-cloudfront': true,
  'aws-lambda': true,
  'gcp-app-engine': true,
  'gcp-api-gateway': true,
  'gcp-alb': true,
  'gcp-cloud-run': true,
  'azure-app-gateway': true,
  'azure-front-door': true,
  'azure-app-service': true,
  fastly: true,
  akamai: true,
  heroku: true,
  fly: true,
  render: true,
  'deno-deploy': true,
  twilio: true,
}

/** Checks the names of presets. A wrong one is not repeated, because it may be a secret. */
export function parsePresets(names: readonly string[]): LimitsPreset[] {
  return names.map((name) => {
    if (isPreset(name)) return name
    const known = Object.keys(PRESETS)
    const close = suggest(name, known)
    const hint = close === undefined ? `write ${known.join(', ')}` : `did you mean ${close}?`
    throw new UsageError(`--limits names what is no preset: ${hint}`)
  })
}

function isPreset(name: string): name is LimitsPreset {
  return Object.hasOwn(PRESETS, name)
}
