/** `balance` and `hash-type` of HAProxy. */
import type { Call } from '../directive.js'
import { put } from '../draft.js'
import type { ProxyDraft } from './proxy-draft.js'

const RULES: ReadonlyMap<string, string> = new Map([
  ['roundrobin', 'round-robin'],
  ['static-rr', 'round-robin'],
  ['leastconn', 'least-connections'],
  ['first', 'first'],
  ['random', 'p2c'],
  ['source', 'hash'],
])
/** What `balance hash EXPRESSION` hashes. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['src', 'source'],
  ['req.ssl_sni', 'sni'],
  ['req_ssl_sni', 'sni'],
  ['ssl_fc_sni', 'sni'],
])

export function readBalance({ line, args, into, remarks }: Call<ProxyDraft>): void {
  const [name = '', expression = ''] = args
  const bare = name.replace(/\(.*/s, '')
  const rule = name === 'random(1)' ? 'random' : RULES.get(bare)
  const key = KEYS.get(expression.replace(/,lower$/, ''))
  if (rule !== undefined) put(into.cluster, 'balance', rule)
  else if (bare === 'hash' && key !== undefined) {
    put(into.cluster, 'balance', 'hash')
    put(into.cluster, 'hash.key', key)
  } else remarks.leftOut(line, 'millrace cannot hash this in mode tcp: the backends get clients in turn')
}

export function readHashType({ line, args: [method, hash], into, remarks }: Call<ProxyDraft>): void {
  if (method === 'map-based') put(into.cluster, 'hash.table', 'maglev')
  if (hash !== undefined)
    remarks.differs(line, 'millrace has one hash function, so keys go to other backends than with HAProxy')
}
