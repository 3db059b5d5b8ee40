/** What the sentences of the contract are told in: sizes, and either way through a joined pair. */
import type { Peer } from '../support/peer.js'
import type { Joined, Rig } from '../support/rig.js'

/** Two peers with a running pipe between them. */
export type Join = Rig['join']

export const KIB = 1024
export const MIB = 1024 * KIB

/** Either way of a joined pair, so that each sentence is told once and checked for both. */
export interface Way {
  readonly name: string
  readonly from: (joined: Joined) => Peer
  readonly to: (joined: Joined) => Peer
  readonly direction: 'up' | 'down'
  readonly by: 'client' | 'backend'
  /** Who the bytes are for. */
  readonly other: 'client' | 'backend'
}

const UP: Way = {
  name: 'up',
  from: (j) => j.client,
  to: (j) => j.backend,
  direction: 'up',
  by: 'client',
  other: 'backend',
}
const DOWN: Way = {
  name: 'down',
  from: (j) => j.backend,
  to: (j) => j.client,
  direction: 'down',
  by: 'backend',
  other: 'client',
}
export const WAYS: readonly Way[] = [UP, DOWN]
