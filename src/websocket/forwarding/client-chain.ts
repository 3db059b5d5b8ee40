/**
 * The addresses that a request has come from, as the proxies on its way have noted them: in `X-Forwarded-For`
 * and fields like it, and in `Forwarded` (RFC 7239). Pure. It only reads them. Its caller decides which to
 * believe.
 */
import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'
import { unmapIpv4 } from '../../address.js'
import { type Field, trimSpace, valuesOf } from '../heads/fields.js'

/** IP addresses, the client first. Undefined: an entry that says something else, such as `unknown`. */
export type ClientChain = readonly (string | undefined)[]

const FORWARDED = 'forwarded'
const BRACKETED = /^\[([^\]]+)\](?::\d{1,5})?$/
const WITH_PORT = /^([\d.]+):\d{1,5}$/

/** Reads all fields of this name, which is in lower case. */
export function clientChain(fields: readonly Field[], name: string): ClientChain {
  const read = name === FORWARDED ? readForwarded : readNode
  const elements = valuesOf(fields, name).flatMap((value) =>
    name === FORWARDED ? splitUnquoted(value, ',') : value.split(','),
  )
  return elements
    .map(trimSpace)
    .filter((element) => element !== '')
    .map(read)
}

/** An address in its one spelling, without its port. IPv4 inside IPv6 becomes IPv4. */
function readNode(text: string): string | undefined {
  const host = BRACKETED.exec(text)?.[1] ?? WITH_PORT.exec(text)?.[1] ?? text
  if (isIP(host) === 0 || host.includes('%') || (text.startsWith('[') && !isIPv6(host))) return undefined
  const family = isIPv4(host) ? 'ipv4' : 'ipv6'
  return unmapIpv4(new SocketAddress({ address: host, family }).address)
}

/** One element: `for=192.0.2.7;proto=https`. */
function readForwarded(element: string): string | undefined {
  const pairs = splitUnquoted(element, ';').map(trimSpace)
  const [pair, ...more] = pairs.filter((text) => /^for=/i.test(text))
  if (pair === undefined || more.length > 0) return undefined
  return readNode(unquoted(pair.slice('for='.length)))
}

/**
 * Splits at separators that are in no quoted string. A quote that does not end is no quote: its sender must
 * not hide what the next proxy has added.
 */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    if (isQuoted && text[i] === '\\') i++
    else if (text[i] === '"') isQuoted = !isQuoted
    else if (text[i] === separator && !isQuoted) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return isQuoted ? text.split(separator) : [...parts, text.slice(start)]
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text
}
