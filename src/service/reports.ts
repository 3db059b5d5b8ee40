/**
 * What the service manager learns about this process while it lives: that it serves, reloads, stops and is well. sd_notify(3)
 * defines the names.
 */
import { serviceCalls } from '../io/choose-engine.js'
import type { Log } from '../observe/log/log.js'
import type { ServiceEnvironment } from './environment.js'
import { type Notice, Notifier } from './notify.js'

/** What serves, as it is reported. */
export interface Served {
  /** Whether everything that serves answers. It may take a while to find out. */
  answers(): Promise<boolean>
  /** In one line of words. */
  describe(): Promise<string>
}

export interface ReportsOptions {
  readonly notify: (notice: Notice) => void
  /** Whether somebody wants notices. */
  readonly isHeard: boolean
  readonly watchdogMs: ServiceEnvironment['watchdogMs']
}

/** ms between two lines for people, such as `systemctl status` shows them. */
const DESCRIBE_EVERY_MS = 10_000
/** The service manager waits longer by this with each notice of a process that stops. Repeated often enough to be in time. */
const EXTEND_MS = 30_000
const EXTEND_EVERY_MS = 5000
const MICROS_PER_MS = 1000
/** sd_watchdog_enabled(3) recommends half of the time. */
const WATCHDOG_PARTS = 2
/** ms. After a worker has not answered, so that the watchdog waits no longer than the worker makes it. */
const FEED_AGAIN_MS = 1000

/** Reports to the service manager that has started this process. If there is none, nobody gets the reports. */
export function openReports({ notifySocket, watchdogMs }: ServiceEnvironment, log: Log): ServiceReports {
  const notifier = new Notifier({
    socket: notifySocket,
    calls: notifySocket === undefined ? undefined : serviceCalls(),
    failed: (reason) => log.warn({ reason }, 'the service manager gets no notices'),
  })
  const { isHeard } = notifier
  return new ServiceReports({ notify: (notice) => notifier.notify(notice), isHeard, watchdogMs })
}

export class ServiceReports {
  /** Sends any other notice. */
  readonly notify: ReportsOptions['notify']
  readonly #options: ReportsOptions
  readonly #timers: NodeJS.Timeout[] = []
  #served: Served | undefined
  /** The last line that was sent. */
  #told: string | undefined
  #isStopping = false
  #isAsking = false
  #again: NodeJS.Timeout | undefined

  constructor(options: ReportsOptions) {
    this.#options = options
    this.notify = options.notify
  }

  /** Everything listens and serves. */
  ready(served: Served): void {
    const { isHeard, watchdogMs } = this.#options
    if (!isHeard || this.#isStopping) return
    this.#served = served
    this.notify({ READY: 1 })
    this.#describe()
    this.#repeat(DESCRIBE_EVERY_MS, () => this.#describe())
    if (watchdogMs !== undefined) this.#repeat(watchdogMs / WATCHDOG_PARTS, () => void this.#feedWatchdog())
  }

  /** The config is read again. `ended` settles when the new one or the old one holds. */
  reloading(ended: Promise<unknown>): void {
    if (this.#isStopping) return
    this.notify({ RELOADING: 1, MONOTONIC_USEC: String(process.hrtime.bigint() / BigInt(MICROS_PER_MS)) })
    const finish = (): void => {
      if (!this.#isStopping) this.notify({ READY: 1 })
    }
    void ended.then(finish, finish)
  }

  /** The process ends when its last connection has ended. The drain has its own deadline, so nobody else need set one. */
  stopping(): void {
    if (this.#isStopping || !this.#options.isHeard) return
    this.#isStopping = true
    this.notify({ STOPPING: 1 })
    this.#extend()
    this.#repeat(EXTEND_EVERY_MS, () => this.#extend())
  }

  /** Another process serves from now on. The service manager listens to that one, and this one says nothing any more. */
  replaced(pid: number): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.stop()
    this.notify({ MAINPID: pid })
  }

  stop(): void {
    clearTimeout(this.#again)
    for (const timer of this.#timers) clearInterval(timer)
  }

  #extend(): void {
    this.notify({ EXTEND_TIMEOUT_USEC: EXTEND_MS * MICROS_PER_MS })
    this.#describe()
  }

  #repeat(everyMs: number, act: () => void): void {
    this.#timers.push(setInterval(act, everyMs).unref())
  }

  #describe(): void {
    this.#served?.describe().then(
      (line) => {
        if (line !== this.#told) this.notify({ STATUS: line })
        this.#told = line
      },
      () => {}, // The next line follows soon.
    )
  }

  /** A worker that is being replaced does not serve, and need not answer. */
  async #feedWatchdog(): Promise<void> {
    if (this.#isAsking) return
    clearTimeout(this.#again)
    this.#isAsking = true
    const isWell = await this.#served?.answers().catch(() => false)
    this.#isAsking = false
    if (isWell) this.notify({ WATCHDOG: 1 })
    else this.#again = setTimeout(() => void this.#feedWatchdog(), FEED_AGAIN_MS).unref()
  }
}
