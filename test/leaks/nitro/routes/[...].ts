import { defineHandler } from 'nitro/h3'

export default defineHandler(() => ({ page: 'the same for everybody' }))
