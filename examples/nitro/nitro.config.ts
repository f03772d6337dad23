// nitro.config.ts
import { defineNitroConfig } from 'nitro/config'

export default defineNitroConfig({
  compatibilityDate: '2026-06-01',
  errorHandler: './lib/error.ts',
})
