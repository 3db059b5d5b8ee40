/** A worker's process as its channel sees it: messages there and back, and how it ends. */
import type { SendHandle } from 'node:child_process'
import cluster from 'node:cluster'
import type { ServerHandle } from '../../io/listening/server-handle.js'
import type { ToSupervisor, ToWorker } from '../messages.js'

/** How a worker ended. */
export interface Exit {
  readonly code?: number
  readonly signal?: string
  /** What it said itself, or why there was none to begin with. */
  readonly why?: string | undefined
}

export interface WorkerProcessHooks {
  message(message: ToSupervisor): void
  /** Nothing more comes from it. This may be before its exit or after. */
  disconnected(): void
  exited(exit: Exit): void
}

export interface WorkerProcess {
  /** Undefined where the system had none to give. */
  readonly pid: number | undefined
  readonly isConnected: boolean
  send(message: ToWorker, handle?: ServerHandle): void
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** Hooks are called later. @throws Error where the system has no process to give */
export type ForkWorker = (hooks: WorkerProcessHooks) => WorkerProcess

/** A process of node:cluster, which runs the same command as this one. */
export const forkWorker: ForkWorker = (hooks) => {
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
    kill: (signal) => void worker.process.kill(signal),
  }
}
