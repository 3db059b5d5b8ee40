/**
 * What clients speak first, as a config says it: names of protocols, bytes in hex, and what becomes of clients that say
 * nothing.
 */
import type * as z from 'zod'
import type { Protocol, Spoken } from '../../peek/speaks/protocols.js'
import { oneOf } from '../suggest.js'
import { quote } from '../wording.js'
import * as fields from './fields.js'

/** A test holds that these are all protocols that there are. */
export const PROTOCOLS = [
  'tls',
  'http',
  'ssh',
  'postgres',
  'rdp',
  'redis',
  'proxy',
] as const satisfies readonly Protocol[]

export interface OnSilentConfig {
  readonly afterMs: number
  readonly cluster: string
}

/** More bytes than any protocol needs to be told from others. */
const MOST_HEX_BYTES = 64
const HEX = /^hex:(?:[\da-fA-F]{2})+$/
const A_PROTOCOL = 'a protocol such as ssh, or bytes such as hex:160301'
/** How people write bytes: `0x16 03`, `16:03`, `\x16\x03`, and with our own prefix. */
const PREFIXES = /^hex:|0x|\\x|[\s:,]/gi

const spoken = fields.checkedTextField(A_PROTOCOL, explainSpoken).transform((text) => {
  return (text.startsWith('hex:') ? text.toLowerCase() : text) as Spoken
})

/** `routes[].speaks`: one, or a list of at least one. */
export const speaksField: z.ZodType<readonly Spoken[]> = fields.oneOrMore(`${A_PROTOCOL}, or a list`, spoken)

export const onSilentSchema = (clusterName: z.ZodType<string>) =>
  fields.strictMap('a map: { afterMs, cluster }', { afterMs: fields.waitField, cluster: clusterName })

/** Says what is wrong with a text. Undefined: nothing is wrong. */
export function explainSpoken(text: string): string | undefined {
  if (PROTOCOLS.some((name) => name === text)) return undefined
  if (HEX.test(text)) {
    const bytes = (text.length - 'hex:'.length) / 2
    return bytes <= MOST_HEX_BYTES ? undefined : `expected at most ${MOST_HEX_BYTES} bytes, found ${bytes}`
  }
  const digits = text.replaceAll(PREFIXES, '')
  const looksLikeHex = /^[\da-f]+$/i.test(digits) && (digits !== text || /\d/.test(digits))
  if (looksLikeHex && digits.length % 2 === 0)
    return `write the bytes as ${quote(`hex:${digits.toLowerCase()}`)}`
  if (looksLikeHex || text.startsWith('hex:'))
    return 'write two hexadecimal digits for each byte, such as hex:160301'
  return `this is no protocol that millrace knows, and no bytes such as hex:160301${oneOf(text, PROTOCOLS)}`
}
