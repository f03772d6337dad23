// The application's own declaration, because the library makes none.

import type { WithExpressSession } from 'sealed-session/express'

declare global {
  namespace Express {
    interface Request extends WithExpressSession {}
  }
}
