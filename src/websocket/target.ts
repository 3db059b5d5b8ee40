/**
 * The target of a request (RFC 9112 section 3.2) in the forms that are served: `/path?query`, `http://host/path`
 * and `*`. Pure. The target is forwarded as it came, so a path that a backend could resolve to another one than was
 * routed by is refused rather than resolved: dot segments, plain, encoded, behind an encoded slash, or with a
 * parameter (`/..;x/`). Other encodings are left alone.
 */
import { type Authority, readAuthority } from './authority.js'

export interface Target {
  /** Begins with a slash, without the query, encoded as it came. `*` where the target is that. */
  readonly path: string
  /** Of the absolute form only. */
  readonly authority: Authority | undefined
}

const SCHEMES = ['http://', 'https://']
/** Visible ASCII, less the `#` of a fragment, which no client sends. */
const BYTES = /^[\x21-\x22\x24-\x7e]*$/
const TARGET = /^(?:https?:\/\/([^/?]*))?(\/[^?]*)?(\?.*)?$/i
const BROKEN_ENCODING = /%(?![0-9a-f]{2})/i
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:\/|%2f|%5c|;|$)/i
/** Every path that can still become a good one is one with this end. */
const GOOD_END = '00'

/** What cannot be right in the target, or in as much of it as there is. */
export function wrongTarget(text: string, isWhole: boolean): string | undefined {
  if (!BYTES.test(text)) return 'bad byte in the target'
  if (text === '*' || (!isWhole && canBecomeAbsolute(text))) return undefined
  const match = TARGET.exec(text)
  if (match === null) return 'target of no known form'
  const [, authority, path, query] = match
  if (authority === undefined && path === undefined) return 'target of no known form'
  const isAuthorityWhole = isWhole || path !== undefined || query !== undefined
  if (authority !== undefined && isAuthorityWhole && readAuthority(authority) === undefined) {
    return 'bad authority in the target'
  }
  return path === undefined ? undefined : wrongPath(isWhole || query !== undefined ? path : path + GOOD_END)
}

/** `text` has nothing wrong. */
export function readTarget(text: string): Target {
  if (text === '*') return { path: text, authority: undefined }
  const [, authority, path = '/'] = TARGET.exec(text)!
  return { path, authority: authority === undefined ? undefined : readAuthority(authority) }
}

function canBecomeAbsolute(text: string): boolean {
  return SCHEMES.some((scheme) => scheme.startsWith(text.toLowerCase()))
}

function wrongPath(path: string): string | undefined {
  if (path.includes('\\')) return 'backslash in the path'
  if (BROKEN_ENCODING.test(path)) return 'broken encoding in the path'
  return DOT_SEGMENT.test(path) ? 'dot segment in the path' : undefined
}
