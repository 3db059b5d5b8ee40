/**
 * What an operator can see and do, as plain data in and plain data out: one proxy answers it in its own process, a
 * supervisor by asking its workers. The HTTP API, the command and the status page all stand on this.
 */
import type { BackendStatus } from '../cluster/backend.js'
import type { LogLevel } from '../config/schemas/log-schema.js'
import type { ProxyStatus } from '../observe/status.js'
import type { ConnectionList, DrainResult, Killed, Readiness, Reloaded } from './answers.js'
import type { BackendChange, ConnectionFilter, ConnectionQuery, DrainOrder } from './orders.js'

export interface Control {
  status(): Promise<ProxyStatus>
  /** Cheap, however many connections there are. */
  readiness(): Promise<Readiness>
  connections(query: ConnectionQuery): Promise<ConnectionList>
  /** Ends with a reset, whatever is in flight. An empty filter is everybody. */
  kill(filter: ConnectionFilter): Promise<Killed>
  /**
   * Nobody new comes from now on. With a deadline it resolves when nothing of what was asked for is left; without one at
   * once, and those that are left go on. The process ends with the last connection where everything is drained.
   */
  drain(order: DrainOrder): Promise<DrainResult>
  /** Drains everything within the config's `drainMs`, as a signal asks for. */
  end(): Promise<DrainResult>
  /** Rejects with `unknown-name` where there is no such backend. */
  changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus>
  setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }>
  /** Opens the log files anew, after something has moved them away. */
  reopenLogs(): Promise<void>
  /** Rejects with `config-invalid`, `config-unreadable` or `listen-failed`: then nothing has changed. */
  reload(): Promise<Reloaded>
}
