/**
 * Reaps processes that nobody else reaps. PID 1 of a container becomes the parent of every process whose parent has ended
 * (pid_namespaces(7)), for instance of those that a health command leaves behind. libuv waits only for processes that it has started
 * itself. So these would stay as zombies, and each zombie takes a place in the process table.
 */
import type { NativeService } from '../io/kernel/native-service.js'

export type OrphanCalls = Pick<NativeService, 'deadChild' | 'reapChild'>

/** ms until libuv has surely reaped a process of ours that is in the way. */
const RETRY_MS = 1000

export class Orphans {
  readonly #calls: OrphanCalls
  readonly #isOurs: (pid: number) => boolean
  #retry: NodeJS.Timeout | undefined

  /** `isOurs`: whether this process has started the process `pid`, and libuv reaps it. */
  constructor(calls: OrphanCalls, isOurs: (pid: number) => boolean) {
    this.#calls = calls
    this.#isOurs = isOurs
  }

  /** Call it after SIGCHLD. The kernel merges several of these signals into one. */
  reap(): void {
    clearTimeout(this.#retry)
    for (let pid = this.#calls.deadChild(); pid > 0; pid = this.#calls.deadChild()) {
      if (this.#isOurs(pid)) {
        // The kernel shows only the first one. Others may wait behind it.
        this.#retry = setTimeout(() => this.reap(), RETRY_MS).unref()
        return
      }
      if (this.#calls.reapChild(pid) < 0) return
    }
  }
}
