/**
 * The signals of this process, caught from its first line on. They are kept until somebody heeds them, so that none
 * kills a process while it loads. It imports nothing, because imports take time.
 */

/** SIGTERM and SIGINT stop, SIGHUP reloads, SIGUSR2 opens the logs anew. */
const CAUGHT = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const
export type CaughtSignal = (typeof CAUGHT)[number]

export class Signals {
  readonly #kept: CaughtSignal[] = []
  #act: (signal: CaughtSignal) => void = (signal) => this.#kept.push(signal)
  readonly #came = (signal: NodeJS.Signals): void => this.#act(signal as CaughtSignal)

  constructor() {
    // Node opens its inspector on SIGUSR1 unless somebody listens: not on a front door.
    process.on('SIGUSR1', () => {})
    for (const signal of CAUGHT) process.on(signal, this.#came)
  }

  /** From now on `act` is called with each signal, and at once with those that came before. */
  heed(act: (signal: CaughtSignal) => void): void {
    this.#act = act
    for (const signal of this.#kept.splice(0)) act(signal)
  }

  /** Signals do again what the system does with them; those that came before do it when this resolves. */
  async release(): Promise<void> {
    // One that came while the event loop was busy is told in its next turn; by then this one has ended.
    for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve))
    for (const signal of CAUGHT) process.off(signal, this.#came)
    for (const signal of this.#kept.splice(0)) process.kill(process.pid, signal)
  }
}
