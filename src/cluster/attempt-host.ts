/** What an attempt to get a backend needs from its cluster. Types only. */
import type { ResolvedAddress } from '../address.js'
import type { Backend } from './backend.js'
import type { Full } from './candidates.js'
import type { DialRequest } from './dial.js'
import type { Dialer } from './dialer.js'
import type { ClusterQueue } from './queue/cluster-queue.js'

/**
 * The best backend that was not tried. `Full`: there are some, but none has a place. `resolving`: none yet, but a name may bring
 * one. `all-down`: none at the moment, and the client waits. Undefined: none.
 */
export type Next = Backend | Full | 'resolving' | 'all-down' | undefined

/** An attempt that waits. */
export interface Waiting {
  /** Names, settings or verdicts have changed. */
  resume(): void
  abandon(error: string): void
}

/** What an attempt needs from its cluster. */
export interface AttemptHost {
  readonly engine: Dialer
  /** Attempts that find all backends full wait here. */
  readonly queue: ClusterQueue
  /** Attempts that wait for something else. The cluster resumes them when a question about a name ends, and abandons them when it stops. */
  readonly waiting: Set<Waiting>
  isStopped(): boolean
  now(): number
  /** Returns why no backend could be tried. */
  whyNone(): string
  /** In ms, how long all backends that are skipped stay so at least. */
  dueMs(): number
  next(request: DialRequest, tried: readonly Backend[]): Next
  succeeded(backend: Backend): void
  failed(backend: Backend, address: ResolvedAddress, errno: string): void
}
