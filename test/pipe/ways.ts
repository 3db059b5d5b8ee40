/** What the tests of the contract share: sizes, and the two ways through a joined pair. */
import type { Peer } from '../support/peer.js'
import type { Joined, Rig } from '../support/rig.js'

/** Two peers with a running pipe between them. */
export type Join = Rig['join']

export const KIB = 1024
export const MIB = 1024 * KIB

/** One way through a joined pair. Each test is written once and runs for both ways. */
export interface Way {
  readonly name: string
  readonly from: (joined: Joined) => Peer
  readonly to: (joined: Joined) => Peer
  readonly direction: 'up' | 'down'
  readonly by: 'client' | 'backend'
  /** The side that receives the bytes. */
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
