// The Lambda adapter with the types that are common for Lambda functions in TypeScript.

import { readFileSync } from 'node:fs'
import type {
  ALBHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  ALBEvent,
  Callback,
  Context,
  LambdaFunctionURLHandler,
} from 'aws-lambda'
import { expect, test } from 'vitest'
import { wrapLambda } from 'sealed-session/lambda'
import { untyped } from '../support/mint.ts'
import { createTestSessions } from './application.ts'

const sessions = createTestSessions()
interface Path {
  path: string
}

const context = untyped<Context>({ awsRequestId: 'example' })
const callback: Callback = () => {}

function eventOf(source: string): unknown {
  const file = new URL(`../support/fixtures/lambda/${source}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

test('a handler for a REST API', async () => {
  const handler: APIGatewayProxyHandler = wrapLambda(
    sessions,
    async (event: APIGatewayProxyEvent, session, { awsRequestId }: Context) => {
      session.set('message', event.path)
      return { statusCode: 200, body: awsRequestId }
    },
  )
  const result = await handler(untyped(eventOf('api-gateway-v1')), context, callback)
  expect(result).toMatchObject({ statusCode: 200, body: 'example' })
  expect(result).toHaveProperty('multiValueHeaders.Set-Cookie.length', 1)
})

test('a handler for an HTTP API and one for a function URL', async () => {
  const wrapped = wrapLambda(sessions, async ({ rawPath }: APIGatewayProxyEventV2, session) => {
    session.set('message', rawPath)
    return { path: rawPath }
  })
  const handler: APIGatewayProxyHandlerV2<Path> = wrapped
  const url: LambdaFunctionURLHandler<Path> = wrapped
  for (const [each, source] of [
    [handler, 'api-gateway-v2'],
    [url, 'function-url'],
  ] as const) {
    const result = await each(untyped(eventOf(source)), context, callback)
    expect(result).toMatchObject({ statusCode: 200, body: '{"path":"/shop/cart"}' })
    expect(result).toHaveProperty('cookies.length', 1)
  }
})

test('a handler for a load balancer', async () => {
  const handler: ALBHandler = wrapLambda(sessions, async (event: ALBEvent, session) => {
    session.set('message', event.path)
    return { statusCode: 200, body: 'ab' }
  })
  const result = await handler(untyped(eventOf('load-balancer')), context, callback)
  expect(result).toHaveProperty('headers.Set-Cookie')
})
