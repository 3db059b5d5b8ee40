/**
 * What a connection is hashed by: its address or a network of it, a name that it gave, a part of its first request, or what
 * a route function answered. Pure.
 */
import { isIPv4 } from 'node:net'
import type { Address } from '../../../address.js'
import { ipToBytes } from '../../../ip.js'
import type { BalanceRequest } from '../request.js'

export type HashKey =
  /** The first bits of the client's address. */
  | { readonly from: 'source'; readonly ipv4Bits: number; readonly ipv6Bits: number }
  | { readonly from: 'sni' | 'host' | 'path' | 'route' }
  | { readonly from: 'cookie' | 'header' | 'query'; readonly name: string }
  | { readonly from: 'tlv'; readonly type: number }

/** Undefined where the connection has none. An empty value is none. */
export function readKey(key: HashKey, request: BalanceRequest): string | Uint8Array | undefined {
  const value = valueOf(key, request)
  return value === undefined || value.length === 0 ? undefined : value
}

function valueOf(key: HashKey, request: BalanceRequest): string | Uint8Array | undefined {
  switch (key.from) {
    case 'source':
      return request.clientAddress && networkOf(request.clientAddress, key)
    case 'sni':
      return request.serverName?.toLowerCase()
    case 'host':
      return request.host
    case 'path':
      return request.path
    case 'route':
      return request.key
    case 'header':
      return request.fieldValues(key.name)[0]
    case 'cookie':
      return cookieOf(request.fieldValues('cookie'), key.name)
    case 'query':
      return queryOf(request.target, key.name)
    case 'tlv':
      return request.tlv(key.type)
  }
}

interface Prefixes {
  readonly ipv4Bits: number
  readonly ipv6Bits: number
}

/** A client of a unix socket has no address, so it has no key. */
function networkOf(address: Address, { ipv4Bits, ipv6Bits }: Prefixes): string | Uint8Array | undefined {
  if (address.kind === 'unix') return undefined
  // The ordinary case costs no parsing: Linux writes an IPv4 address in one way only.
  if (ipv4Bits === 32 && isIPv4(address.host)) return address.host
  const bytes = ipToBytes(address.host)
  if (bytes === undefined) return undefined
  return clearFrom(bytes, bytes.length === 4 ? ipv4Bits : ipv6Bits)
}

/** Sets every bit from `bits` on to 0. */
function clearFrom(bytes: Buffer, bits: number): Buffer {
  for (let index = bits >> 3; index < bytes.length; ++index) {
    const kept = Math.max(0, bits - index * 8)
    bytes[index]! &= kept >= 8 ? 0xff : 0xff00 >> kept
  }
  return bytes
}

/** RFC 6265, section 4.2.1: pairs with "; " between them. The first pair of this name counts. */
function cookieOf(fields: readonly string[], name: string): string | undefined {
  for (const field of fields) {
    for (const pair of field.split(';')) {
      const [found = '', ...rest] = pair.split('=')
      if (found.trim() === name) return rest.join('=').trim()
    }
  }
  return undefined
}

/** The first parameter of this name, decoded as browsers do. */
function queryOf(target: string | undefined, name: string): string | undefined {
  const start = target?.indexOf('?') ?? -1
  if (target === undefined || start === -1) return undefined
  return new URLSearchParams(target.slice(start + 1)).get(name) ?? undefined
}
