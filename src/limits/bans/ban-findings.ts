/**
 * What a worker sees of bans and refusals, for the process that decides about bans. It is told in parts: a few times a second,
 * or as soon as a part is full. So an attack does not fill the channel between the processes.
 */
import type { BanWitness } from './ban-keeper.js'
import { exactText, type Network } from './network.js'

/** What happened to clients of one network. */
export interface BanFinding {
  readonly scope: string
  /** With its prefix. */
  readonly network: string
  readonly refusals: number
  readonly turnedAway: number
}

const TELL_EVERY_MS = 100
const MOST_IN_PART = 1000

export class BanFindings implements BanWitness {
  readonly #tell: (findings: readonly BanFinding[]) => void
  readonly #found = new Map<string, { -readonly [Name in keyof BanFinding]: BanFinding[Name] }>()
  #timer: NodeJS.Timeout | undefined

  constructor(tell: (findings: readonly BanFinding[]) => void) {
    this.#tell = tell
  }

  refused(scope: string, source: Network, times: number): void {
    this.#of(scope, source).refusals += times
    this.#tellSoon()
  }

  turnedAway(scope: string, network: Network, times: number): void {
    this.#of(scope, network).turnedAway += times
    this.#tellSoon()
  }

  /** Tells what was not told yet. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#found.size === 0) return
    const findings = [...this.#found.values()]
    this.#found.clear()
    this.#tell(findings)
  }

  #of(scope: string, of: Network): { refusals: number; turnedAway: number } {
    const network = exactText(of)
    const key = `${network} ${scope}`
    const finding = this.#found.get(key) ?? { scope, network, refusals: 0, turnedAway: 0 }
    this.#found.set(key, finding)
    return finding
  }

  #tellSoon(): void {
    if (this.#found.size >= MOST_IN_PART) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), TELL_EVERY_MS).unref()
  }
}
