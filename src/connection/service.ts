/**
 * What a listener has for its clients, and where they may go: what connections find ready when they come.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Liveness } from '../io/liveness.js'
import type { Listener } from '../listener/listener.js'
import type { PipeHost } from '../pipe/options.js'
import type { BackendPreamble } from './backend/backend-preamble.js'
import type { ListenerPolicy } from './listener-policy.js'

/** A cluster, and what the pipes to it have in common. */
export interface Destination {
  readonly cluster: Cluster
  readonly pipes: PipeHost
  readonly preamble: BackendPreamble
  /** Of connections to its backends that last. */
  readonly liveness: Liveness
}

/** What a listener has for its clients. A reload makes another; a connection keeps the one it was accepted with. */
export interface Service {
  readonly listener: Listener
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** Undefined where clients are joined to `destination` unseen. */
  readonly policy: ListenerPolicy | undefined
  /** The cluster of clients that match no route. */
  readonly destination: Destination | undefined
  /** By the name of their cluster: where clients may go to. */
  readonly destinations: ReadonlyMap<string, Destination>
}
