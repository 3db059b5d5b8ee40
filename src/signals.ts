/**
 * Catches the signals of this process from its first line on. It keeps them until somebody handles them, so
 * that no signal kills a process while it loads. It imports nothing, because imports take time.
 */

/** SIGTERM and SIGINT stop, SIGHUP reloads, SIGUSR2 opens the log files again. */
const CAUGHT = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const
export type CaughtSignal = (typeof CAUGHT)[number]

export class Signals {
  readonly #kept: CaughtSignal[] = []
  #act: (signal: CaughtSignal) => void = (signal) => this.#kept.push(signal)
  readonly #came = (signal: NodeJS.Signals): void => this.#act(signal as CaughtSignal)

  constructor() {
    // Node opens its inspector on SIGUSR1 unless there is a handler. A proxy must never open it.
    process.on('SIGUSR1', () => {})
    for (const signal of CAUGHT) process.on(signal, this.#came)
  }

  /** From now on every signal calls `act`. Each signal that came before calls it at once. */
  heed(act: (signal: CaughtSignal) => void): void {
    this.#act = act
    for (const signal of this.#kept.splice(0)) act(signal)
  }

  /** Gives the signals back to the system. When this resolves, those that came before have taken effect. */
  async release(): Promise<void> {
    // Node reports a signal that came while the event loop was busy one turn later: wait two turns.
    for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve))
    for (const signal of CAUGHT) process.off(signal, this.#came)
    for (const signal of this.#kept.splice(0)) process.kill(process.pid, signal)
  }
}
