// src/session.filter.ts
import { Catch, PayloadTooLargeException, type ArgumentsHost } from '@nestjs/common'
import { BaseExceptionFilter } from '@nestjs/core'
import { SessionTooLargeError } from 'sealed-session'
import type { UserSession } from './session.js'

@Catch()
export class SessionFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const { session } = host.switchToHttp().getRequest<{ session?: UserSession }>()
    session?.discard() // what the handler that failed has changed, if the session could be opened
    const tooLarge = error instanceof SessionTooLargeError
    super.catch(tooLarge ? new PayloadTooLargeException('too large') : error, host)
  }
}
