/**
 * The target of a request (RFC 9112 section 3.2) in the forms that are served: `/path?query`, `http://host/path`
 * and `*`. Pure. The target is forwarded as it came; what its path means to routes is `request-path.ts`'s to say.
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
  return undefined
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
