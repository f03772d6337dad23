import cookieSession from 'cookie-session'
import { startExpress } from './express.ts'
import { SECRET } from './writer.ts'
import type { Write } from './writer.ts'

export const write: Write = startExpress(
  cookieSession({ name: 'session', keys: [SECRET] }),
  (request, change) => {
    const data = change({ ...request.session })
    if (data === undefined) Reflect.set(request, 'session', null)
    else Object.assign(request.session ?? {}, data)
  },
)
