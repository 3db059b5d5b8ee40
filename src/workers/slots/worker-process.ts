/** The process of a worker as its channel sees it: messages in both directions, and how it ends. */
import type { SendHandle } from 'node:child_process'
import cluster from 'node:cluster'
import type { ServerHandle } from '../../io/listening/server-handle.js'
import type { ToSupervisor, ToWorker } from '../messages.js'

/** How a worker ended. */
export interface Exit {
  readonly code?: number
  readonly signal?: string
  /** The worker's own reason, or why the process could not start. */
  readonly why?: string | undefined
}

export interface WorkerProcessHooks {
  message(message: ToSupervisor): void
  /** No more messages will come. This may happen before the exit or after it. */
  disconnected(): void
  exited(exit: Exit): void
}

export interface WorkerProcess {
  /** Undefined: the system could not start the process. */
  readonly pid: number | undefined
  readonly isConnected: boolean
  send(message: ToWorker, handle?: ServerHandle): void
  /** At once. */
  kill(): void
}

/**
 * Calls the hooks later, never at once.
 *
 * @throws Error if the system cannot start a process
 */
export type ForkWorker = (hooks: WorkerProcessHooks) => WorkerProcess

/** The fd of a worker that is the table of counts of all workers. */
export const COUNTS_FD = 4

/** Processes of node:cluster. They run the same command as this one. `countsFd`: the table of counts, if there is one. */
export function forkWorkers(countsFd: number | undefined): ForkWorker {
  if (countsFd !== undefined)
    cluster.setupPrimary({ stdio: ['inherit', 'inherit', 'inherit', 'ipc', countsFd] })
  return forkWorker
}

const forkWorker: ForkWorker = (hooks) => {
  const worker = cluster.fork()
  worker.on('message', (message: ToSupervisor) => hooks.message(message))
  worker.once('disconnect', () => hooks.disconnected())
  worker.once('exit', (code, signal) => hooks.exited({ code, signal }))
  worker.on('error', (error) => {
    if (worker.process.pid === undefined) hooks.exited({ why: error.message })
  })
  return {
    get pid() {
      return worker.process.pid
    },
    get isConnected() {
      return worker.isConnected()
    },
    send: (message, handle) => void worker.send(message, handle as SendHandle | undefined, () => {}),
    kill: () => void worker.process.kill('SIGKILL'),
  }
}
