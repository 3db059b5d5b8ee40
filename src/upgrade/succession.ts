/** A proxy as an upgrade sees it, in one process or with workers: what it hands over, and how it goes on with that. Types only. */
import type { ActiveVerdict, SharedVerdict } from '../cluster/shared-verdict.js'
import type { Config } from '../config/schema.js'
import type { Control } from '../control/control.js'
import type { BackendChange } from '../control/orders.js'
import type { KeptBan } from '../limits/bans/told-bans.js'
import type { Counts } from '../limits/counts/counts.js'
import type { Log } from '../observe/log/log.js'
import type { Catalogue } from '../proxy/catalogue/catalogue.js'
import type { Bequest } from './messages.js'

export interface Succession {
  readonly control: Control
  readonly config: Config
  readonly log: Log
  readonly catalogue: Catalogue
  /** The table of counts of the whole proxy. Undefined: each worker has its own. */
  readonly counts: Counts | undefined
  /** False: it drains. */
  readonly isServing: boolean
  /** Resolves when the reloads and changes that are under way are over. */
  settled(): Promise<void>
  /** The listeners that are open, with the fds of this process. */
  listeners(): readonly Bequest[]
  /** The names of listeners that an operator has drained. */
  drained(): readonly string[]
  holds(): readonly { readonly cluster: string; readonly maxMs: number }[]
  verdicts(): readonly (SharedVerdict | ActiveVerdict)[]
  bans(): readonly KeptBan[]
  ticketKeys(): readonly string[]
  /** Nobody is accepted before `resume`. Clients wait in the queues of the listening sockets. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Another process has the listening sockets: closes them, and keeps the files of unix sockets. */
  leave(): Promise<void>
  /** From now on other processes can give connections, at unix sockets in this folder. Returns their paths. */
  takeConnections(folder: string): Promise<readonly string[]>
  stopTaking(): Promise<void>
  /** Gives the connections that can move to processes that take them at these paths. Returns how many they have taken. */
  giveConnections(paths: readonly string[]): Promise<number>
  /** An operator has ordered it before. The backend must be known. */
  restoreBackend(cluster: string, backend: string, change: BackendChange): Promise<void>
  restoreVerdict(verdict: SharedVerdict | ActiveVerdict): void
  restoreBans(bans: readonly KeptBan[]): void
  takeTicketKeys(texts: readonly string[]): void
}
