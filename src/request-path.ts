/**
 * Brings the paths of requests and of routes into one spelling, in which routes compare them. Pure. Spellings
 * that a backend may resolve to one path are one path here. A path that two backends could resolve to two
 * paths is refused. docs/first-bytes.md has the rule. This file must never change what is forwarded.
 */

export type ComparedPath =
  | {
      readonly kind: 'path'
      /** An octet that needs no encoding stands as it is, any other as `%` and two capital hex digits. */
      readonly path: string
    }
  /** `reason` holds no text of the client's. */
  | { readonly kind: 'refused'; readonly reason: string }

/** ASCII, encoded in more bytes than UTF-8 allows. Some decoders accept it. */
const OVERLONG = /%c[01]%[89ab][0-9a-f]|%e0%[89][0-9a-f]|%f0%8[0-9a-f]/i
/** A dot segment. Any part of it may be encoded, and any kind of slash or a parameter may follow. */
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:\/|%2f|%5c|;|%3b|$)/i
const ENCODED_SLASH = /%2f/i
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/%(?![0-9a-f]{2})/i, 'broken encoding in the path'],
  [/\\|%5c/i, 'backslash in the path'],
  [/%00/, 'NUL in the path'],
  [OVERLONG, 'overlong encoding in the path'],
  [DOT_SEGMENT, 'dot segment in the path'],
]
const ENCODED_OR_STRANGE = /%([0-9a-f]{2})|[^\w.~!$&'()*+,=:@-]/gi
/** RFC 3986 section 3.3: `pchar` without the semicolon, which begins a parameter where it is not encoded. */
const NEEDS_NO_ENCODING = /^[\w.~!$&'()*+,=:@-]$/

/** `path` is the path of a request target, without its query. `*` stays `*`. */
export function comparePath(path: string, allowsEncodedSlash: boolean): ComparedPath {
  if (!allowsEncodedSlash && ENCODED_SLASH.test(path)) {
    return { kind: 'refused', reason: 'encoded slash in the path' }
  }
  const [, reason] = REFUSED.find(([pattern]) => pattern.test(path)) ?? []
  return reason === undefined ? { kind: 'path', path: inOneSpelling(path) } : { kind: 'refused', reason }
}

/** Says what is wrong with the path of a route. Undefined: nothing is wrong. */
export function explainRoutePath(text: string): string | undefined {
  if (text.includes(';')) return 'routes ignore ";" and the text after it: write the path without them'
  if (ENCODED_SLASH.test(text)) return 'write "/" instead of "%2F": routes treat both alike'
  const compared = comparePath(octetsOf(text), false)
  return compared.kind === 'refused'
    ? `millrace refuses requests with a ${compared.reason}: write another path`
    : undefined
}

/** The path of a route as it is compared. `explainRoutePath` must have accepted `text`. */
export const routePath = (text: string): string => inOneSpelling(octetsOf(text))

/** Letters outside ASCII are compared as UTF-8, which is how clients encode them. */
const octetsOf = (text: string): string => Buffer.from(text).toString('latin1')

/** An encoded slash becomes a slash, because a backend that decodes it sees one. */
function inOneSpelling(path: string): string {
  const segments = path.replaceAll(/%2f/gi, '/').split('/')
  const spelled = segments.map((segment) => withoutParameters(segment).replace(ENCODED_OR_STRANGE, spell))
  return spelled.join('/').replaceAll(/\/{2,}/g, '/')
}

const withoutParameters = (segment: string): string => segment.split(';', 1)[0] ?? ''

function spell(octet: string, digits: string | undefined): string {
  const code = digits === undefined ? octet.charCodeAt(0) : Number.parseInt(digits, 16)
  const character = String.fromCharCode(code)
  if (NEEDS_NO_ENCODING.test(character)) return character
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
}
