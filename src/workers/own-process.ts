/** The process that a worker runs in, as the worker sees it: its supervisor, its signals, its sockets and its end. */
import { createEngine } from '../io/choose-engine.js'
import type { Engine } from '../io/engine.js'
import type { GivenSockets } from '../io/listening/given-sockets.js'
import type { ServerHandle } from '../io/listening/server-handle.js'
import { type LogOptions, type OpenLog, openLog } from '../observe/log/log.js'
import type { Signals } from '../signals.js'
import type { ToSupervisor, ToWorker } from './messages.js'

export interface OwnProcess {
  readonly signals: Pick<Signals, 'heed'>
  /** One that listens only on these sockets. */
  createEngine(sockets: GivenSockets): Engine
  /** @throws MillraceError `log-failed` where its file cannot be appended to */
  openLog(options: LogOptions): OpenLog
  /** `heard` is called with each message of the supervisor, and what was sent with it; `left` when the supervisor is gone. */
  hear(heard: (message: ToWorker, handle: ServerHandle) => void, left: () => void): void
  /** `told` is called when it is on its way. */
  tell(message: ToSupervisor, told?: () => void): void
  /** Nothing of the worker runs after this. */
  exit(code: number): void
}

export const ownProcess = (signals: Signals): OwnProcess => ({
  signals,
  createEngine,
  openLog,
  hear: (heard, left) => {
    process.on('message', (message: ToWorker, handle: unknown) => heard(message, handle as ServerHandle))
    process.on('disconnect', left)
  },
  tell: (message, told = () => {}) => void process.send?.(message, undefined, undefined, told),
  exit: (code) => process.exit(code),
})
