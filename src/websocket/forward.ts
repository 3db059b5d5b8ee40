/**
 * The request head as it goes to a backend: byte for byte what the client sent, but for the few fields that say who
 * it came from and, where the request is the only one on its connection, that it is. Pure. It must never touch the
 * first line, `Host` or what says how long the body is.
 */
import { type Field, tokensOf, valuesOf } from './fields.js'
import type { RequestHead } from './request-head.js'

export interface ForwardFacts {
  /** IP address of the client. Undefined where it has none, as on a unix socket. */
  readonly clientHost: string | undefined
  /** How the client spoke to us. */
  readonly proto: 'http' | 'https'
  /**
   * What becomes of `X-Forwarded-For`, `-Proto` and `-Host`. `replace`: the client's are dropped and ours set, for
   * clients nobody trusts. `append`: the client is added at the end of a `-For` that came, the other two are set.
   * `off`: they go on as they came.
   */
  readonly mode: 'append' | 'replace' | 'off'
  /** An ordinary request, forwarded with `Connection: close` and without what is meant for one hop. */
  readonly closes: boolean
}

const FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']
const ONE_HOP = ['connection', 'upgrade', 'keep-alive', 'proxy-connection']
/** Not to be dropped by naming them in `Connection`. */
const ALWAYS_KEPT: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  ...FORWARDED,
])

/** `original` are the bytes `head` was read from, to the end of its empty line and no further. */
export function forwardedHead(original: Buffer, head: RequestHead, facts: ForwardFacts): Buffer {
  const [start, ...lines] = original.toString('latin1').split('\r\n')
  const isDropped = dropper(head.fields, facts)
  const kept = head.fields.flatMap((field, i) => (isDropped(field) ? [] : [lines[i]]))
  const added = [...forwardedFields(head, facts), ...(facts.closes ? ['Connection: close'] : [])]
  return Buffer.from([start, ...kept, ...added, '', ''].join('\r\n'), 'latin1')
}

function dropper(fields: readonly Field[], { mode, closes }: ForwardFacts): (field: Field) => boolean {
  const named = closes ? tokensOf(fields, 'connection').filter((name) => !ALWAYS_KEPT.has(name)) : []
  const dropped = new Set(closes ? [...ONE_HOP, ...named] : [])
  return ({ name }) => dropped.has(name.toLowerCase()) || (mode !== 'off' && isForwarded(name))
}

/** `X_Forwarded_For` too: what runs behind CGI, WSGI and the like reads it as the same. */
const isForwarded = (name: string): boolean => FORWARDED.includes(name.toLowerCase().replaceAll('_', '-'))

function forwardedFields(head: RequestHead, { clientHost, proto, mode }: ForwardFacts): string[] {
  if (mode === 'off') return []
  const before = mode === 'append' ? valuesOf(head.fields, 'x-forwarded-for') : []
  const chain = [...before, clientHost ?? ''].filter((hosts) => hosts !== '').join(', ')
  const host = valuesOf(head.fields, 'host')[0] ?? head.authority
  return [
    ...(chain === '' ? [] : [`X-Forwarded-For: ${chain}`]),
    `X-Forwarded-Proto: ${proto}`,
    ...(host === '' ? [] : [`X-Forwarded-Host: ${host}`]),
  ]
}
