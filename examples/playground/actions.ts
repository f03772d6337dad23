// The actions of the buttons on a session. The page shows the source of these functions.

import type { Session } from 'sealed-session'
import type { Data } from './configuration.ts'
import { MUCH, TOO_MUCH } from './sample.ts'
import { valueOf } from './value.ts'

export function set(session: Session<Data>, key: string, value: string): void {
  session.set(key, valueOf(value))
}

export function remove(session: Session<Data>, key: string): void {
  session.delete(key)
}

export function clear(session: Session<Data>): void {
  session.clear()
}

export function login(session: Session<Data>, user: string, remember: boolean): void {
  session.regenerate({
    keep: ['cart'],
    lifetime: remember ? 'remembered' : undefined,
  })
  session.set('user', user)
}

export function logout(session: Session<Data>): void {
  session.destroy()
}

export function renewId(session: Session<Data>): void {
  session.renewId()
}

export function bind(session: Session<Data>): void {
  session.bindToDevice()
}

export function touch(session: Session<Data>): void {
  session.touch()
}

export function fill(session: Session<Data>): void {
  for (const [key, value] of Object.entries(MUCH)) session.set(key, value)
}

export function shrink(session: Session<Data>): void {
  for (const key of Object.keys(MUCH)) session.delete(key)
}

export function overfill(session: Session<Data>): void {
  for (const [key, value] of Object.entries(TOO_MUCH)) session.set(key, value)
}
