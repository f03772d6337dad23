// src/notes.controller.ts
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  Post,
  Redirect,
  Res,
  StreamableFile,
} from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { Readable } from 'node:stream'
import { renderHome, report } from './pages.js'
import { CurrentSession, type UserSession } from './session.js'

@Controller()
export class NotesController {
  readonly #host: HttpAdapterHost

  constructor(host: HttpAdapterHost) {
    this.#host = host
  }

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  home(@CurrentSession() session: UserSession): string {
    return renderHome({ user: session.get('user'), messages: session.flash('notice') })
  }

  @Post('login')
  @Redirect('/', 303)
  login(@CurrentSession() session: UserSession, @Body('user') user: unknown): void {
    if (typeof user !== 'string') throw new BadRequestException('no user')
    session.regenerate()
    session.set('user', user)
    session.flash('notice', 'Welcome')
  }

  @Post('logout')
  @Redirect('/', 303)
  logout(@CurrentSession() session: UserSession): void {
    session.destroy()
  }

  @Get('me')
  me(@CurrentSession() session: UserSession): object {
    return { user: session.get('user'), notes: session.get('notes', '').length }
  }

  @Post('notes')
  @Redirect('/', 303)
  keep(@CurrentSession() session: UserSession, @Body('text') text: unknown): void {
    if (typeof text !== 'string') throw new BadRequestException('no text')
    session.set('notes', text)
  }

  @Post('fail')
  fail(@CurrentSession() session: UserSession): void {
    session.set('notes', 'never kept')
    throw new Error('the database is gone')
  }

  @Get('stream')
  stream(@CurrentSession() session: UserSession): StreamableFile {
    // Before the body, because cookies are sent before it.
    session.set('visits', session.get('visits', 0) + 1)
    const lines = Readable.from(report(session.get('visits', 0)), { objectMode: false })
    return new StreamableFile(lines, { type: 'text/plain' })
  }

  @Get('upstream')
  async upstream(
    @CurrentSession() session: UserSession,
    @Res({ passthrough: true }) reply: unknown,
  ): Promise<StreamableFile> {
    session.set('visits', session.get('visits', 0) + 1)
    const { headers, body } = await fetch(process.env.UPSTREAM ?? '')
    for (const name of ['cache-control', 'cdn-cache-control']) {
      const value = headers.get(name)
      if (value !== null) this.#host.httpAdapter.setHeader(reply, name, value)
    }
    return new StreamableFile(Readable.from(body ?? [], { objectMode: false }))
  }

  @Get('health')
  health(): string {
    return 'ok'
  }
}
