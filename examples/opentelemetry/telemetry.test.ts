// The example against a collector in this process, which takes OTLP over HTTP as JSON.

import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AsyncLocalStorage } from 'node:async_hooks'
import { json } from 'node:stream/consumers'
import { ROOT_CONTEXT, context, metrics, trace } from '@opentelemetry/api'
import type { Context, ContextManager } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { observeWithOpenTelemetry } from './telemetry.ts'

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface Point {
  readonly attributes: readonly Attribute[]
  readonly asDouble?: number
  readonly asInt?: number | string
  readonly count?: number | string
  readonly sum?: number
}

interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly dataPoints: readonly Point[] }
}

interface Span {
  readonly name: string
  readonly attributes: readonly Attribute[]
  readonly events: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[]
}

const SECRET = 'LI2AKRU3MXxKUJPHL8OGRo9_mZjgpXjJYa0c9iWsTY8'
const START = Date.UTC(2026, 0, 15, 12)

let collector: Server
let meters: MeterProvider
let tracers: BasicTracerProvider
const received: { metrics: Metric[]; spans: Span[] } = { metrics: [], spans: [] }

beforeAll(async () => {
  collector = createServer((request, response) => {
    void json(request).then((body) => {
      collect(body)
      response.setHeader('Content-Type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  const url = (path: string) => ({ url: `http://127.0.0.1:${port}/v1/${path}` })
  meters = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(url('metrics')) }),
    ],
  })
  tracers = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter(url('traces')))],
  })
  metrics.setGlobalMeterProvider(meters)
  trace.setGlobalTracerProvider(tracers)
  context.setGlobalContextManager(createContextManager())
  await runRequests()
  await Promise.all([meters.forceFlush(), tracers.forceFlush()])
})

afterAll(async () => {
  await Promise.all([meters.shutdown(), tracers.shutdown()])
  collector.close()
})

/** A login, a visit, one that comes too late, a cookie that is cut, and a logout. */
async function runRequests(): Promise<void> {
  let now = START
  const sessions = createSessions<{ user: string }>({
    secrets: SECRET,
    clock: () => now,
    observe: observeWithOpenTelemetry(),
  })
  let cookie = ''
  const visit = (name: string, header: string, act: Parameters<typeof sessions.wrap>[0]) =>
    trace.getTracer('shop').startActiveSpan(name, async (span) => {
      const request = new Request('https://shop.test/', { headers: { cookie: header } })
      const response = await sessions.wrap(act)(request)
      const [line] = response.headers.getSetCookie()
      if (line !== undefined) cookie = line.split(';', 1).join()
      span.end()
    })
  await visit('login', '', (_, session) => {
    session.set('user', 'ada')
    return new Response()
  })
  await visit('change of rights', cookie, (_, session) => {
    session.renewId()
    return new Response()
  })
  await visit('cut', cookie.slice(0, -5), (_, session) => Response.json(session.toJSON()))
  now += 2 * 86_400_000
  await visit('late', cookie, (_, session) => Response.json(session.toJSON()))
}

function collect(body: unknown): void {
  const { resourceMetrics = [], resourceSpans = [] } = body as {
    resourceMetrics?: { scopeMetrics: { metrics: Metric[] }[] }[]
    resourceSpans?: { scopeSpans: { spans: Span[] }[] }[]
  }
  for (const { scopeMetrics } of resourceMetrics) {
    received.metrics = scopeMetrics.flatMap(({ metrics: each }) => each)
  }
  for (const { scopeSpans } of resourceSpans) {
    received.spans.push(...scopeSpans.flatMap(({ spans }) => spans))
  }
}

/** Keeps the active span over `await`, as the Node SDK does. */
function createContextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}

function attributesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

/** Returns the points of a metric: attributes, and the count. */
function pointsOf(name: string): unknown[] {
  const metric = received.metrics.find((each) => each.name === name)
  const points = metric?.sum?.dataPoints ?? metric?.histogram?.dataPoints ?? []
  return points.map(({ attributes, asDouble, asInt, count }) => [
    attributesOf(attributes),
    Number(asDouble ?? asInt ?? count),
  ])
}

function eventsOf(name: string): unknown[] {
  const span = received.spans.find((each) => each.name === name)
  return (span?.events ?? []).map((event) => [event.name, attributesOf(event.attributes)])
}

test('the collector counts what came, what was refused and why, and what was sealed', () => {
  const secret = expect.stringMatching(/^[\w-]{4}$/)
  expect(pointsOf('session.opened')).toEqual([[{ 'session.secret': secret }, 1]])
  expect(pointsOf('session.rejected')).toEqual([
    [{ 'session.reason': 'malformed' }, 1],
    [{ 'session.reason': 'idle', 'session.limit': 'idleTimeout' }, 1],
  ])
  expect(pointsOf('session.sealed')).toEqual([
    [{ 'session.cause': 'new', 'session.secret': secret }, 1],
    [{ 'session.cause': 'changed', 'session.secret': secret }, 1],
  ])
  expect(pointsOf('session.age')).toEqual([[{}, 1]])
  expect(pointsOf('session.warnings')).toEqual([[{ 'session.cause': 'cut' }, 1]])
})

test('the span of a request says what became of its session, and a new id names the one before', () => {
  const [[, login]] = eventsOf('login') as [[string, Record<string, unknown>]]
  const id = login['session.id']
  expect(eventsOf('change of rights')).toEqual([
    ['session opened', expect.objectContaining({ 'session.id': id })],
    ['session sealed', expect.objectContaining({ 'session.previous_id': id })],
  ])
  expect(eventsOf('late')).toEqual([
    [
      'session rejected',
      expect.objectContaining({
        'session.reason': 'idle',
        'session.limit': 'idleTimeout',
        'session.used': START / 1000,
      }),
    ],
  ])
})

test('a warning is a span of its own', () => {
  const warning = received.spans.find(({ name }) => name === 'session warning')
  expect(attributesOf(warning?.attributes ?? [])).toEqual({ 'session.cause': 'cut' })
})

test('no data of a session reaches the collector, and no token', () => {
  const all = JSON.stringify(received)
  expect(all).not.toContain('ada')
  expect(all).not.toMatch(/[\w-]{100}/)
})
