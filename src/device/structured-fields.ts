// The structured fields of the protocol (RFC 9651): items that are strings or tokens, inner lists of
// tokens, and their parameters.

/** Parameters of an item or an inner list. Values are strings here. */
export type FieldParameters = Readonly<Record<string, string>>

const FIELD_STRING = String.raw`"(?:[ !#-[\]-~]|\\["\\])*"`
const FIELD_TOKEN = "[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*"

/** Every kind of bare item, because parameters allow them all. Their values are ignored here. */
const BARE_ITEMS = [
  FIELD_STRING,
  FIELD_TOKEN,
  String.raw`-?(?:[0-9]{1,12}\.[0-9]{1,3}|[0-9]{1,15})`, // Integer, Decimal
  ':[A-Za-z0-9+/=]*:', // Byte Sequence
  String.raw`\?[01]`, // Boolean
  '@-?[0-9]{1,15}', // Date
  '%"(?:[ !#$&-~]|%[0-9a-f]{2})*"', // Display String
]

const PARAMETER = String.raw`; *[a-z*][a-z0-9_.*-]*(?:=(?:${BARE_ITEMS.join('|')}))?`

const ITEM = new RegExp(`^ *(${FIELD_STRING}|${FIELD_TOKEN})(?:${PARAMETER})* *$`)

/**
 * Returns the value of an item that is a string or a token; `undefined` for any other. Its
 * parameters are checked and ignored, because the protocol defines none for the fields that are
 * read.
 */
export function parseItem(field: string): string | undefined {
  const [, item] = ITEM.exec(field) ?? []
  if (item?.startsWith('"') !== true) return item
  return item.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

/** Returns an item that is a string, with its parameters. */
export function formatItem(text: string, parameters: FieldParameters): string {
  return formatString(text) + formatParameters(parameters)
}

/** Returns an inner list of tokens, with its parameters. */
export function formatInnerList(tokens: readonly string[], parameters: FieldParameters): string {
  return `(${tokens.join(' ')})${formatParameters(parameters)}`
}

function formatParameters(parameters: FieldParameters): string {
  return Object.entries(parameters)
    .map(([key, value]) => `;${key}=${formatString(value)}`)
    .join('')
}

/** Formats a string. All of ours are ASCII: challenges, ids and a path that the option has checked. */
function formatString(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
