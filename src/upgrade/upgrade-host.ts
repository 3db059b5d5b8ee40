/** What an upgrade needs of the process that serves. */
import type { Address } from '../address.js'
import type { KeptChange } from '../config/changes/change.js'
import type { RoutedControl } from './forwarding.js'
import type { Serving } from './messages.js'
import type { Succession } from './succession.js'
import type { StartSuccessor } from './successor-process.js'

/** The admin addresses of this process. */
export interface AdminDoor {
  readonly sockets: readonly { readonly address: Address; readonly isDefault: boolean; readonly fd: number }[]
  /** Another process answers there from now on. The file of a unix socket stays. */
  leave(): void
}

export interface UpgradeHost {
  readonly succession: Succession
  /** What the admin addresses ask. */
  readonly routed: RoutedControl
  readonly admin: AdminDoor
  /** Changes to the config that are not in its file. */
  changes(): readonly KeptChange[]
  readonly start: StartSuccessor
  /**
   * The process that served before this one. Its counts and places pass through this process. Undefined: there is none, or it still
   * serves, because this process does not yet.
   */
  predecessorGone(): Promise<void> | undefined
  /** Called when the successor serves, before this process drains. */
  serves(pid: number): void
  /** Tells the successor to end. Throws if it is gone. */
  end(pid: number): void
  /** The processes of the successor take connections over at these unix sockets. */
  handOver(paths: Serving['handOver']): Promise<void>
}
