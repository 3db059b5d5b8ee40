/**
 * Reads the head of an HTTP/1.1 or 1.0 request off the first bytes of a connection. Pure and without memory
 * between calls. It must never accept what a backend could read as another request than was routed.
 */
import { readAuthority } from './authority.js'
import { type Field, type Framing, type HttpVersion, readFraming, valuesOf } from './fields.js'
import { type Grammar, type HeadAnswer, type Refusal, readHead, refuse } from './head.js'
import { readTarget, wrongTarget } from './target.js'

export interface RequestHead extends Framing {
  readonly method: string
  /** As it was sent, with the query: not for logs. */
  readonly target: string
  /** Of the target, without the query, spelled as it came. `*` where the target is that. */
  readonly path: string
  readonly version: HttpVersion
  /** Host, and port where one was named, in small letters, no trailing dot. Empty where HTTP/1.0 named none. */
  readonly authority: string
  /** Of the authority, without port or brackets. */
  readonly host: string
  /** In the order in which they were sent. */
  readonly fields: readonly Field[]
}

/** Every registered method is of capitals and hyphens; the longest has 17. */
const METHOD = /^[A-Z][A-Z-]*$/
const METHOD_MAX_CHARS = 24
const VERSION = /^HTTP\/\d\.\d$/
const SAMPLE_VERSION = 'HTTP/1.1'
const VERSIONS: ReadonlyMap<string, HttpVersion> = new Map([
  ['HTTP/1.0', '1.0'],
  ['HTTP/1.1', '1.1'],
])

/** RFC 9112 section 2.2: a server ignores empty lines before the first, which some clients send behind a body. */
const REQUEST: Grammar<RequestHead> = { mayFollowEmptyLines: true, checkStart, read }

/**
 * The request head that `bytes` begin with; what follows it is not looked at. `need-more` is never answered to 16 KiB
 * or more. A wrong byte is refused with the call that brings it.
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

/** `line` was checked. */
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
