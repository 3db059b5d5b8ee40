/** `balance` and `hash-type` of HAProxy. */
import type { Call } from '../directive.js'
import { put } from '../draft.js'
import type { ProxyDraft } from './proxy-draft.js'

const RULES: Readonly<Record<string, string>> = {
  roundrobin: 'round-robin',
  'static-rr': 'round-robin',
  leastconn: 'least-connections',
  first: 'first',
  random: 'p2c',
  source: 'hash',
}
/** What `balance hash EXPRESSION` hashes. */
const KEYS: Readonly<Record<string, string>> = {
  src: 'source',
  'req.ssl_sni': 'sni',
  req_ssl_sni: 'sni',
  ssl_fc_sni: 'sni',
}

export function readBalance({ line, args, into, remarks }: Call<ProxyDraft>): void {
  const [name = '', expression = ''] = args
  const bare = name.replace(/\(.*/s, '')
  if (name === 'random(1)') put(into.cluster, 'balance', 'random')
  else if (RULES[bare] !== undefined) put(into.cluster, 'balance', RULES[bare])
  else if (bare === 'hash' && KEYS[expression.replace(/,lower$/, '')] !== undefined) {
    put(into.cluster, 'balance', 'hash')
    put(into.cluster, 'hash.key', KEYS[expression.replace(/,lower$/, '')])
  } else remarks.leftOut(line, 'millrace cannot hash this in mode tcp: the backends get clients in turn')
}

export function readHashType({ line, args: [method, hash], into, remarks }: Call<ProxyDraft>): void {
  if (method === 'map-based') put(into.cluster, 'hash.table', 'maglev')
  if (hash !== undefined)
    remarks.differs(line, 'millrace has one hash function, so keys go to other backends than with HAProxy')
}
