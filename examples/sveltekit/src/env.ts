// src/env.ts
import { defineEnvVars } from '@sveltejs/kit/env'

export const variables = defineEnvVars({
  SESSION_SECRETS: { schema: (value) => value }, // may be missing while pages are prerendered
})
