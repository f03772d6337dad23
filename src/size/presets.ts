// How many bytes each server, platform and browser lets through. The source of a number is beside it:
// "measured" is loopback with stock defaults, the rest names its document. KB without a definition is
// taken as 1 000 bytes.

import { MAX_COOKIE_BYTES, MAX_COOKIES } from '../cookies/cookie-names.ts'

/**
 * The name of a server, platform or browser whose limits are known.
 *
 * @example
 * const limits: LimitsPreset[] = ['cloudflare', 'node']
 */
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

/** The `Cookie` header and all `Set-Cookie` lines of a response, in bytes. */
export type HeaderBytes = readonly [requestHeader: number, responseHeader: number]

/** Bytes that a preset leaves in each direction for every header field that is not a cookie. */
export const RESERVE = 1024

/** The bytes of 16 full cookies: the limit if a server sets none of its own. */
const MAX_REQUEST = MAX_COOKIES * MAX_COOKIE_BYTES

/** WebKitGTK 2.50 drops a response with more than 65 359 bytes of headers (measured). */
const MAX_RESPONSE = 65_359 - RESERVE

/**
 * The presets. If a server counts the whole head, 1 024 bytes are left for the rest; if it counts
 * only the `Cookie` line, the field's name. A missing number means that the server sets no limit
 * below that of browsers.
 */
const PRESETS: Readonly<Record<LimitsPreset, readonly [request?: number, response?: number]>> = {
  /**
   * What every common server and proxy accepts with default settings: the request head of Tomcat,
   * Jetty and lighttpd (8 192), the response head of nginx (4 096). Not uWSGI, which reads 4 096 in
   * all.
   */
  portable: [8192 - RESERVE, 4096 - RESERVE],
  /** Only browsers: Chromium 156, Firefox ESR 153 and WebKitGTK 2.50 (measured). */
  browsers: [],
  /** Partitioned cookies: Chromium evicts above 10 240 bytes a site and partition (measured). */
  chips: [10_240],
  /** large_client_header_buffers 4 8k; proxy_buffer_size 4k (measured, nginx 1.22.1). */
  nginx: [8182, 4096 - RESERVE],
  /** large-client-header-buffers "4 8k", proxy-buffer-size "4k" (its ConfigMap documentation). */
  'ingress-nginx': [8182, 4096 - RESERVE],
  /** LimitRequestFieldSize 8190 a line; out, 8192 a line and no sum (measured, Apache 2.4.71). */
  apache: [8182],
  /**
   * The whole head, in tune.bufsize 16384 less tune.maxrewrite 1024: 15 360 by name, at least
   * 15 232 (measured, HAProxy 2.6.12).
   */
  haproxy: [15_232 - RESERVE, 15_232 - RESERVE],
  /** --max-http-header-size 16384 (nodejs.org/api/cli.html); Node's own clients read as much. */
  node: [16_384 - RESERVE, 16_384 - RESERVE],
  /** max_http_header_size 16 KiB (oven-sh/bun, src/http.zig; measured, Bun 1.4.5). */
  bun: [16_384 - RESERVE],
  /** Over HTTP/2, hyper's MAX_HEADER_LIST_SIZE 16384 (hyperium/hyper, proto/h2/server.rs). */
  deno: [16_384 - RESERVE],
  /** DefaultMaxHeaderBytes 1 MiB (net/http; measured, Go 1.19). */
  go: [],
  /** max_header_size 16 KiB since June 2026 (caddyserver/caddy, modules/caddyhttp/app.go). */
  caddy: [16_384 - RESERVE],
  /** Go's defaults (traefik/traefik, pkg/config/static/entrypoints.go). */
  traefik: [],
  /** max_request_headers_kb 60 (envoyproxy/envoy, http_connection_manager.proto). */
  envoy: [61_440 - RESERVE, 61_440 - RESERVE],
  /** MaxFieldLength and MaxRequestBytes 16384 (Microsoft, http.sys registry settings). */
  iis: [16_384 - RESERVE],
  /** MaxRequestHeadersTotalSize 32768 (dotnet/aspnetcore, KestrelServerLimits.cs). */
  kestrel: [32_768 - RESERVE],
  /** maxHttpHeaderSize 8192 both ways (Tomcat's HTTP connector documentation). */
  tomcat: [8192 - RESERVE, 8192 - RESERVE],
  /** requestHeaderSize and responseHeaderSize 8192 (jetty.project, HttpConfiguration.java). */
  jetty: [8192 - RESERVE, 8192 - RESERVE],
  /**
   * server.max-request-field-size 8192 for the whole head, and 65 535 out, which is more than
   * every browser takes (measured, lighttpd 1.4.69).
   */
  lighttpd: [8192 - RESERVE],
  /** http_req_hdr_len 8k, http_resp_size 32k (measured, Varnish 7.1.1). */
  varnish: [8184, 32_768 - RESERVE],
  /** limit_request_field_size 8190 (gunicorn/config.py; measured). */
  gunicorn: [8180],
  /** buffer-size 4096 for the whole request (unbit/uwsgi, core/init.c); nginx's buffer out. */
  uwsgi: [4096 - RESERVE, 4096 - RESERVE],
  /** 128 KB each way (Workers' platform limits); the origin behind it still has its own. */
  cloudflare: [],
  /** 16 KB a header (vercel.com/docs/errors/REQUEST_HEADER_TOO_LARGE). */
  vercel: [15_984],
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
  'gcp-api-gateway': [60_000 - RESERVE],
  /** No figure readable, so `gcp-app-engine`. */
  'gcp-alb': [15_000 - RESERVE, 64_000 - RESERVE],
  /** No figure for its front end, so `node`, which usually runs behind it. */
  'gcp-cloud-run': [16_384 - RESERVE, 16_384 - RESERVE],
  /** 8 KB a field over HTTP/2 (Azure's application-gateway-limits). */
  'azure-app-gateway': [7992],
  /** 64 KB a header (Azure's front-door-limits, classic tier). */
  'azure-front-door': [63_992],
  /** 64 KB at the front ends, 16 KiB in http.sys or Node behind them (its support blog). */
  'azure-app-service': [16_384 - RESERVE],
  /** Above 32 KB the Cookie header is removed; 69 KB out (VCL constraints). */
  fastly: [32_000],
  /**
   * Nothing first-hand: 32 KB in by IBM Cloud CDN's limits, 8 192 out by a blog, the lower of the
   * two figures (maxchadwick.xyz/blog/http-response-header-size-limits).
   */
  akamai: [32_000 - RESERVE, 8192 - RESERVE],
  /** "Cookies are explicitly restricted to 8192 bytes" (Heroku's help). */
  heroku: [8184],
  /** No figure published, so `portable`. */
  fly: [8192 - RESERVE, 4096 - RESERVE],
  /** No figure published, so `portable`. */
  render: [8192 - RESERVE, 4096 - RESERVE],
  /** No figure published, so `portable`. */
  'deno-deploy': [8192 - RESERVE, 4096 - RESERVE],
  /** 15 KB both ways (Twilio Functions, headers and cookies). */
  twilio: [15_000 - RESERVE, 15_000 - RESERVE],
}

/** The names of all presets. */
export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS)

/** Whether a value is the name of a preset. */
export function isPreset(name: unknown): name is LimitsPreset {
  return typeof name === 'string' && Object.hasOwn(PRESETS, name)
}

/** Returns what a preset lets through. */
export function headerBytes(preset: LimitsPreset): HeaderBytes {
  const [request = MAX_REQUEST, response = MAX_RESPONSE] = PRESETS[preset]
  return [request, response]
}
