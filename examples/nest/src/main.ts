// src/main.ts
import { NestFactory } from '@nestjs/core'
import { nodeSessions } from 'sealed-session/node'
import { AppModule } from './app.module.js'
import { sessions } from './session.js'

const app = await NestFactory.create(AppModule)
app.use(nodeSessions(sessions).middleware)
await app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
