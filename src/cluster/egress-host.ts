/** What an attempt to get the server that a client asks for needs from its cluster. Types only. */
import type { ResolvedAddress } from '../address.js'
import type { Waiting } from './attempt-host.js'
import type { Backend } from './backend.js'
import type { Dialer } from './dialer.js'
import type { Allowed } from './egress/allow-list.js'
import type { AskedServer } from './egress/asked-server.js'
import type { NamesProvider } from './names/provider.js'
import type { ClusterQueue } from './queue/cluster-queue.js'

export interface EgressHost {
  readonly engine: Dialer
  /** Whether a forward proxy resolves the names. Then no address can be checked. */
  readonly leavesNames: boolean
  readonly names: Pick<NamesProvider, 'read'>
  /** Attempts wait here while an operator holds the cluster. */
  readonly queue: ClusterQueue
  /** Attempts that wait for the resolver or for file descriptors. The cluster abandons them when it stops. */
  readonly waiting: Set<Waiting>
  isStopped(): boolean
  now(): number
}

/** The server that a client gets. */
export interface AllowedServer extends AskedServer {
  readonly backend: Backend
  /** What the resolver is asked. */
  readonly question: string
  /** Undefined: each of its addresses may be dialled. */
  readonly addresses: Allowed['addresses'] | undefined
  /** The limit of connections for this client. Undefined: the one of the backend. */
  readonly maxConnections?: number
  /** Where it is, if nobody has to be asked. */
  readonly places?: readonly ResolvedAddress[]
}
