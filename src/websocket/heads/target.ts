/**
 * The target of a request (RFC 9112 section 3.2) in the forms that are served: `/path?query`,
 * `http://host/path` and `*`. Pure. The target is forwarded as it came. `request-path.ts` decides what its
 * path means to routes.
 */
import { type Authority, readAuthority } from './authority.js'

export interface Target {
  /** Begins with a slash, without the query, encoded as it came. `*` if the target is `*`. */
  readonly path: string
  /** Set for the absolute form only. */
  readonly authority: Authority | undefined
}

const SCHEMES = ['http://', 'https://']
/** Visible ASCII without `#`, which begins a fragment. No client sends one. */
const BYTES = /^[\x21-\x22\x24-\x7e]*$/
const TARGET = /^(?:https?:\/\/([^/?]*))?(\/[^?]*)?(\?.*)?$/i

/** What is wrong with the target, as far as it has come. */
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

/** `text` was checked before. */
export function readTarget(text: string): Target {
  if (text === '*') return { path: text, authority: undefined }
  const [, authority, path = '/'] = TARGET.exec(text)!
  return { path, authority: authority === undefined ? undefined : readAuthority(authority) }
}

function canBecomeAbsolute(text: string): boolean {
  return SCHEMES.some((scheme) => scheme.startsWith(text.toLowerCase()))
}
