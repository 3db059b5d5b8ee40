/**
 * Reads the head of an HTTP/1.1 or 1.0 request from the first bytes of a connection. Pure, without memory
 * between calls. It must never accept bytes that a backend could read as another request than the one that
 * was routed.
 */
import { readAuthority } from './authority.js'
import { type Field, type Framing, type HttpVersion, readFraming, valuesOf } from './fields.js'
import { type Grammar, type HeadAnswer, type Refusal, readHead, refuse } from './head.js'
import { readTarget, wrongTarget } from './target.js'

export interface RequestHead extends Framing {
  readonly method: string
  /** As it was sent, with the query. Not for logs. */
  readonly target: string
  /** Path of the target, without the query, spelled as it came. `*` if the target is `*`. */
  readonly path: string
  readonly version: HttpVersion
  /** Host, and port if one was named, in lower case, no trailing dot. Empty if HTTP/1.0 named none. */
  readonly authority: string
  /** Host of the authority, without port or brackets. */
  readonly host: string
  /** In the order in which they were sent. */
  readonly fields: readonly Field[]
}

/** Every registered method has only capitals and hyphens. The longest one has 17 characters. */
const METHOD = /^[A-Z][A-Z-]*$/
const METHOD_MAX_CHARS = 24
const VERSION = /^HTTP\/\d\.\d$/
const SAMPLE_VERSION = 'HTTP/1.1'
const VERSIONS: ReadonlyMap<string, HttpVersion> = new Map([
  ['HTTP/1.0', '1.0'],
  ['HTTP/1.1', '1.1'],
])

/** RFC 9112 section 2.2: servers ignore empty lines before the first. Some clients send them after a body. */
const REQUEST: Grammar<RequestHead> = { mayFollowEmptyLines: true, checkStart, read }

/**
 * Reads the request head at the start of `bytes`, and does not look at what follows. It never says
 * `need-more` to 16 KiB or more. It refuses a wrong byte in the call that brings it.
 */
export function readRequestHead(bytes: Buffer): HeadAnswer<RequestHead> {
  return readHead(bytes, REQUEST)
}

function checkStart(line: string, isWhole: boolean): Refusal | undefined {
  const parts = line.split(' ')
  const [method = '', target, version] = parts
  const refusal =
    checkMethod(method, isWhole || target !== undefined) ??
    (target === undefined ? undefined : checkTarget(method, target, isWhole || version !== undefined)) ??
    (version === undefined ? undefined : checkVersion(version, isWhole))
  if (refusal !== undefined) return refusal
  if (parts.length > 3) return refuse('bad version')
  return isWhole && version === undefined ? refuse('request line cut short') : undefined
}

function checkMethod(method: string, isWhole: boolean): Refusal | undefined {
  if (!METHOD.test(method) && (isWhole || method !== '')) return refuse('bad method')
  if (method.length > METHOD_MAX_CHARS) return refuse('unknown method', 501)
  return isWhole && method === 'CONNECT' ? refuse('CONNECT is not served', 501) : undefined
}

function checkTarget(method: string, target: string, isWhole: boolean): Refusal | undefined {
  if (target === '*' && method !== 'OPTIONS') return refuse('target * of another method than OPTIONS')
  const wrong = wrongTarget(target, isWhole)
  return wrong === undefined ? undefined : refuse(wrong)
}

function checkVersion(version: string, isWhole: boolean): Refusal | undefined {
  const whole = isWhole ? version : version + SAMPLE_VERSION.slice(version.length)
  if (!VERSION.test(whole)) return refuse('bad version')
  return VERSIONS.has(whole) ? undefined : refuse('HTTP version not served', 505)
}

/** `line` was checked before. */
function read(line: string, fields: readonly Field[], isWhole: boolean): RequestHead | string {
  const [method, target, lastPart] = line.split(' ') as [string, string, string]
  const version = VERSIONS.get(lastPart)!
  const hosts = valuesOf(fields, 'host')
  if (hosts.length > 1) return 'Host twice'
  if (hosts.length === 0 && isWhole && version === '1.1') return 'no Host'

  const named = hosts.map(readAuthority)[0]
  const { path, authority: ofTarget } = readTarget(target)
  if (hosts.length > 0 && named === undefined) return 'bad Host'
  if (named !== undefined && ofTarget !== undefined && named.text !== ofTarget.text) {
    return 'Host and target name two authorities'
  }
  const framing = readFraming(fields, version, 'client')
  if (typeof framing === 'string') return framing
  const { text: authority, host } = named ?? ofTarget ?? { text: '', host: '' }
  return { method, target, path, version, authority, host, fields, ...framing }
}
