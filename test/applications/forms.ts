// What a browser without scripts does with a page: it reads messages, and sends forms.

import type { Visitor } from '../support/visitor.ts'

/** A form of a page, as it would be sent. */
interface Form {
  readonly action: string
  readonly isMultipart: boolean
  /** Its hidden fields: frameworks name the action to run in one. */
  readonly hidden: readonly (readonly [name: string, value: string])[]
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

/** Sends the form of the page `/` that has a button or a field with this text in its markup. */
export async function sendForm(
  visitor: Visitor,
  mark: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const html = await (await visitor.visit('/')).text()
  const form = findForm(html, mark)
  const all = [...form.hidden, ...Object.entries(fields)]
  const body = form.isMultipart ? new FormData() : new URLSearchParams()
  for (const [name, value] of all) body.append(name, value)
  return visitor.visit(resolve(form.action), { method: 'POST', body })
}

/** Returns the texts of the messages that a page shows. */
export function findMessages(html: string): string[] {
  return Array.from(html.matchAll(/<p\b[^>]*\brole="status"[^>]*>([\s\S]*?)<\/p>/g), ([, text]) =>
    decode((text ?? '').replace(/<[^>]*>/g, '')).trim(),
  ).filter((text) => text !== '')
}

function findForm(html: string, mark: string): Form {
  for (const [, head = '', inner = ''] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    if (!inner.includes(mark)) continue
    return {
      action: attribute(head, 'action') ?? '',
      isMultipart: attribute(head, 'enctype') === 'multipart/form-data',
      hidden: Array.from(inner.matchAll(/<input\b([^>]*)>/g), ([, field = '']) => field)
        .filter((field) => attribute(field, 'type') === 'hidden')
        .map((field) => [attribute(field, 'name') ?? '', attribute(field, 'value') ?? '']),
    }
  }
  throw new Error(`the page has no form with ${JSON.stringify(mark)}: ${html.slice(0, 2000)}`)
}

function attribute(head: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(
    head,
  )
  const value = match?.[1] ?? match?.[2] ?? match?.[3]
  return value === undefined ? undefined : decode(value)
}

/** Returns the path that an `action` of the page `/` leads to. */
function resolve(action: string): string {
  const { pathname, search } = new URL(action, 'http://page.test/')
  return pathname + search
}

function decode(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (entity, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return ENTITIES[name] ?? entity
  })
}
