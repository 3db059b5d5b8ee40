/**
 * What `status()` answers, and the totals behind it: those of connections that are over, and of those that
 * still run.
 */
import type { ClusterStatus } from '../cluster/cluster.js'
import type { NotSplicing } from '../io/engine.js'
import type { NativeCounts } from '../io/native.js'
import type { ListenerStatus } from '../listener/listener.js'
import type { PipeCounters, PipeTotals } from '../pipe/options.js'

export interface ConnectionTotals {
  /** Connections that are not over yet. */
  readonly active: number
  readonly ended: number
  /** Bytes so far, those of running connections included. Up is client to backend. */
  readonly bytesUp: number
  readonly bytesDown: number
  /** Of these, bytes that never entered this process. */
  readonly splicedUp: number
  readonly splicedDown: number
}

export interface ProxyStatus {
  readonly state: 'new' | 'running' | 'draining' | 'stopped'
  /** `kernel`: file descriptors of our own and splice(2). `stream`: node:net. */
  readonly engine: 'kernel' | 'stream'
  /** Why this process does not splice; undefined where it does. */
  readonly notSplicing: NotSplicing | undefined
  readonly listeners: readonly ListenerStatus[]
  readonly clusters: readonly ClusterStatus[]
  readonly connections: ConnectionTotals
  readonly pipes: Readonly<PipeCounters>
  /** Gauges of the kernel path of this thread; undefined on the stream engine. */
  readonly kernel: NativeCounts | undefined
  /** What this platform or build cannot do. */
  readonly unavailable: readonly string[]
}

type Bytes = Omit<PipeTotals, 'notSplicing'>

/** The totals of connections that are over. */
export class Totals {
  #ended = 0
  readonly #bytes = { bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0 }

  add(totals: Bytes): void {
    this.#ended++
    addTo(this.#bytes, totals)
  }

  /** These and those of connections that still run. */
  with(running: readonly { readonly totals: Bytes }[]): ConnectionTotals {
    const bytes = { ...this.#bytes }
    for (const { totals } of running) addTo(bytes, totals)
    return { active: running.length, ended: this.#ended, ...bytes }
  }
}

function addTo(sum: { -readonly [Name in keyof Bytes]: number }, more: Bytes): void {
  sum.bytesUp += more.bytesUp
  sum.bytesDown += more.bytesDown
  sum.splicedUp += more.splicedUp
  sum.splicedDown += more.splicedDown
}
