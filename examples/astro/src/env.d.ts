// src/env.d.ts
import type { Session } from 'sealed-session'
import type { Data } from './session'

declare global {
  namespace App {
    interface Locals {
      session: Session<Data>
    }
  }
}
