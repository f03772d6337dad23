import { defineEnvVars } from '@sveltejs/kit/env'

export const variables = defineEnvVars({
  SESSION_SECRETS: { schema: (value) => value },
})
