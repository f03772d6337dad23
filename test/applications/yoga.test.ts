// The GraphQL Yoga example, used by a client of GraphQL.

import type { Visitor } from '../support/visitor.ts'
import { describeExample } from './scenario.ts'

function run(visitor: Visitor, query: string, variables: object = {}): Promise<Response> {
  return visitor.visit('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
}

describeExample({
  folder: 'yoga',
  page: 'yoga',
  framework: 'GraphQL Yoga',
  package: 'graphql-yoga',
  runtime: 'Node.js',
  // A resolver returns values: no response of another server.
  without: ['upstream'],
  actions: {
    login: (visitor, user) =>
      run(visitor, 'mutation ($user: String!) { login(user: $user) }', { user }),
    logout: (visitor) => run(visitor, 'mutation { logout }'),
    keep: (visitor, text) =>
      run(visitor, 'mutation ($text: String!) { keep(text: $text) }', { text }),
    fail: (visitor) => run(visitor, 'mutation { fail }'),
    me: (visitor) => run(visitor, '{ me { user notes } }'),
    async readMe(response) {
      const { data } = (await response.json()) as {
        data: { me: { user: string | null; notes: number } }
      }
      const { user, notes } = data.me
      return user === null ? { notes } : { user, notes }
    },
    async messages(visitor) {
      const response = await run(visitor, 'mutation { takeNotices }')
      return ((await response.json()) as { data: { takeNotices: string[] } }).data.takeNotices
    },
    async stream(visitor) {
      const response = await run(visitor, 'subscription { report }')
      const events = (await response.text()).matchAll(/"report":"([^"]*)"/g)
      return new Response(Array.from(events, ([, line]) => line).join('\n'), response)
    },
  },
  // What a resolver throws is part of an answer.
  failureStatus: 200,
})
