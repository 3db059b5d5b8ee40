/** The process that takes the place of this one, as its channel sees it. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { ToSuccessor } from './messages.js'
import { FIRST_FD, SUCCESSOR_VARIABLE } from './protocol.js'

export interface SuccessorProcess {
  /** Undefined: the system could not start the process. */
  readonly pid: number | undefined
  /** Resolves when the message is on its way, or when nobody can get it any more. */
  send(message: ToSuccessor): Promise<void>
  kill(): void
}

export interface SuccessorHooks {
  message(message: unknown): void
  /** Called once. No more messages come. */
  gone(why: string): void
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
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...fds],
    env: { ...process.env, ...env, [SUCCESSOR_VARIABLE]: '1' },
  })
  follow(child, hooks)
  return {
    get pid() {
      return child.pid
    },
    send: (message) =>
      new Promise((resolve) => {
        if (child.connected) child.send(message, () => resolve())
        else resolve()
      }),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The number of an inherited fd in the successor, by its place. */
export const inheritedAs = (index: number): number => FIRST_FD + index

function follow(child: ChildProcess, { message, gone }: SuccessorHooks): void {
  let why: string | undefined
  const settle = (): void => {
    // Its last messages may come after its exit.
    if (why !== undefined && !child.connected) gone(why)
  }
  child.on('message', message)
  child.on('error', (error) => {
    why ??= error.message
    settle()
  })
  child.once('exit', (code, signal) => {
    why ??= signal === null ? `it ended with ${code}` : `it was ended by ${signal}`
    settle()
  })
  child.once('disconnect', () => {
    // A process that cannot be heard any more cannot be trusted with the clients either.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    settle()
  })
}
