/** The process of a worker as the worker sees it: its supervisor, its signals, its sockets and its end. */
import { closeSync } from 'node:fs'
import { countsTables, createEngine } from '../io/choose-engine.js'
import type { Engine } from '../io/engine.js'
import type { GivenSockets } from '../io/listening/given-sockets.js'
import type { ServerHandle } from '../io/listening/server-handle.js'
import type { Counts } from '../limits/counts/counts.js'
import { createOwnCounts } from '../limits/counts/own-counts.js'
import { SharedCounts } from '../limits/counts/shared-counts.js'
import { type LogOptions, type OpenLog, openLog } from '../observe/log/log.js'
import type { Signals } from '../signals.js'
import type { CountsSeat, ToSupervisor, ToWorker } from './messages.js'
import { COUNTS_FD } from './slots/worker-process.js'

export interface OwnProcess {
  readonly signals: Pick<Signals, 'heed'>
  /** Makes an engine that listens only on these sockets. */
  createEngine(sockets: GivenSockets): Engine
  /** @throws Error if the table of all workers cannot be used */
  openCounts(seat: CountsSeat): Counts
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
  openCounts,
  openLog,
  hear: (heard, left) => {
    process.on('message', (message: ToWorker, handle: unknown) => heard(message, handle as ServerHandle))
    // Before the listener of node:cluster, which exits at once.
    process.prependListener('disconnect', left)
  },
  tell: (message, told = () => {}) => void process.send?.(message, undefined, undefined, told),
  exit: (code) => process.exit(code),
})

function openCounts({ worker, workers, sources, isShared }: CountsSeat): Counts {
  if (!isShared) return createOwnCounts({ sources, part: { worker, workers } })
  const tables = countsTables()
  if (tables === undefined) throw new Error('the workers count together, and this one has no addon')
  const counts = new SharedCounts(tables, COUNTS_FD, worker)
  closeSync(COUNTS_FD)
  return counts
}
