/**
 * Fields of an HTTP head (RFC 9110 section 5): how to look one up, how to read a list, and what the fields
 * say about the length of a body. Pure. It must never guess a length. If two readers of one message disagree
 * about where it ends, requests can be smuggled.
 */

/** One line as it was sent. The name is in the sender's spelling. The value has no white space around it. */
export interface Field {
  readonly name: string
  readonly value: string
}

export type HttpVersion = '1.0' | '1.1'

/** Who sent the message. A fault that millrace tolerates in a backend could be an attack by a client. */
export type Sender = 'client' | 'backend'

/** How long the body is, as far as the fields say. */
export interface Framing {
  /** `none`: the fields name no body. `Content-Length: 0` is `length`. */
  readonly bodyKind: 'none' | 'length' | 'chunked'
  /** Bytes. 0 unless `bodyKind` is `length`. */
  readonly contentLength: number
}

/** No leading zeros, which some read as octal, and small enough to be counted exactly. */
const LENGTH = /^(?:0|[1-9]\d{0,14})$/

/** Values of all fields with that name (in lower case), in order. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter((field) => field.name.toLowerCase() === name).map((field) => field.value)
}

/** Elements of the comma-separated list that all fields with that name make together, in lower case. */
export function tokensOf(fields: readonly Field[], name: string): string[] {
  const elements = valuesOf(fields, name).flatMap((value) => value.split(','))
  return elements.map((element) => trimSpace(element).toLowerCase()).filter((element) => element !== '')
}

/** `name` and `token` are in lower case. */
export function hasToken(fields: readonly Field[], name: string, token: string): boolean {
  return tokensOf(fields, name).includes(token)
}

/** What the fields say about the body, or what is wrong with them. */
export function readFraming(
  fields: readonly Field[],
  version: HttpVersion,
  sender: Sender,
): Framing | string {
  const length = readLength(fields, sender)
  const [coding, ...moreCodings] = valuesOf(fields, 'transfer-encoding')
  if (typeof length === 'string') return length
  if (coding === undefined) {
    return { bodyKind: length === undefined ? 'none' : 'length', contentLength: length ?? 0 }
  }
  if (length !== undefined) return 'Content-Length with Transfer-Encoding'
  if (version === '1.0') return 'Transfer-Encoding in HTTP/1.0'
  if (moreCodings.length > 0 || coding.toLowerCase() !== 'chunked')
    return 'Transfer-Encoding other than chunked'
  return { bodyKind: 'chunked', contentLength: 0 }
}

/**
 * Returns bytes, undefined if no length is named, or what is wrong. A backend may name the same length
 * several times (RFC 9110 section 8.6) and pad it with zeros.
 */
export function readLength(fields: readonly Field[], sender: Sender): number | string | undefined {
  const values = valuesOf(fields, 'content-length')
  const isForgiven = sender === 'backend'
  const lengths = isForgiven ? values.flatMap((value) => value.split(',').map(unpadded)) : values
  if (new Set(lengths).size > 1 || (values.length > 1 && !isForgiven)) return 'Content-Length twice'
  const [length] = lengths
  if (length === undefined) return undefined
  return LENGTH.test(length) ? Number(length) : 'bad Content-Length'
}

const unpadded = (length: string): string => trimSpace(length).replace(/^0+(?=\d)/, '')

/** Removes spaces and tabs only. `trim` would also remove bytes that are letters in some encoding. */
export function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text, start)) start++
  while (end > start && isSpace(text, end - 1)) end--
  return text.slice(start, end)
}

const isSpace = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t'
