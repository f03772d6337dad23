// src/schema.ts
import { createSchema, type Plugin } from 'graphql-yoga'
import type { Session } from 'sealed-session'
import type { Data } from './session.js'

export interface Context {
  session: Session<Data>
}

export const schema = createSchema<Context>({
  typeDefs: `
    type Me {
      user: String
      notes: Int!
    }
    type Query {
      me: Me!
    }
    type Mutation {
      login(user: String!): Boolean
      logout: Boolean
      "The messages, each once."
      takeNotices: [String!]!
      keep(text: String!): Boolean
      fail: Boolean
    }
    type Subscription {
      report: String!
    }
  `,
  resolvers: {
    Query: {
      me: (_, __, { session }) => ({
        user: session.get('user'),
        notes: session.get('notes', '').length,
      }),
    },
    Mutation: {
      login(_, { user }: { user: string }, { session }) {
        session.regenerate()
        session.set('user', user)
        session.flash('notice', 'Welcome')
        return true
      },
      logout(_, __, { session }) {
        session.destroy()
        return true
      },
      takeNotices: (_, __, { session }) => session.flash('notice'),
      keep(_, { text }: { text: string }, { session }) {
        session.set('notes', text)
        return true
      },
      fail(_, __, { session }) {
        session.set('notes', 'never kept')
        throw new Error('the database is gone')
      },
    },
    Subscription: {
      report: {
        subscribe(_, __, { session }) {
          const visits = session.get('visits', 0) + 1
          session.set('visits', visits) // before the first yield, because cookies are sent before it
          return report(visits)
        },
      },
    },
  },
})

/** Leaves the session unchanged if a resolver fails. */
export const discardOnErrors: Plugin<object, Context> = {
  onExecutionResult({ result, context: { session } }) {
    if (result !== undefined && 'errors' in result && result.errors) session.discard()
  },
}

async function* report(visits: number): AsyncGenerator<{ report: string }> {
  for (const line of [`visit ${visits}`, 'first line', 'second line', 'last line']) {
    yield { report: line }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
