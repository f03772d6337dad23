// src/server.ts
import { createServer } from 'node:http'
import { createRequestListener } from '@remix-run/node-fetch-server'
import { router } from './app.js'

const server = createServer(createRequestListener((request) => router.fetch(request)))
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
