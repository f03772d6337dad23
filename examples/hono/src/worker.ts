// src/worker.ts
export { app as default } from './app.js'
