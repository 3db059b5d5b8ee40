/**
 * The place of a worker: it has a worker, or will have one again. It decides how long to wait before the next
 * one, and what to log. It knows nothing about the work of workers.
 */
import type { Log } from '../../observe/log/log.js'
import { WorkerChannel, type WorkerChannelHooks } from './worker-channel.js'
import type { Exit, ForkWorker } from './worker-process.js'

/** ms until a dead worker is replaced. The pause doubles while replacements die too. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** ms. A worker that lived this long has proved that it works. */
const PROVEN_AFTER_MS = 10_000
/** ms. A worker that does not listen by then never will. */
const START_WITHIN_MS = 30_000
/** ms between two log lines while no worker can start for the same reason. */
const TELL_EVERY_MS = 60_000

export interface WorkerSlotHooks extends WorkerChannelHooks {
  /** The worker is gone, and another one will come. */
  vacated(slot: number): void
}

export class WorkerSlot {
  readonly #number: number
  readonly #hooks: WorkerSlotHooks
  readonly #log: Log
  readonly #forkWorker: ForkWorker
  #channel: WorkerChannel | undefined
  /** No worker follows the present one. */
  #isLast = false
  /** The present worker is about to end. */
  #isClosed = false
  /** The pause after the next worker that dies young. */
  #pauseMs = FIRST_PAUSE_MS
  #toldReason: string | undefined
  #toldAt = Number.NEGATIVE_INFINITY
  #again: NodeJS.Timeout | undefined
  /** `#started` is called when the present worker listens or is gone, `#emptied` when it is gone. */
  #started = (): void => {}
  #emptied = (): void => {}

  constructor(number: number, hooks: WorkerSlotHooks, log: Log, fork: ForkWorker) {
    this.#number = number
    this.#hooks = hooks
    this.#log = log
    this.#forkWorker = fork
  }

  /** Resolves when the first worker listens, or is gone. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#started = resolve
      this.#fork()
    })
  }

  /** No worker follows the present one, which goes on. One that does not know its config yet ends. */
  keepLast(): void {
    this.#isLast = true
    clearTimeout(this.#again)
  }

  /** The present worker is the last one, and is about to end. Resolves when it is gone. */
  close(): Promise<void> {
    this.keepLast()
    this.#isClosed = true
    return new Promise((resolve) => {
      const before = this.#emptied
      this.#emptied = () => {
        before()
        resolve()
      }
      if (this.#channel === undefined) this.#emptied()
    })
  }

  get channel(): WorkerChannel | undefined {
    return this.#channel
  }

  #fork(): void {
    try {
      this.#channel = this.#connect()
    } catch (error) {
      this.#vacate({ why: error instanceof Error ? error.message : String(error) })
    }
  }

  #connect(): WorkerChannel {
    const forkedAt = performance.now()
    let hasServed = false
    const hooks: WorkerChannelHooks = {
      hello: (hello) => {
        // What was sent before this is lost. A worker that came too late is told once more that it must end.
        if (this.#isLast) hello.send({ kind: 'leave' })
        else this.#hooks.hello(hello)
      },
      ready: (ready) => {
        hasServed = true
        clearTimeout(timer)
        this.#hooks.ready(ready)
        this.#started()
      },
      searches: (asking, question) => this.#hooks.searches(asking, question),
      verdict: (channel, verdict) => this.#hooks.verdict(channel, verdict),
      seen: (findings) => this.#hooks.seen(findings),
      gone: (gone, exit) => {
        clearTimeout(timer)
        this.#hooks.gone(gone, exit)
        this.#vacate(exit, hasServed ? performance.now() - forkedAt : undefined)
      },
    }
    const channel = new WorkerChannel(this.#number, hooks, this.#forkWorker)
    const timer = setTimeout(() => channel.kill(), START_WITHIN_MS)
    return channel
  }

  /** `servedMs` is set only if the worker served. */
  #vacate(exit: Exit, servedMs?: number): void {
    this.#channel = undefined
    if (!this.#isLast) this.#replace(exit, servedMs)
    else if (!this.#isClosed && servedMs !== undefined)
      this.#log.error({ worker: this.#number, ...exit }, 'a worker of the old process died')
    this.#started()
    this.#emptied()
  }

  #replace(exit: Exit, servedMs = 0): void {
    const pauseMs = servedMs > PROVEN_AFTER_MS ? FIRST_PAUSE_MS : this.#pauseMs
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    const fields = { worker: this.#number, ...exit, pauseMs }
    if (servedMs > 0) {
      this.#toldReason = undefined
      this.#log.error(fields, 'a worker died and is replaced')
    } else if (this.#isNews(exit))
      this.#log.error(fields, 'a worker cannot start: the supervisor tries again')
    this.#hooks.vacated(this.#number)
    this.#again = setTimeout(() => this.#fork(), pauseMs)
  }

  #isNews(exit: Exit): boolean {
    const reason = JSON.stringify(exit)
    const now = performance.now()
    if (reason === this.#toldReason && now - this.#toldAt < TELL_EVERY_MS) return false
    this.#toldReason = reason
    this.#toldAt = now
    return true
  }
}
