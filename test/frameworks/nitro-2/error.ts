import { defineNitroErrorHandler } from 'nitropack/runtime'
import { answerTooLarge } from '../scenario/h3-1-routes.ts'

export default defineNitroErrorHandler((error, event) => answerTooLarge(error, event))
