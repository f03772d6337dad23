// src/main-fastify.ts
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { fastifySession } from 'sealed-session/fastify'
import { AppModule } from './app.module.js'
import { sessions } from './session.js'

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
await app.register(fastifySession, { sessions })
await app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
