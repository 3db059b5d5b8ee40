/**
 * Options of a proxy that only millrace's own processes set.
 */
import type { AdmissionRule } from '../admission/rule.js'
import type { SharedVerdict } from '../cluster/shared-verdict.js'
import type { Engine } from '../io/engine.js'
import type { BanFinding } from '../limits/bans/ban-findings.js'
import type { Counts } from '../limits/counts/counts.js'
import type { Lists } from '../limits/lists/lists.js'
import type { OpenLog } from '../observe/log/log.js'
import type { TicketKeys } from '../tls/ticket-keys.js'
import type { ProxyEvents } from './events/proxy-events.js'
import type { Probes } from './health/probes.js'
import type { Names } from './names.js'
import type { ProxyOptions } from './proxy.js'

export interface RunningProxyOptions extends ProxyOptions {
  /** Used instead of `log`. It can count lost lines and open its file again. */
  readonly openLog?: OpenLog
  /** An engine that several proxies of this thread share. Default: one of its own. */
  readonly engine?: Engine
  /** The keys of TLS session tickets that all workers share. Default: keys of its own. */
  readonly tickets?: TicketKeys
  /** Says what the names of backends mean. Default: DNS. */
  readonly names?: Names
  /** Says what the files of lists and maps say. Default: this process reads and watches them. */
  readonly lists?: Lists
  /** Called with what this proxy finds out about backends and other processes have to know. Default: there are none. */
  readonly tellVerdict?: (verdict: SharedVerdict) => void
  /** Called with what clients have met of bans and refusals. Another process decides who is banned. Default: this one does. */
  readonly tellSeen?: (findings: readonly BanFinding[]) => void
  /** How backends are checked. `false`: another process checks them, and tells. Default: over the network. */
  readonly probes?: Probes | false
  /** The table of counts that all workers share. Default: one of its own. */
  readonly counts?: Counts
  /** Tells the program around this proxy what happens in it. Default: there is none. */
  readonly events?: ProxyEvents
  /** Decides which clients may come in. Default: those that pass the gate of their listener. */
  readonly admission?: AdmissionRule
}
