// src/session.ts
import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { createSessions, type Session } from 'sealed-session'

export interface Data {
  user: string
  notes: string
  visits: number
}

/** The session in the type of a parameter, `@CurrentSession() session: UserSession`. */
export type UserSession = Session<Data>

export const sessions = createSessions<Data>({
  secrets: process.env.SESSION_SECRETS,
  limits: 'node',
})

export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): UserSession =>
    context.switchToHttp().getRequest<{ session: UserSession }>().session,
)
