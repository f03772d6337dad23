// src/app.d.ts
import type { Session } from 'sealed-session'
import type { Data } from './lib/server/session'

declare global {
  namespace App {
    interface Locals {
      session: Session<Data>
    }
  }
}
