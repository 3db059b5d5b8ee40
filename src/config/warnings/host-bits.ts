/** `10.0.0.1/8` is the whole of 10.0.0.0/8. Who writes it often means one address. */

import { bytesToIp, ipToBytes } from '../../ip.js'
import type { Finding, Path } from '../checks/path.js'
import { isMap } from '../checks/unchecked.js'

const NETWORK = /^([\d.]+|[\da-f:.]*:[\da-f:.]*)\/(\d{1,3})$/i

export function hostBits(input: unknown, path: Path = []): Finding[] {
  if (typeof input === 'string') return explain(input, path)
  if (Array.isArray(input)) return input.flatMap((item, index) => hostBits(item, [...path, index]))
  return isMap(input) ? Object.entries(input).flatMap(([key, value]) => hostBits(value, [...path, key])) : []
}

function explain(text: string, path: Path): Finding[] {
  const [, address = '', digits = ''] = NETWORK.exec(text) ?? []
  const bytes = ipToBytes(address)
  if (bytes === undefined) return []
  const bits = Number(digits)
  const network = bytesToIp(Buffer.from(bytes.map((byte, index) => byte & maskOf(bits - index * 8))))
  if (bits > bytes.length * 8 || network === bytesToIp(Buffer.from(bytes))) return []
  const message = `${text} means ${network}/${bits}: write that, or ${address} for one address`
  return [{ path, message, about: 'value' }]
}

/** Of a byte of which so many bits belong to the network. */
const maskOf = (bits: number): number => (0xff << (8 - Math.max(0, Math.min(8, bits)))) & 0xff
