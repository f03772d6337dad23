import { describe, expect, test } from 'vitest'
import { PRESET_NAMES, RESERVE, headerBytes, isPreset } from '../../../src/size/presets.ts'
import type { LimitsPreset } from '../../../src/size/presets.ts'

// As measured or published (the table has the sources), less 1 024 bytes where a whole head is counted.
const TABLE: readonly (readonly [LimitsPreset, number, number])[] = [
  ['portable', 7168, 3072],
  ['browsers', 65_536, 64_335],
  ['chips', 10_240, 64_335],
  ['nginx', 8182, 3072],
  ['ingress-nginx', 8182, 3072],
  ['apache', 8182, 64_335],
  ['haproxy', 14_208, 14_208],
  ['node', 15_360, 15_360],
  ['bun', 15_360, 64_335],
  ['deno', 15_360, 64_335],
  ['go', 65_536, 64_335],
  ['caddy', 15_360, 64_335],
  ['traefik', 65_536, 64_335],
  ['envoy', 60_416, 60_416],
  ['iis', 15_360, 64_335],
  ['kestrel', 31_744, 64_335],
  ['tomcat', 7168, 7168],
  ['jetty', 7168, 7168],
  ['lighttpd', 7168, 64_335],
  ['varnish', 8184, 31_744],
  ['gunicorn', 8180, 64_335],
  ['uwsgi', 3072, 3072],
  ['cloudflare', 65_536, 64_335],
  ['vercel', 15_984, 64_335],
  ['netlify', 7168, 3072],
  ['aws-alb', 15_984, 30_976],
  ['aws-apigateway', 9216, 9216],
  ['aws-cloudfront', 19_456, 19_456],
  ['aws-lambda', 9216, 9216],
  ['gcp-app-engine', 13_976, 62_976],
  ['gcp-api-gateway', 58_976, 64_335],
  ['gcp-alb', 13_976, 62_976],
  ['gcp-cloud-run', 15_360, 15_360],
  ['azure-app-gateway', 7992, 64_335],
  ['azure-front-door', 63_992, 64_335],
  ['azure-app-service', 15_360, 64_335],
  ['fastly', 32_000, 64_335],
  ['akamai', 30_976, 7168],
  ['heroku', 8184, 64_335],
  ['fly', 7168, 3072],
  ['render', 7168, 3072],
  ['deno-deploy', 7168, 3072],
  ['twilio', 13_976, 13_976],
]

describe('the table of presets', () => {
  test.each(TABLE)(
    '%s passes a Cookie header of %i bytes and Set-Cookie lines of %i',
    (preset, request, response) => {
      expect(headerBytes(preset)).toEqual([request, response])
    },
  )

  test('has every preset named here and no other', () => {
    expect(PRESET_NAMES).toEqual(TABLE.map(([preset]) => preset))
  })

  test('leaves 1 024 bytes for other header fields, and room for a session', () => {
    expect(RESERVE).toBe(1024)
    for (const [preset] of TABLE) {
      for (const bytes of headerBytes(preset)) {
        expect(bytes).toBeGreaterThanOrEqual(4096 - RESERVE)
        expect(bytes).toBeLessThanOrEqual(16 * 4096)
      }
    }
  })

  test('has a portable preset that is as tight as every common server', () => {
    const servers: readonly LimitsPreset[] = [
      ...(['nginx', 'apache', 'haproxy', 'node', 'bun', 'deno', 'go', 'caddy', 'envoy'] as const),
      ...(['iis', 'kestrel', 'tomcat', 'jetty', 'lighttpd', 'gunicorn'] as const),
    ]
    const [request, response] = headerBytes('portable')
    for (const server of servers) {
      expect(headerBytes(server)[0]).toBeGreaterThanOrEqual(request)
      expect(headerBytes(server)[1]).toBeGreaterThanOrEqual(response)
    }
  })
})

describe('the name of a preset', () => {
  test.each(TABLE)('%s is one', (preset) => {
    expect(isPreset(preset)).toBe(true)
  })

  test.each(['Node', 'node ', '', '__proto__', 'constructor', 'toString', null, 5, ['node'], {}])(
    '%j is not one',
    (name) => {
      expect(isPreset(name)).toBe(false)
    },
  )
})
