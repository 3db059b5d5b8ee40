/**
 * Options of a proxy that only this program's own processes set.
 */
import type { AdmissionRule } from '../admission/rule.js'
import type { Lookup } from '../cluster/names/resolver.js'
import type { Engine } from '../io/engine.js'
import type { OpenLog } from '../observe/log/log.js'
import type { TicketKeys } from '../tls/ticket-keys.js'
import type { ProxyOptions } from './proxy.js'

export interface RunningProxyOptions extends ProxyOptions {
  /** Instead of `log`: one whose losses can be counted and whose file can be opened anew. */
  readonly openLog?: OpenLog
  /** Of several proxies of this thread. Default: one of its own. */
  readonly engine?: Engine
  /** The keys of session tickets that all workers share. Default: keys of its own. */
  readonly tickets?: TicketKeys
  /** What host names of backends mean. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined
  /** Who may come in. Default: everybody. */
  readonly admission?: AdmissionRule
}
