// The state that a response reports while its head is held back: that it is sent, as it would be
// without sessions.

import { ownProperties } from '../validate.ts'
import { HEAD } from './head.ts'
import type { Head, ResponseWithHead } from './head.ts'
import { throwHeadersSent } from './node-arguments.ts'
import { isMethod } from './node-response.ts'
import type { Method } from './node-response.ts'

/**
 * Makes a response report that its head is sent while it is held back. Installed with the first
 * held call, because most responses have none.
 */
export function reportAsSent(head: Head): void {
  if (head.hidden !== undefined) return
  const { response } = head
  const names = Object.keys(REPORTED).filter((name) => name in response)
  const hidden: object = Object.create(Object.getPrototypeOf(response))
  // Other middleware may have defined some of these members on the response itself.
  for (const name of names.filter((each) => Object.hasOwn(response, each))) {
    const descriptor = Reflect.getOwnPropertyDescriptor(response, name) ?? {}
    Object.defineProperty(hidden, name, ownProperties(descriptor))
  }
  head.hidden = hidden
  for (const name of names) {
    Object.defineProperty(response, name, ownProperties(REPORTED[name] ?? {}))
  }
}

const REPORTED: Readonly<Record<string, PropertyDescriptor>> = {
  headersSent: {
    configurable: true,
    get(this: ResponseWithHead): unknown {
      return this[HEAD].phase === 'held' || hiddenMember(this, 'headersSent')
    },
  },
  writableEnded: {
    configurable: true,
    get(this: ResponseWithHead): unknown {
      const { phase, heldCalls } = this[HEAD]
      if (phase !== 'held') return hiddenMember(this, 'writableEnded')
      return heldCalls.some(({ name }) => name === 'end')
    },
  },
  setHeader: unlessHeld('setHeader', throwHeadersSent),
  setHeaders: unlessHeld('setHeaders', throwHeadersSent),
  appendHeader: unlessHeld('appendHeader', throwHeadersSent),
  removeHeader: unlessHeld('removeHeader', throwHeadersSent),
  // Middleware calls it if it finds that the head is not sent yet.
  _implicitHeader: unlessHeld('_implicitHeader', () => undefined),
}

/** Describes a method that behaves differently while the head is held back. */
function unlessHeld(name: string, instead: Method): PropertyDescriptor {
  return {
    configurable: true,
    writable: true,
    value(this: ResponseWithHead, ...args: unknown[]): unknown {
      if (this[HEAD].phase === 'held') return instead()
      const method = hiddenMember(this, name)
      return isMethod(method) ? Reflect.apply(method, this, args) : undefined
    },
  }
}

function hiddenMember(response: ResponseWithHead, name: string): unknown {
  return Reflect.get(response[HEAD].hidden ?? {}, name, response)
}
