// How many bytes each place on the way lets through. Where a figure comes from stands beside it:
// "measured" is loopback with stock defaults, the rest names its document. KB without a definition
// is taken as 1 000 bytes.

import { MAX_COOKIE_BYTES, MAX_COOKIES } from '../cookies/request-cookies.ts'
import { SessionConfigError } from '../errors.ts'
import { isRecord, isWholeNumber, ownProperties, assertKnownKeys, describe } from '../validate.ts'

/** The four bounds of the size guard. All are bytes but `cookies`. */
export interface SizeLimits {
  /** One cookie: its name and value, and also its whole `Set-Cookie` line. At most 4 096. */
  readonly cookie: number
  /** How many cookies a session may take. At most 16. */
  readonly cookies: number
  /** The value of the `Cookie` header that the browser will send, other cookies included. */
  readonly requestHeader: number
  /** All `Set-Cookie` lines of one response together, as they travel. */
  readonly responseHeader: number
}

/** The name of a place whose limits are known. */
export type LimitsPreset =
  | 'portable'
  | 'browsers'
  | 'chips'
  | 'nginx'
  | 'ingress-nginx'
  | 'apache'
  | 'haproxy'
  | 'node'
  | 'bun'
  | 'deno'
  | 'go'
  | 'caddy'
  | 'traefik'
  | 'envoy'
  | 'iis'
  | 'kestrel'
  | 'tomcat'
  | 'jetty'
  | 'lighttpd'
  | 'varnish'
  | 'gunicorn'
  | 'uwsgi'
  | 'cloudflare'
  | 'vercel'
  | 'netlify'
  | 'aws-alb'
  | 'aws-apigateway'
  | 'aws-cloudfront'
  | 'aws-lambda'
  | 'gcp-app-engine'
  | 'gcp-api-gateway'
  | 'gcp-alb'
  | 'gcp-cloud-run'
  | 'azure-app-gateway'
  | 'azure-front-door'
  | 'azure-app-service'
  | 'fastly'
  | 'akamai'
  | 'heroku'
  | 'fly'
  | 'render'
  | 'deno-deploy'
  | 'twilio'

/** What the `limits` option takes. */
export type LimitsOption =
  | LimitsPreset
  | readonly LimitsPreset[]
  | (Partial<SizeLimits> & { readonly preset?: LimitsPreset | readonly LimitsPreset[] })

/** What a preset has already taken off each way for everything that is not a cookie. */
export const RESERVE = 1024

/** What sixteen full cookies come to: the bound where a place sets none of its own. */
const MOST_REQUEST = MAX_COOKIES * MAX_COOKIE_BYTES

/** WebKitGTK 2.50 drops a response with more than 65 359 bytes of headers (measured). */
const MOST_RESPONSE = 65_359 - RESERVE

/**
 * `Cookie` header and `Set-Cookie` lines, in bytes. Where a place counts the whole head, 1 024
 * bytes are taken off for the rest; where it counts the `Cookie` line alone, its name is.
 */
const PRESETS: Readonly<
  Record<LimitsPreset, readonly [requestHeader: number, responseHeader: number]>
> = {
  /**
   * What every common server and proxy passes unconfigured: the request head of Tomcat, Jetty and
   * lighttpd (8 192), the response head of nginx (4 096). Not uWSGI, which reads 4 096 in all.
   */
  portable: [8192 - RESERVE, 4096 - RESERVE],
  /** The browsers alone: Chromium 156, Firefox ESR 153 and WebKitGTK 2.50 (measured). */
  browsers: [MOST_REQUEST, MOST_RESPONSE],
  /** Partitioned cookies: Chromium evicts above 10 240 bytes a site and partition (measured). */
  chips: [10_240, MOST_RESPONSE],
  /** large_client_header_buffers 4 8k; proxy_buffer_size 4k (measured, nginx 1.22.1). */
  nginx: [8182, 4096 - RESERVE],
  /** large-client-header-buffers "4 8k", proxy-buffer-size "4k" (its ConfigMap documentation). */
  'ingress-nginx': [8182, 4096 - RESERVE],
  /** LimitRequestFieldSize 8190 a line; out, 8192 a line and no sum (measured, Apache 2.4.71). */
  apache: [8182, MOST_RESPONSE],
  /**
   * The whole head, in tune.bufsize 16384 less tune.maxrewrite 1024: 15 360 by name, at least
   * 15 232 (measured, HAProxy 2.6.12).
   */
  haproxy: [15_232 - RESERVE, 15_232 - RESERVE],
  /** --max-http-header-size 16384 (nodejs.org/api/cli.html); Node's own clients read as much. */
  node: [16_384 - RESERVE, 16_384 - RESERVE],
  /** max_http_header_size 16 KiB (oven-sh/bun, src/http.zig; measured, Bun 1.4.5). */
  bun: [16_384 - RESERVE, MOST_RESPONSE],
  /** Over HTTP/2, hyper's MAX_HEADER_LIST_SIZE 16384 (hyperium/hyper, proto/h2/server.rs). */
  deno: [16_384 - RESERVE, MOST_RESPONSE],
  /** DefaultMaxHeaderBytes 1 MiB (net/http; measured, Go 1.19). */
  go: [MOST_REQUEST, MOST_RESPONSE],
  /** max_header_size 16 KiB since June 2026 (caddyserver/caddy, modules/caddyhttp/app.go). */
  caddy: [16_384 - RESERVE, MOST_RESPONSE],
  /** Go's defaults (traefik/traefik, pkg/config/static/entrypoints.go). */
  traefik: [MOST_REQUEST, MOST_RESPONSE],
  /** max_request_headers_kb 60 (envoyproxy/envoy, http_connection_manager.proto). */
  envoy: [61_440 - RESERVE, 61_440 - RESERVE],
  /** MaxFieldLength and MaxRequestBytes 16384 (Microsoft, http.sys registry settings). */
  iis: [16_384 - RESERVE, MOST_RESPONSE],
  /** MaxRequestHeadersTotalSize 32768 (dotnet/aspnetcore, KestrelServerLimits.cs). */
  kestrel: [32_768 - RESERVE, MOST_RESPONSE],
  /** maxHttpHeaderSize 8192 both ways (Tomcat's HTTP connector documentation). */
  tomcat: [8192 - RESERVE, 8192 - RESERVE],
  /** requestHeaderSize and responseHeaderSize 8192 (jetty.project, HttpConfiguration.java). */
  jetty: [8192 - RESERVE, 8192 - RESERVE],
  /**
   * server.max-request-field-size 8192 for the whole head, and 65 535 out, which is more than
   * every browser takes (measured, lighttpd 1.4.69).
   */
  lighttpd: [8192 - RESERVE, MOST_RESPONSE],
  /** http_req_hdr_len 8k, http_resp_size 32k (measured, Varnish 7.1.1). */
  varnish: [8184, 32_768 - RESERVE],
  /** limit_request_field_size 8190 (gunicorn/config.py; measured). */
  gunicorn: [8180, MOST_RESPONSE],
  /** buffer-size 4096 for the whole request (unbit/uwsgi, core/init.c); nginx's buffer out. */
  uwsgi: [4096 - RESERVE, 4096 - RESERVE],
  /** 128 KB each way (Workers' platform limits); the origin behind it still has its own. */
  cloudflare: [MOST_REQUEST, MOST_RESPONSE],
  /** 16 KB a header (vercel.com/docs/errors/REQUEST_HEADER_TOO_LARGE). */
  vercel: [15_984, MOST_RESPONSE],
  /** No figure published, so `portable`. */
  netlify: [8192 - RESERVE, 4096 - RESERVE],
  /** 16 K a header, 32 K the response head (Application Load Balancer quotas). */
  'aws-alb': [15_984, 32_000 - RESERVE],
  /** 10 240 for all header values (API Gateway quotas); assumed for responses too. */
  'aws-apigateway': [10_240 - RESERVE, 10_240 - RESERVE],
  /** 20 480 for a request or a response without its body (CloudFront quotas). */
  'aws-cloudfront': [20_480 - RESERVE, 20_480 - RESERVE],
  /** No figure published, so `aws-apigateway`. */
  'aws-lambda': [10_240 - RESERVE, 10_240 - RESERVE],
  /** About 15 KB in, 64 KB out (App Engine flexible, how requests are handled). */
  'gcp-app-engine': [15_000 - RESERVE, 64_000 - RESERVE],
  /** 60 KB in (Google API Gateway quotas). */
  'gcp-api-gateway': [60_000 - RESERVE, MOST_RESPONSE],
  /** No figure readable, so `gcp-app-engine`. */
  'gcp-alb': [15_000 - RESERVE, 64_000 - RESERVE],
  /** No figure for its front end, so `node`, which usually runs behind it. */
  'gcp-cloud-run': [16_384 - RESERVE, 16_384 - RESERVE],
  /** 8 KB a field over HTTP/2 (Azure's application-gateway-limits). */
  'azure-app-gateway': [7992, MOST_RESPONSE],
  /** 64 KB a header (Azure's front-door-limits, classic tier). */
  'azure-front-door': [63_992, MOST_RESPONSE],
  /** 64 KB at the front ends, 16 KiB in http.sys or Node behind them (its support blog). */
  'azure-app-service': [16_384 - RESERVE, MOST_RESPONSE],
  /** Above 32 KB the Cookie header is removed; 69 KB out (VCL constraints). */
  fastly: [32_000, MOST_RESPONSE],
  /**
   * Nothing first-hand: 32 KB in by IBM Cloud CDN's limits, 8 192 out by a blog, the lower of the
   * two figures (maxchadwick.xyz/blog/http-response-header-size-limits).
   */
  akamai: [32_000 - RESERVE, 8192 - RESERVE],
  /** "Cookies are explicitly restricted to 8192 bytes" (Heroku's help). */
  heroku: [8184, MOST_RESPONSE],
  /** No figure published, so `portable`. */
  fly: [8192 - RESERVE, 4096 - RESERVE],
  /** No figure published, so `portable`. */
  render: [8192 - RESERVE, 4096 - RESERVE],
  /** No figure published, so `portable`. */
  'deno-deploy': [8192 - RESERVE, 4096 - RESERVE],
  /** 15 KB both ways (Twilio Functions, headers and cookies). */
  twilio: [15_000 - RESERVE, 15_000 - RESERVE],
}

const NAMES = ['cookie', 'cookies', 'requestHeader', 'responseHeader']

/** The names of all presets. */
export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS)

/**
 * The `limits` option as four numbers: the tightest of each over every preset named, then the
 * numbers given. Partitioned cookies are always held to `chips` too.
 *
 * @throws SessionConfigError for an unknown preset or a number out of bounds
 */
export function resolveLimits(option: unknown = 'portable', partitioned: boolean): SizeLimits {
  const { preset = 'portable', ...rest } = isRecord(option)
    ? ownProperties(option)
    : { preset: option }
  const numbers = ownProperties(rest)
  assertKnownKeys(numbers, NAMES, 'limits.')
  const named: readonly unknown[] = Array.isArray(preset) ? preset : [preset]
  if (named.length === 0) throw new SessionConfigError('limits', 'names no preset: write portable')
  const places = named.map(presetOf)
  if (partitioned) places.push(PRESETS.chips)
  const requestHeader = Math.min(...places.map(([request]) => request))
  const responseHeader = Math.min(...places.map(([, response]) => response))
  return Object.freeze({
    cookie: numberOf(numbers, 'cookie', MAX_COOKIE_BYTES, MAX_COOKIE_BYTES),
    cookies: numberOf(numbers, 'cookies', MAX_COOKIES, MAX_COOKIES),
    requestHeader: numberOf(numbers, 'requestHeader', requestHeader),
    responseHeader: numberOf(numbers, 'responseHeader', responseHeader),
  })
}

function presetOf(name: unknown): readonly [number, number] {
  for (const [preset, bounds] of Object.entries(PRESETS)) if (preset === name) return bounds
  throw new SessionConfigError(
    'limits',
    `names ${describe(name)}, which is no preset: write ${PRESET_NAMES.join(', ')}, or numbers`,
  )
}

function numberOf(
  numbers: Readonly<Record<string, unknown>>,
  name: keyof SizeLimits,
  fallback: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = numbers[name]
  if (value === undefined) return fallback
  if (isWholeNumber(value, 1, most)) return value
  const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`
  throw new SessionConfigError(`limits.${name}`, `must be a whole number, at least 1${upTo}`)
}
