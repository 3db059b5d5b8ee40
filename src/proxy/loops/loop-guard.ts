/**
 * Connects for clusters, and does not connect to a listener of this proxy that the connection has passed before: it would go round
 * without end. A connection may pass several listeners, each once. Other connects go to the engine as they are.
 */
import type { Address } from '../../address.js'
import { LOOP } from '../../cluster/dial.js'
import type { Arrival } from '../../cluster/dialer.js'
import type { Connector } from '../../cluster/own-sockets.js'
import { USUAL_SOURCES } from '../../config/constants.js'
import type { Config } from '../../config/schema.js'
import { workerCount } from '../../config/worker-count.js'
import type { Dial, DialOutcome } from '../../io/engine.js'
import type { DialSetup } from '../../io/socket-options.js'
import type { Counts } from '../../limits/counts/counts.js'
import { announceLoops } from '../../observe/log/announcements.js'
import type { Log } from '../../observe/log/log.js'
import { OwnListeners } from './own-listeners.js'
import { type Passage, Passages, type TableOfWorkers } from './passages.js'

type Done = (outcome: DialOutcome) => void

export interface LoopGuardOptions {
  readonly connector: Connector
  readonly listeners: OwnListeners
  /** Undefined: there is only this process, or workers have no table together. */
  readonly shared: TableOfWorkers | undefined
  /** A connect is refused. `passed`: the listeners that the connection has passed, its own last. */
  refused(passed: readonly string[], listener: string, to: Address): void
}

export class LoopGuard implements Connector {
  readonly listeners: OwnListeners
  readonly #options: LoopGuardOptions
  readonly #passages: Passages

  constructor(options: LoopGuardOptions) {
    this.#options = options
    this.listeners = options.listeners
    this.#passages = new Passages(options.shared, () => this.listeners.names())
  }

  dial(to: Address, connectMs: number, done: Done, setup?: DialSetup, arrival?: Arrival): Dial {
    const { connector, refused } = this.#options
    const listener = arrival && this.listeners.at(to)
    if (listener === undefined) return connector.dial(to, connectMs, done, setup)
    const passed = this.#passages.passedBy(arrival!)
    if (!passed.includes(listener))
      return this.#pass(to, connectMs, done, setup, { arrival: arrival!, listener, passed })
    refused(passed, listener, to)
    return refusal(done)
  }

  /** This connection is over. */
  ended(arrival: Arrival): void {
    this.#passages.ended(arrival)
  }

  #pass(
    to: Address,
    connectMs: number,
    done: Done,
    setup: DialSetup | undefined,
    { arrival, listener, passed }: { arrival: Arrival; listener: string; passed: readonly string[] },
  ): Dial {
    let passage: Passage | undefined
    const over = (): void => {
      if (passage !== undefined) this.#passages.close(passage)
      passage = undefined
    }
    const began = (from: Address): void => {
      if (from.kind === 'tcp') passage = this.#passages.open(arrival, from, listener, passed)
    }
    const settled = (outcome: DialOutcome): void => {
      if (outcome.socket === undefined) over()
      // From now on it lasts as long as the connection.
      passage = undefined
      done(outcome)
    }
    const dial = this.#options.connector.dial(to, connectMs, settled, { options: {}, ...setup, began })
    const cancel = (): void => {
      over()
      dial.cancel()
    }
    return { cancel }
  }
}

/** That of a proxy. */
export function createLoopGuard(
  { engine, log }: { engine: Connector; log: Log },
  config: Config,
  counts: Counts | undefined,
): LoopGuard {
  const listeners = new OwnListeners(() => performance.now())
  return new LoopGuard({
    connector: engine,
    listeners,
    shared: sharedBy(config, counts),
    refused: announceLoops(log),
  })
}

/** A process without workers has a table, too, and after an upgrade one with room for its predecessor. */
function sharedBy(config: Config, counts: Counts | undefined): TableOfWorkers | undefined {
  if (workerCount(config) === 1 || counts?.isShared !== true) return undefined
  return { counts, sources: config.limits?.sources ?? USUAL_SOURCES }
}

/** Not at once, because `dial` has to return first. */
function refusal(done: Done): Dial {
  let isCancelled = false
  queueMicrotask(() => {
    if (!isCancelled) done({ socket: undefined, errno: LOOP })
  })
  return { cancel: () => (isCancelled = true) }
}
