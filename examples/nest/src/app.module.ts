// src/app.module.ts
import { Module } from '@nestjs/common'
import { APP_FILTER } from '@nestjs/core'
import { NotesController } from './notes.controller.js'
import { SessionFilter } from './session.filter.js'

@Module({
  controllers: [NotesController],
  providers: [{ provide: APP_FILTER, useClass: SessionFilter }],
})
export class AppModule {}
