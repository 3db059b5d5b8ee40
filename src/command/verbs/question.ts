/**
 * A question of the command to a running millrace, as a value. Types only.
 */
import type { Address } from '../../address.js'
import type { Change } from '../../config/changes/change.js'
import type { LogLevel } from '../../config/schemas/log-schema.js'
import type {
  BackendChange,
  BanOrder,
  BanQuery,
  ConnectionFilter,
  ConnectionQuery,
  DrainOrder,
  FromOutside,
  HoldOrder,
  ListenerChange,
  RateOrder,
  SourceQuery,
  UnbanOrder,
} from '../../control/orders.js'
import type { Named } from '../completion/named.js'

/** A question to a running process. */
export type Question =
  | { readonly verb: 'status' }
  /** Only the names, for the completion of shells. */
  | { readonly verb: 'names'; readonly of: Named }
  | { readonly verb: 'connections'; readonly query: ConnectionQuery }
  | { readonly verb: 'sources'; readonly query: SourceQuery }
  | { readonly verb: 'kill'; readonly filter: FromOutside<ConnectionFilter> }
  | { readonly verb: 'limit'; readonly id: string; readonly order: RateOrder }
  | { readonly verb: 'drain'; readonly order: FromOutside<DrainOrder> }
  | {
      readonly verb: 'backend'
      readonly cluster: string
      readonly backend: string
      readonly change: BackendChange
    }
  | { readonly verb: 'listener'; readonly listener: string; readonly change: ListenerChange }
  | { readonly verb: 'failback'; readonly cluster: string }
  | { readonly verb: 'bans'; readonly query: BanQuery }
  | { readonly verb: 'ban'; readonly order: BanOrder }
  | { readonly verb: 'unban'; readonly order: FromOutside<UnbanOrder> }
  | { readonly verb: 'hold'; readonly order: HoldOrder }
  | { readonly verb: 'release'; readonly cluster: string }
  /** `spec`: the text of `--spec`, which has further keys of what is added. */
  | {
      readonly verb: 'change'
      readonly change: Change
      readonly spec: string | undefined
      readonly end: true | undefined
    }
  | { readonly verb: 'diff' }
  | { readonly verb: 'reload' }
  | { readonly verb: 'upgrade' }
  | { readonly verb: 'log'; readonly change: LogChange | undefined }
  | { readonly verb: 'top'; readonly isOnce: boolean }

/** Undefined: show the log level and the file, change nothing. */
export type LogChange = { readonly level: LogLevel } | 'reopen'

/** Which millrace to ask, and how to print the answer. */
export interface Asking {
  /** Undefined: the only one that runs. */
  readonly admin: Address | undefined
  readonly tokenFile: string | undefined
  readonly isJson: boolean
}

export type Decide = (question: Question, asking: Asking) => void
