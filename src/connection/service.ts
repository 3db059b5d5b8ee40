/**
 * What a listener has ready for its clients, and where they may go.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Liveness } from '../io/liveness.js'
import type { Gate } from '../limits/gate.js'
import type { LimitPlan } from '../limits/limit.js'
import type { RefuseAs } from '../limits/policy.js'
import type { Listener } from '../listener/listener.js'
import type { PipeHost } from '../pipe/options.js'
import type { BackendPreamble } from './backend/backend-preamble.js'
import type { ListenerPolicy } from './listener-policy.js'

/** A cluster, and what the pipes to it share. */
export interface Destination {
  readonly cluster: Cluster
  /** Its limits. Undefined: its clients need no places. */
  readonly limits: LimitPlan | undefined
  readonly pipes: PipeHost
  readonly preamble: BackendPreamble
  /** How long one connect may take, in ms. 0: as long as the kernel tries. */
  readonly connectMs: number
  /** The cluster dials the server that the client's ClientHello names. */
  readonly dialsBySni: boolean
  /** Liveness of connections to its backends that last. */
  readonly liveness: Liveness
  /** How its clients are told no. Undefined: as the listener says. */
  readonly refuseAs: RefuseAs | undefined
}

/** By the name of the cluster. */
export type Destinations = Pick<ReadonlyMap<string, Destination>, 'get' | 'keys'>

/** What a listener has for its clients. A reload makes a new one. Old connections keep the old one. */
export interface Service {
  readonly listener: Listener
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** Turns clients away for their address. */
  readonly gate: Gate
  /** The limits of the listener and of the proxy. Undefined: its clients need no places. */
  readonly limits: LimitPlan | undefined
  /** Undefined if clients are joined to `destination` without a look at them. */
  readonly policy: ListenerPolicy | undefined
  /** The cluster of clients that match no route. */
  readonly destination: Destination | undefined
  /** Where clients may go. */
  readonly destinations: Destinations
  /** Where clients go whose route function returns a backend, if there is no cluster for its settings. */
  readonly withoutCluster: Destination
  /** How clients are told no that have no cluster yet, or one that says nothing about it. */
  readonly refuseAs: RefuseAs
}
