/** The process of a worker as the worker sees it: its supervisor, its signals, its sockets and its end. */
import { createEngine } from '../io/choose-engine.js'
import type { Engine } from '../io/engine.js'
import type { GivenSockets } from '../io/listening/given-sockets.js'
import type { ServerHandle } from '../io/listening/server-handle.js'
import { type LogOptions, type OpenLog, openLog } from '../observe/log/log.js'
import type { Signals } from '../signals.js'
import type { ToSupervisor, ToWorker } from './messages.js'

export interface OwnProcess {
  readonly signals: Pick<Signals, 'heed'>
  /** Makes an engine that listens only on these sockets. */
  createEngine(sockets: GivenSockets): Engine
  /** @throws MillraceError `log-failed` if the log file cannot be appended to */
  openLog(options: LogOptions): OpenLog
  /**
   * Calls `heard` with each message of the supervisor and the handle that came with it. Calls `left` when the
   * supervisor is gone.
   */
  hear(heard: (message: ToWorker, handle: ServerHandle) => void, left: () => void): void
  /** Calls `told` when the message is on its way. */
  tell(message: ToSupervisor, told?: () => void): void
  /** No code of the worker runs after this. */
  exit(code: number): void
}

export const ownProcess = (signals: Signals): OwnProcess => ({
  signals,
  createEngine,
  openLog,
  hear: (heard, left) => {
    process.on('message', (message: ToWorker, handle: unknown) => heard(message, handle as ServerHandle))
    // Before the listener of node:cluster, which exits at once.
    process.prependListener('disconnect', left)
  },
  tell: (message, told = () => {}) => void process.send?.(message, undefined, undefined, told),
  exit: (code) => process.exit(code),
})
