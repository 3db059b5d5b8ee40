/**
 * The request head as it goes to a backend. It is byte for byte what the client sent, except for a few
 * fields. These say who the client is and, if no other request follows, that the connection closes. Pure. Our
 * fields stand first, because backends that keep only so many fields drop the last ones. It must never change
 * the first line, `Host`, or the fields that say how long the body is.
 */
import { isIPv6 } from 'node:net'
import { type Field, valuesOf } from '../heads/fields.js'
import { headLines, MOST_FIELDS, MOST_HEAD_BYTES, type Refusal, tooLarge } from '../heads/head.js'
import type { RequestHead } from '../heads/request-head.js'
import { isForwardingName, plainName } from './forwarding-names.js'
import { oneHopNames } from './one-hop.js'

export interface ForwardFacts {
  /** IP address of the client. Undefined if it has none, as on a unix socket. */
  readonly clientHost: string | undefined
  /** `https` if the client's TLS ends here, otherwise `http`. */
  readonly proto: 'http' | 'https'
  /**
   * What happens to the fields that say who the client is. `replace`: those of `forwarding-names.ts` are
   * dropped, and millrace sets `X-Forwarded-For`, `-Proto` and `-Host`. It is for clients that nobody trusts.
   * `forwarded`: the same, but millrace sets `Forwarded`. `append`: millrace adds the client at the end of
   * `-For`, and sets the other two if none came. `off`: all are passed on as they came.
   */
  readonly mode: 'append' | 'replace' | 'forwarded' | 'off'
  /** One more field that says who the client is, in lower case. */
  readonly clientField: string | undefined
  /** True for an ordinary request. It gets `Connection: close`, and loses what is meant for one hop. */
  readonly closes: boolean
}

const APPENDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']
const NOTHING: ReadonlySet<string> = new Set()
/** A client cannot get these dropped by naming them in `Connection`, nor the fields that say who it is. */
const ALWAYS_KEPT: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding'])
const CLOSE: Field = { name: 'Connection', value: 'close' }

/**
 * The bytes to send, or a refusal if they are more than a head may have. `original` has the bytes that `head`
 * was read from, to the end of its empty line and no further.
 */
export function forwardedHead(original: Buffer, head: RequestHead, facts: ForwardFacts): Buffer | Refusal {
  const [start, ...lines] = headLines(original)
  const ours = forwardingFields(head, facts)
  const isDropped = dropper(head.fields, ours, facts)
  const kept = head.fields.flatMap((field, i) => (isDropped(field) ? [] : [lines[i]]))
  const added = [...ours, ...(facts.closes ? [CLOSE] : [])].map(({ name, value }) => `${name}: ${value}`)
  if (added.length + kept.length > MOST_FIELDS) return tooLarge(`${MOST_FIELDS} fields`)
  const bytes = Buffer.from([start, ...added, ...kept, '', ''].join('\r\n'), 'latin1')
  return bytes.length > MOST_HEAD_BYTES ? tooLarge(`${MOST_HEAD_BYTES} bytes`) : bytes
}

function dropper(
  fields: readonly Field[],
  ours: readonly Field[],
  { mode, clientField, closes }: ForwardFacts,
): (field: Field) => boolean {
  const isOfClient = (name: string): boolean =>
    isForwardingName(name) || (clientField !== undefined && plainName(name) === plainName(clientField))
  const isKept = (name: string): boolean => ALWAYS_KEPT.has(name) || isOfClient(name)
  const dropped = closes ? oneHopNames(fields, isKept) : NOTHING
  const isReplaced = mode === 'append' ? isSetBy(ours) : mode === 'off' ? () => false : isOfClient
  return ({ name }) => dropped.has(name.toLowerCase()) || isReplaced(name)
}

/**
 * Matches fields that we set ourselves, and other spellings of those that we append to. A backend could read
 * these instead.
 */
function isSetBy(ours: readonly Field[]): (name: string) => boolean {
  const set = new Set(ours.map(({ name }) => name.toLowerCase()))
  return (name) => {
    const plain = plainName(name)
    return APPENDED.includes(plain) && (set.has(plain) || plain !== name.toLowerCase())
  }
}

function forwardingFields(head: RequestHead, facts: ForwardFacts): Field[] {
  if (facts.mode === 'off') return []
  const host = valuesOf(head.fields, 'host')[0] ?? head.authority
  return facts.mode === 'forwarded' ? [forwarded(host, facts)] : xForwarded(head, host, facts)
}

function xForwarded(head: RequestHead, host: string, { clientHost, proto, mode }: ForwardFacts): Field[] {
  const before = (name: string): string[] =>
    mode === 'append' ? valuesOf(head.fields, name).filter((value) => value !== '') : []
  const chain = [...before('x-forwarded-for'), ...(clientHost === undefined ? [] : [clientHost])].join(', ')
  return [
    ...(chain === '' ? [] : [{ name: 'X-Forwarded-For', value: chain }]),
    ...(before('x-forwarded-proto').length > 0 ? [] : [{ name: 'X-Forwarded-Proto', value: proto }]),
    ...(host === '' || before('x-forwarded-host').length > 0
      ? []
      : [{ name: 'X-Forwarded-Host', value: host }]),
  ]
}

/** RFC 7239 section 4: a text that is not a token is quoted. No text here has a quote or a backslash. */
function forwarded(host: string, { clientHost = 'unknown', proto }: ForwardFacts): Field {
  const node = isIPv6(clientHost) ? `[${clientHost}]` : clientHost
  const pairs = [`for=${quoted(node)}`, ...(host === '' ? [] : [`host=${quoted(host)}`]), `proto=${proto}`]
  return { name: 'Forwarded', value: pairs.join(';') }
}

const quoted = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `"${text}"`)
