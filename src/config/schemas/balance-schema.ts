/**
 * How a cluster chooses a backend, as a config says it: the rule, and for `balance: hash` the key, the table and the limit.
 */
import * as z from 'zod'
import type { HashPolicy } from '../../cluster/balance/hash/hash-choice.js'
import type { HashKey } from '../../cluster/balance/hash/key.js'
import type { BalanceRule } from '../../cluster/balance/rules.js'
import { TLV_TYPES } from '../../proxy-protocol/header.js'
import { didYouMean } from '../suggest.js'
import { expected, quote } from '../wording.js'
import * as fields from './fields.js'

/** A test holds that these are all rules that there are. */
export const BALANCE_RULES = [
  'round-robin',
  'least-connections',
  'p2c',
  'random',
  'first',
  'hash',
] as const satisfies readonly BalanceRule[]

export const HASH_TABLES = ['rendezvous', 'maglev'] as const satisfies readonly HashPolicy['table'][]

const PLAIN_KEYS = ['sni', 'host', 'path', 'route'] as const
const NAMED_KEYS = ['cookie', 'header', 'query'] as const
const KEY_WORDS = ['source', ...PLAIN_KEYS, ...NAMED_KEYS.map((key) => `${key}:NAME`), 'tlv:NAME']
const A_KEY = `a key of the connection: ${KEY_WORDS.join(', ')}`
/** RFC 9110, section 5.1, and RFC 6265, section 4.1.1. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]{1,256}$/
/** A network of the usual size of one customer, RFC 6177. */
const USUAL_IPV6_BITS = 64

/** Below this, a backend could not take its own share. */
const LEAST_BOUND = 1.01
const MOST_BOUND = 100

const hashKey = z.unknown().transform((value, context): HashKey => {
  const key = typeof value === 'string' ? readHashKey(value) : expected(A_KEY, value)
  if (typeof key !== 'string') return key
  context.addIssue({ code: 'custom', message: key })
  return z.NEVER
})

const boundedLoad = z.unknown().transform((value, context): number => {
  const bound = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof bound === 'number' && (bound === 0 || (bound >= LEAST_BOUND && bound <= MOST_BOUND)))
    return bound
  context.addIssue({
    code: 'custom',
    message: expected(`a number from ${LEAST_BOUND} to ${MOST_BOUND}, or 0 for no limit`, value),
  })
  return z.NEVER
})

export const balanceField = fields.choiceOf(BALANCE_RULES).default('round-robin')

export const hashField: z.ZodType<HashPolicy | undefined> = fields.optional(
  fields.strictMap('a map: { key }', {
    key: hashKey,
    table: fields.choiceOf(HASH_TABLES).default('rendezvous'),
    boundedLoad: boundedLoad.prefault(0),
  }),
)

/** `balance: hash` alone hashes the address of the client. */
const DEFAULT_HASH: HashPolicy = {
  key: { from: 'source', ipv4Bits: 32, ipv6Bits: 128 },
  table: 'rendezvous',
  boundedLoad: 0,
}

export function withHash<Config extends { balance: BalanceRule; hash: HashPolicy | undefined }>(
  config: Config,
): Config {
  return config.balance === 'hash' && config.hash === undefined ? { ...config, hash: DEFAULT_HASH } : config
}

/** The key that a text names, or a sentence that says what is wrong with it. */
export function readHashKey(text: string): HashKey | string {
  const plain = PLAIN_KEYS.find((each) => each === text)
  if (plain !== undefined) return { from: plain }
  const [kind = '', ...rest] = text.split(':')
  const name = rest.join(':')
  const named = NAMED_KEYS.find((each) => each === kind)
  if (named !== undefined && rest.length > 0) return readNamed(named, name)
  if (kind === 'tlv' && rest.length > 0) return readTlv(name)
  return readSource(text) ?? expected(A_KEY, text) + didYouMean(text, KEY_WORDS)
}

function readNamed(from: (typeof NAMED_KEYS)[number], name: string): HashKey | string {
  const isGood = from === 'query' ? name !== '' : TOKEN.test(name)
  if (!isGood) return expected(`${from}: and a name, such as ${from}:session`, `${from}:${name}`)
  return { from, name: from === 'header' ? name.toLowerCase() : name }
}

function readTlv(name: string): HashKey | string {
  const known = Object.entries(TLV_TYPES).find(([each]) => each === name)
  const type = known?.[1] ?? (/^0x[0-9a-f]{2}$/i.test(name) ? Number(name) : undefined)
  if (type !== undefined) return { from: 'tlv', type }
  return expected(`tlv: and a type, such as tlv:0xea or tlv:authority`, `tlv:${name}`)
}

/** `source`, `source/24` or `source/24/56`. Undefined if it is none of these. */
function readSource(text: string): HashKey | string | undefined {
  const match = /^source(?:\/(\d{1,3})(?:\/(\d{1,3}))?)?$/.exec(text)
  if (match === null) return undefined
  const [, ipv4, ipv6] = match
  const ipv4Bits = ipv4 === undefined ? 32 : Number(ipv4)
  const ipv6Bits = ipv6 !== undefined ? Number(ipv6) : ipv4 === undefined ? 128 : USUAL_IPV6_BITS
  if (ipv4Bits < 1 || ipv4Bits > 32 || ipv6Bits < 1 || ipv6Bits > 128)
    return `${quote(text)}: expected 1 to 32 bits of IPv4, and 1 to 128 of IPv6, such as source/24/56`
  return { from: 'source', ipv4Bits, ipv6Bits }
}
