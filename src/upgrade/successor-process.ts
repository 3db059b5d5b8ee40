/** The process that takes the place of this one, as its channel sees it. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { LineChannel } from './line-channel.js'
import type { ToSuccessor } from './messages.js'
import { CHANNEL_FD, FIRST_FD, SUCCESSOR_VARIABLE } from './protocol.js'

export interface SuccessorProcess {
  /** Undefined: the system could not start the process. */
  readonly pid: number | undefined
  /** Resolves when the message is on its way, or when nobody can get it any more. */
  send(message: ToSuccessor): Promise<void>
  kill(): void
}

export interface SuccessorHooks {
  message(message: unknown): void
  /** Called once. No more messages come. `why`: what the process did that it may not do. */
  closed(why: string | undefined): void
  /** Called once. Messages may still come. */
  exited(why: string): void
}

/** Calls the hooks later, never at once. `fds`: the successor has them as FIRST_FD and so on. */
export type StartSuccessor = (fds: readonly number[], hooks: SuccessorHooks) => SuccessorProcess

/**
 * Runs the command of this process again, with the program as it now stands on disk. Its path may be a symbolic link, which may
 * lead to another version by now. `env`: variables beside those of this process.
 */
export function startSuccessor(
  fds: readonly number[],
  hooks: SuccessorHooks,
  env: NodeJS.ProcessEnv,
): SuccessorProcess {
  const [, script = '', ...args] = process.argv
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', ...fds],
    env: { ...process.env, ...env, [SUCCESSOR_VARIABLE]: '1' },
  })
  follow(child, hooks)
  // Without file descriptors there is neither a process nor a channel.
  const socket = (child.stdio as typeof child.stdio | undefined)?.[CHANNEL_FD] as Socket | undefined
  if (socket === undefined) setImmediate(() => hooks.closed(undefined))
  const channel = socket && new LineChannel(socket, hooks)
  return {
    get pid() {
      return child.pid
    },
    send: async (message) => channel?.send(message),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The number of an inherited fd in the successor, by its place. */
export const inheritedAs = (index: number): number => FIRST_FD + index

function follow(child: ChildProcess, { exited }: SuccessorHooks): void {
  let isOver = false
  const end = (why: string): void => {
    if (!isOver) exited(why)
    isOver = true
  }
  child.on('error', ({ message }) => end(message))
  child.once('exit', (code, signal) =>
    end(signal === null ? `it ended with ${code}` : `it was ended by ${signal}`),
  )
}
