/**
 * The time between the order to end and the drain. The process accepts clients as before, but says that it is not ready. So load
 * balancers learn that they should send clients elsewhere before the kernel refuses any.
 */
import type { Readiness } from '../../control/answers.js'
import type { Log } from '../../observe/log/log.js'

export class Grace {
  #isRunning = false

  /** What to tell load balancers. Undefined: what else there is to tell. */
  get readiness(): Readiness | undefined {
    return this.#isRunning ? { isReady: false, why: 'about to drain' } : undefined
  }

  /** Resolves when the drain has to begin. */
  async pass(graceMs: number, log: Log): Promise<void> {
    if (graceMs === 0 || this.#isRunning) return
    this.#isRunning = true
    log.info({ graceMs }, `not ready any more: the drain begins in ${graceMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, graceMs))
  }
}
