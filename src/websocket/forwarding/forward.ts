/**
 * The request head as it goes to a backend: byte for byte what the client sent, but for the few fields that say who
 * it came from and, where the request is the only one on its connection, that it is. Pure. Ours stand first, because
 * backends that keep only so many fields forget the last ones. It must never touch the first line, `Host` or what says how
 * long the body is.
 */
import { isIPv6 } from 'node:net'
import { type Field, valuesOf } from '../heads/fields.js'
import { headLines, MOST_FIELDS, MOST_HEAD_BYTES, type Refusal, tooLarge } from '../heads/head.js'
import type { RequestHead } from '../heads/request-head.js'
import { isForwardingName, plainName } from './forwarding-names.js'
import { oneHopNames } from './one-hop.js'

export interface ForwardFacts {
  /** IP address of the client. Undefined where it has none, as on a unix socket. */
  readonly clientHost: string | undefined
  /** How the client spoke to us. */
  readonly proto: 'http' | 'https'
  /**
   * What becomes of the fields that say who the client is. `replace`: those of `forwarding-names.ts` are dropped, and
   * `X-Forwarded-For`, `-Proto` and `-Host` are ours, for clients nobody trusts. `forwarded`: the same, and ours is
   * `Forwarded`. `append`: the client is added at the end of `-For`, and the other two are set where none came. `off`:
   * all go on as they came.
   */
  readonly mode: 'append' | 'replace' | 'forwarded' | 'off'
  /** One more field that says who the client is, in small letters. */
  readonly clientField: string | undefined
  /** An ordinary request, forwarded with `Connection: close` and without what is meant for one hop. */
  readonly closes: boolean
}

const APPENDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']
const NOTHING: ReadonlySet<string> = new Set()
/** A client cannot have these dropped by naming them in `Connection`, nor those that say who it is. */
const ALWAYS_KEPT: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding'])
const CLOSE: Field = { name: 'Connection', value: 'close' }

/**
 * The bytes to send, or a refusal where they are more than a head may have. `original` are the bytes `head` was read
 * from, to the end of its empty line and no further.
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

/** What we say ourselves, and other spellings of what may be appended to, which a backend could read instead. */
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

/** RFC 7239 section 4: what is no token is quoted. Nothing that comes here holds a quote or a backslash. */
function forwarded(host: string, { clientHost = 'unknown', proto }: ForwardFacts): Field {
  const node = isIPv6(clientHost) ? `[${clientHost}]` : clientHost
  const pairs = [`for=${quoted(node)}`, ...(host === '' ? [] : [`host=${quoted(host)}`]), `proto=${proto}`]
  return { name: 'Forwarded', value: pairs.join(';') }
}

const quoted = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `"${text}"`)
